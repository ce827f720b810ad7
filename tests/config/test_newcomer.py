"""What is wrong with a new router is said beside its field; what it becomes reads back as it was typed."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.config.draft import Draft
from mktui.config.edit import edited
from mktui.config.load import check_text
from mktui.config.newcomer import Keep, Newcomer, errors_of, suggested_name, suggested_where
from mktui.config.starter import login_commands

RAW = {"routers": [{"name": "edge-1", "host": "10.0.0.1"}, {"name": "west", "host": "10.0.0.2", "tls": "verify"}]}
RIGHT = Newcomer("edge-9", "10.0.0.9", password="hunter2", where="/run/pw")


@pytest.mark.parametrize(
    ("changed", "beside"),
    [
        ({"name": ""}, "name"),
        ({"name": "edge-1"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"host": " "}, "host"),
        ({"host": "10.0.0.1"}, "host"),
        ({"host": "10.0.0.2", "port": "8729"}, "host"),
        ({"port": "x"}, "port"),
        ({"port": "0"}, "port"),
        ({"port": "65536"}, "port"),
        ({"username": ""}, "username"),
        ({"tls": "pin", "fingerprint": "12"}, "fingerprint"),
        ({"where": ""}, "where"),
        ({"where": "relative"}, "where"),
        ({"keep": Keep.ENV, "where": "A-B"}, "where"),
        ({"keep": Keep.COMMAND, "where": "pass 'edge"}, "where"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_beside_its_field(changed: dict[str, str], beside: str) -> None:
    assert errors_of(RIGHT, RAW) == {}
    assert list(errors_of(replace(RIGHT, **changed), RAW)) == [beside]  # type: ignore[arg-type]  # fields of many types


def test_the_same_address_on_another_port_is_another_router() -> None:
    assert errors_of(replace(RIGHT, host="10.0.0.1", port="9000"), RAW) == {}


NAMES = st.text(st.characters(categories=("L", "N", "P", "S", "M")), min_size=1, max_size=64)


@given(name=NAMES, password=st.text(st.characters(codec="utf-8"), max_size=40), keep=st.sampled_from(Keep))
def test_whatever_is_typed_is_what_the_file_says(name: str, password: str, keep: Keep) -> None:
    where = suggested_where(name, keep, Path("/etc/mktui")) or "pass show edge"
    newcomer = Newcomer(name, "10.0.0.9", "8730", "mktui", password, "anonymous", keep=keep, where=where)
    assert errors_of(newcomer, {}) == {}
    draft = Draft({})
    draft.change(*newcomer.edits())
    text = edited("# mine\n", draft.edits)
    assert text.startswith("# mine\n")
    assert tomllib.loads(text) == draft.raw
    (router,) = check_text(text, Path("config.toml")).config.routers
    assert router == newcomer.config()
    assert router.password.is_plain == (keep is Keep.PLAIN and password != "")


@given(host=st.text(max_size=300), taken=st.sets(st.sampled_from(["router", "router-2", "a"])))
def test_a_suggested_name_is_free(host: str, taken: set[str]) -> None:
    assert suggested_name(host, taken) not in taken


def test_a_user_gets_what_it_needs_and_its_service_is_switched_on() -> None:
    assert login_commands("mktui", tls="off") == [
        "/user group add name=mktui policy=api,read,write,sensitive,test",
        "/user add name=mktui group=mktui password=CHANGE-ME",
        "/ip service enable api",
    ]
    assert login_commands("mktui", tls="pin")[2].endswith("api-ssl")
