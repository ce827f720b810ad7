"""A command in words says which row it is about, and no secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.core.protocol import schema
from mktui.core.protocol.sentences import Command
from mktui.services.command_words import SECRET, find_in_words, in_words

MENUS = [menu for path in schema.menus() if (menu := schema.menu(path)) is not None]
NAMES = st.one_of(
    st.sampled_from(sorted({name for menu in MENUS for name in menu.readable})),
    st.from_regex("[a-z][a-z-]{1,15}", fullmatch=True),
)
SECRETS = st.text(st.characters(min_codepoint=33, exclude_categories=["Cs"]), min_size=6, max_size=20).map(
    "hush".__add__
)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (Command("/ppp/secret/set", {"numbers": "ali", "disabled": "yes"}), "/ppp/secret/set numbers=ali disabled=yes"),
        (Command("/ppp/secret/remove", {".id": "*3,*4"}), "/ppp/secret/remove .id=*3,*4"),
        (Command("/ppp/secret/add", {"name": "a b", "password": "x", "service": "pppoe", "comment": "1234"}),
         '/ppp/secret/add name="a b" password=… service=pppoe comment=…'),
        (Command("/ppp/secret/set", {"numbers": "ali", "profile": ""}), "/ppp/secret/set numbers=ali profile="),
        (Command("/ip/hotspot/user/add", {"name": "x\x1b[2J"}), "/ip/hotspot/user/add name=x·[2J"),
        (Command("/ppp/secret/remove", {".id": "*1," * 40}), f"/ppp/secret/remove .id={'*1,' * 20}…"),
        (Command("/system/reboot"), "/system/reboot"),
    ],
    ids=str,
)  # fmt: skip
def test_a_command_says_which_row_is_meant_and_what_customers_get(command: Command, words: str) -> None:
    assert in_words(command) == words


def test_what_is_to_be_found_is_told_alike() -> None:
    command = Command("/ppp/secret/set", {"profile": "new"})
    assert (
        in_words(command, ("?profile=old", "?comment=1234"))
        == "/ppp/secret/set profile=new [find profile=old comment=…]"
    )
    assert find_in_words("/ppp/secret", ()) == ""


@given(name=NAMES, value=SECRETS)
def test_no_value_is_told_of_an_attribute_that_may_hold_a_secret(name: str, value: str) -> None:
    told = in_words(Command("/ppp/secret/set", {name: value}), (f"?{name}={value}",))
    if SECRET.search(name) or name in {"comment", "source", "on-event", "on-login", "script", "value", "contents"}:
        assert value not in told
    assert all(letter.isprintable() for letter in told)


@pytest.mark.parametrize(
    "name", ["password", "wpa2-pre-shared-key", "ipsec-secret", "private-key", "passphrase", "sim-pin"]
)
def test_even_a_word_of_a_closed_list_is_not_told_as_a_secret(name: str) -> None:
    assert in_words(Command("/ppp/secret/set", {name: "yes"})) == f"/ppp/secret/set {name}=…"
