"""Names of routers and customers with escape sequences, control and bidi marks in them: no terminal hears them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import pytest

import mktui.cli
from mktui.billing.model import Profile, Subscriber
from mktui.cli.output import Styled, cell, joined, styled, table
from mktui.letters import cut, width
from tests.headless.shops import open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.headless.programs import Ended
    from tests.headless.shops import Shop

EVIL: Final = "x\x1b[2J\x1b]0;t\x07\x9b1A\u202ey\u2066\r\nz\x00"
"""Clears a screen, names a window, moves up, turns the direction, begins a line."""
ROUTER: Final = "r\u202eo"
"""A control letter in it would be refused where the configuration is read."""
COMMANDS: Final = (
    ("test",), ("status",), ("status", "--watch", "1*1"), ("doctor",), ("errors",), ("errors", "audit"), ("review",),
    ("run", ROUTER, "/ppp/secret/print"), ("run", ROUTER, "/system/identity/print"), ("run", "no\x1b[2Jne", "/a/print"),
    ("run", ROUTER, "/no/such\x1b[2J/print"), ("who", "x\x1b[2J"), ("who", "ana\u202e\u2066"),
    ("sync", "status"), ("sync", "plan"),
    ("sync", "apply", "--yes"), ("sync", "report"), ("sync", "adopt", ROUTER), ("sync", "pause", ROUTER),
    ("sync", "resume", ROUTER), ("billing", "list"), ("billing", "list", "profiles"), ("config", "check"),
    ("config", "show"), ("alerts", "list"), ("reset", ROUTER), ("breaker", ROUTER, "isolate"), ("-v", "sync", "plan"),
    ("batch", "-"), ("batch", "-", "--dry-run"), ("themes", "list"), ("nonsense\x1b[2J",),
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("evil")) as opened:
        text = opened.config.read_text(encoding="utf-8")
        opened.config.write_text(text.replace("'edge-1'", json.dumps(ROUTER)), encoding="utf-8")
        for words in (("/ppp/profile/add", f"name={EVIL}"), ("/system/identity/set", f"name={EVIL}"),
                      ("/ppp/secret/add", f"name={EVIL}", f"comment={EVIL}", "password=pw")):  # fmt: skip
            assert opened.run("run", ROUTER, *words).code == 0
        profile = Profile(external_id="p1", name="plan\u202e\u2066", rate_down_bps=1_000_000, rate_up_bps=1_000_000)
        mine = Subscriber(external_id="c1", username="ana\u202e\u2066", password="pw", profile=profile.name)
        opened.save([mine], [profile])
        yield opened


def heard(ended: Ended) -> set[str]:
    """Return what a terminal would be told that is no letter."""
    return {letter for letter in ended.out + ended.err if not letter.isprintable() and letter != "\n"}


@pytest.mark.realtime
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words).encode("ascii", "replace").decode())
def test_no_command_passes_on_what_moves_a_cursor(shop: Shop, words: tuple[str, ...]) -> None:
    lines = (f"'{ROUTER}' /ppp/secret/print", f"'{ROUTER}' /ppp/secret/set numbers=zoe\x1b[2J comment=x")
    ended = shop.run(*words, typed="\n".join(lines))
    assert (ended.out or ended.err).endswith("\n"), "a line of ours ends, all the same"
    assert not heard(ended)
    assert ended.code != 70, ended.err


def test_all_that_is_printed_goes_through_one_place() -> None:
    home = Path(mktui.cli.__file__).parent
    loud = [file for file in home.rglob("*.py") if "click.echo(" in file.read_text(encoding="utf-8")]
    assert [file.name for file in loud] == ["output.py"]


def test_our_own_colours_stay_and_others_are_made_visible() -> None:
    mine = styled("up", fg="green")
    assert str(joined((mine, "a\x1b[31mb"))) == f"{mine}  a·[31mb"
    assert isinstance(mine + "\x1b[0m", Styled)
    assert click.unstyle(mine + "\x1b[0m") == "up·[0m"


def test_columns_stand_under_one_another_whatever_letters_are_in_them() -> None:
    lines = table(("NAME", "TEXT"), [("ana", "1"), ("鮮花", "2"), ("e\u0301va", "3"), ("a\u202eb", "4")])
    assert [width(line) for line in lines] == [10, 7, 7, 7, 7]
    assert [width(line[:-1]) for line in lines[1:]] == [6] * 4


def test_a_wide_text_is_cut_by_its_cells() -> None:
    assert cut("鮮花鮮花", 5) == "鮮花…"
    assert cut("鮮花鮮花", 8) == "鮮花鮮花"
    assert width(cell("鮮" * 50)) <= 40
