"""``mktui errors`` and ``mktui errors audit``: what a sync left behind, as a script reads it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from mktui import clock
from mktui.billing.model import Profile
from mktui.monitor.audit import Actor
from mktui.monitor.history import History
from mktui.monitor.options import MonitorOptions, default_file
from mktui.monitor.records import SeenError
from tests.headless.programs import mktui_here
from tests.headless.shops import PLANS, customers, open_shop

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.realtime


def test_nothing_kept_is_nothing_told() -> None:
    ended = mktui_here("errors")
    assert (ended.code, ended.out) == (0, "")
    assert "nothing went wrong" in ended.complaint
    ended = mktui_here("errors", "--json")
    assert ended.document["errors"] == []
    assert mktui_here("errors", "audit", "--json").document["changes"] == []


def test_what_a_router_refused_in_a_sync_is_found_in_its_own_words(tmp_path: Path) -> None:
    with open_shop(tmp_path, count=2) as shop:
        broken = Profile(external_id="p2", name="plan-x", rate_down_bps=10**6, rate_up_bps=10**6, pool="no-such-pool")
        shop.save(customers(2), [*PLANS, broken])
        assert shop.run("sync", "apply", "--yes").code == 5
    document = mktui_here("errors", "--json").document
    (row,) = document["errors"]
    assert (row["router"], row["class"], row["command"]) == ("edge-1", "CommandTrapped", "/ppp/profile/add")
    assert "no-such-pool" not in row["text"]
    assert row["repeats"] == 1
    assert document["totals"]["by_class"] == {"CommandTrapped": 1}
    assert document["totals"]["by_command"] == {"/ppp/profile/add": 1}
    assert sum(document["totals"]["per_hour"]) == 1

    (line,) = mktui_here("errors", "--format", "ndjson").out.splitlines()
    told = json.loads(line)
    assert told.pop("ts") > row["at"]
    assert told == {"schema": "mktui.error/1", "seq": 1, **row}
    assert mktui_here("errors", "--class", "CommandTimeout", "--json").document["errors"] == []
    assert mktui_here("errors", "--router", "edge-2", "--json").document["totals"]["by_class"] == {}
    header, shown = mktui_here("errors").out.splitlines()
    assert header.split()[:4] == ["TIME", "ROUTER", "CLASS", "COMMAND"]
    assert "CommandTrapped" in shown

    (change,) = mktui_here("errors", "audit", "--json").document["changes"]
    assert (change["router"], change["what"]) == ("edge-1", "sync (by hand)")
    assert "3 applied" in change["outcome"]
    assert "1 failed" in change["outcome"]
    assert change["who"]
    assert change["from"]
    kept = default_file().read_bytes()
    assert b"hush" not in kept, "no password is kept"


def test_a_file_that_cannot_be_used_stops_no_sync_and_is_said_once(tmp_path: Path) -> None:
    default_file().parent.mkdir(parents=True)
    with closing(sqlite3.connect(default_file())) as connection:
        connection.execute("PRAGMA user_version = 99")
    with open_shop(tmp_path, count=2) as shop:
        ended = shop.run("sync", "apply", "--yes")
        assert ended.code == 0
        assert ended.complaint == f"mktui: no history is kept: {default_file()}: it was made by a newer mktui"
        assert len(shop.rows()) == 2
    ended = mktui_here("errors")
    assert (ended.code, ended.out) == (3, "")
    assert "newer mktui" in ended.complaint


@pytest.mark.parametrize("since", ["", "7", "h", "7w", "-1d", "99999d"])
def test_a_span_that_is_none_is_refused(since: str) -> None:
    ended = mktui_here("errors", "--since", since)
    assert (ended.code, ended.out) == (2, "")
    assert "30m, 24h or 7d" in ended.err


def noted(path: Path, text: str) -> None:
    """Keep one error in a file."""
    history = History(path, MonitorOptions())
    history.note(SeenError(clock.utc_now(), "edge-1", "Silent", "", text))
    history.note(Actor("ana", "tty1").did("isolate", "edge-1", text, clock.utc_now()))
    history.close()


def test_the_file_that_the_configuration_names_is_read_even_when_nothing_is_kept_any_more(tmp_path: Path) -> None:
    kept, config = tmp_path / "night.db", tmp_path / "mktui.toml"
    noted(kept, "no answer")
    config.write_text(f'[monitor]\nhistory = false\nfile = "{kept}"\n')
    (row,) = mktui_here("--config", str(config), "errors", "--json").document["errors"]
    assert row["text"] == "no answer"
    (change,) = mktui_here("--config", str(config), "errors", "audit", "--json").document["changes"]
    assert change["what"] == "isolate"
    assert mktui_here("errors", "--json").document["errors"] == [], "without it: the usual file"


def test_a_file_from_somewhere_else_is_read_whatever_the_configuration_says(tmp_path: Path) -> None:
    there, broken = tmp_path / "there.db", tmp_path / "mktui.toml"
    noted(there, "from another machine")
    broken.write_text("[monitor]\nhistory = maybe\n")
    for options in (("errors", "--state", str(there)), ("--config", str(broken), "errors", "--state", str(there))):
        (row,) = mktui_here(*options, "--json").document["errors"]
        assert row["text"] == "from another machine"
    for options in (("audit", "--state", str(there)), ("--state", str(there), "audit")):
        (change,) = mktui_here("errors", *options, "--json").document["changes"]
        assert change["outcome"] == "from another machine"


def test_a_file_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    ended = mktui_here("errors", "--state", str(tmp_path / "typo.db"))
    assert ended.code == 2
    assert "typo.db" in ended.err
    assert not (tmp_path / "typo.db").exists()


def test_a_broken_configuration_says_how_errors_are_read_without_it(tmp_path: Path) -> None:
    broken = tmp_path / "mktui.toml"
    broken.write_text('[monitor]\nfile = "monitor.db"\n')
    ended = mktui_here("--config", str(broken), "errors")
    assert (ended.code, ended.out) == (2, "")
    assert "must begin with / or ~" in ended.complaint
    assert "--state FILE needs no configuration" in ended.complaint
