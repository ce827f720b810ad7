"""What a save has changed is told in a line: from what to what, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.config.changes import saving_in_words
from mktui.config.load import parse

ROUTER = """
[[routers]]
name = "edge-1"
host = "10.0.0.1"
username = "billing"
password = "hush-now-1"
"""
OTHER = ROUTER.replace("edge-1", "edge-2").replace("10.0.0.1", "10.0.0.2")
TOKEN = """
[[http.tokens]]
name = "grafana"
token = "hush-token-0123456789"
role = "viewer"
"""


def told(before: str, after: str) -> str:
    """Return what is told of a save, without what it is called."""
    words = saving_in_words(parse(before, Path("c.toml")), parse(after, Path("c.toml")))
    return words.removeprefix("save configuration: ")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (ROUTER, f"{ROUTER}[pool]\nmax_size = 8\n", "pool.max_size 5 (default) → 8"),
        (ROUTER, ROUTER.replace("10.0.0.1", "10.0.0.9"), "routers.edge-1.host 10.0.0.1 → 10.0.0.9"),
        (ROUTER, ROUTER + OTHER, "router edge-2 added"),
        (ROUTER + OTHER, ROUTER, "router edge-2 taken out"),
        (ROUTER, f"# to remember\n{ROUTER}", "its words"),
        (ROUTER, ROUTER.replace("hush-now-1", "hush-now-2"), "routers.edge-1.password •••••• → •••••• (another)"),
    ],
)
def test_it_says_from_what_to_what(before: str, after: str, words: str) -> None:
    assert told(before, after) == words


def test_of_many_settings_the_first_are_told_and_how_many_more_there_are() -> None:
    names = [f"{ROUTER.replace('edge-1', f'r{number}')}" for number in range(30)]
    after = "".join(each.replace("10.0.0.1", "10.0.0.2") for each in names)
    assert told("".join(names), after).count("→") == 20
    assert told("".join(names), after).endswith(", and 10 more")


SECRETS = st.from_regex("hush-[a-z0-9]{8,12}", fullmatch=True)


@given(old=SECRETS, new=SECRETS)
def test_no_secret_is_told(old: str, new: str) -> None:
    before = ROUTER.replace("hush-now-1", old) + TOKEN.replace("hush-token-0123456789", f"{old}0123456789012345")
    after = ROUTER.replace("hush-now-1", new) + TOKEN.replace("hush-token-0123456789", f"{new}0123456789012345") + OTHER
    assert "hush" not in told(before, after)
