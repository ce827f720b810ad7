"""A name is one line without blanks around it, an address has no blank: in the file, the form and the command."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from mktui.config.draft import Edit, applied
from mktui.config.load import problems_of
from mktui.config.newcomer import Newcomer, errors_of
from tests.headless.programs import mktui_here

if TYPE_CHECKING:
    from pathlib import Path

TEXT: Final = """
[[routers]]
name = "edge-1"
host = "10.0.0.1"

[[billing.sources]]
name = "radius"
kind = "freeradius"
url = "sqlite:///radius.db"

[[http.tokens]]
name = "grafana"
token = { env = "TOKEN" }

[[alerts.webhooks]]
name = "noc"
url = "https://noc.example/"

[[alerts.hooks]]
name = "sms"
command = ["true"]
"""
NAMES: Final = {
    "routers": "edge-1", "billing.sources": "radius", "http.tokens": "grafana", "alerts.webhooks": "noc",
    "alerts.hooks": "sms",
}  # fmt: skip
BAD_NAMES: Final = ("a\nb", "a\x1b[2J", "a\x85b", "a\u2028b", " a", "a ")
BAD_HOSTS: Final = (" 10.0.0.1", "10.0.0.1 ", "10.0. 0.1", "10.0.0.1\n", "10.0.0.1\xa0", "10.0.0.1\u200b")


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
@pytest.mark.parametrize("place", NAMES)
def test_a_name_that_two_people_would_read_differently_is_refused_wherever_there_are_names(
    place: str, name: str
) -> None:
    raw = tomllib.loads(TEXT.replace(f'"{NAMES[place]}"', json.dumps(name)))
    (problem,) = problems_of(raw)
    assert problem.key == f"{place}.{name}.name"
    assert "\n" not in str(problem)
    assert str(problem).isprintable()
    assert "cannot stand in it" in problem.problem or "leave it out" in problem.problem


@pytest.mark.parametrize("host", BAD_HOSTS, ids=ascii)
@pytest.mark.parametrize("key", [("routers", "edge-1", "host"), ("http", "host")], ids=".".join)
def test_an_address_with_a_blank_or_an_unseen_letter_is_refused_not_mended(key: tuple[str, ...], host: str) -> None:
    problem, *_ = problems_of(applied(tomllib.loads(TEXT), [Edit(key, host)]))
    assert problem.key == ".".join(key)
    assert "leave it out" in str(problem)
    assert str(problem).isprintable()


@pytest.mark.parametrize("name", ["برج ۳", "Tower 3", "m\u200cn", "café"])
def test_names_of_every_tongue_are_names(name: str) -> None:
    assert problems_of({"routers": [{"name": name, "host": "10.0.0.1"}]}) == ()


def test_a_user_is_one_line() -> None:
    (problem,) = problems_of({"routers": [{"name": "a", "host": "h", "username": "ad\rmin"}]})
    assert problem.key == "routers.a.username"


def test_the_form_for_a_new_router_refuses_the_same_and_strips_nothing() -> None:
    right = Newcomer("edge-9", "10.0.0.9", where="/run/pw")
    assert "leave it out" in errors_of(replace(right, host=" 10.0.0.9"), {})["host"]
    assert "leave it out" in errors_of(replace(right, name="edge-9 "), {})["name"]
    assert "cannot stand in it" in errors_of(replace(right, username="ad\tmin"), {})["username"]


def test_commands_refuse_them_in_one_line_and_the_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(TEXT, encoding="utf-8")
    refused = mktui_here("--config", file, "config", "set", "--yes", "routers.edge-1.host", " 10.0.0.1 ")
    assert refused.code == 2
    assert "routers.edge-1.host: ' 10.0.0.1 ' has a blank" in refused.complaint
    assert len(refused.complaint.splitlines()) == 1
    assert file.read_text(encoding="utf-8") == TEXT
    for options in (("--name", "a\nb"), ("--name", " a"), ("--host", " 10.0.0.1")):
        given = ("--host", "10.0.0.1", *options)
        ended = mktui_here("init", "--path", tmp_path / "new.toml", *given)
        assert ended.code == 2
        assert len(ended.complaint.splitlines()) == 1
        assert ended.complaint.strip().isprintable()
    assert [each.name for each in tmp_path.iterdir()] == ["config.toml"]
