"""``mktui review``, and what ``status`` and ``doctor`` know from the control room that runs: as a shell sees them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from mktui.monitor import bulletin
from mktui.monitor.history import History
from mktui.monitor.options import MonitorOptions, default_file
from mktui.monitor.snapshot import Bulletin, Forecast, JobOutcome, JobState, RouterBulletin
from tests.headless.programs import mktui_here, simulated, write_config
from tests.monitor.test_review import WELL

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.realtime
NOW: Final = datetime.now(UTC)
QUICK: Final = ("--for", "0")


def keep(count: int, **changes: object) -> None:
    """Put hours of edge-1 into the history of this machine."""
    history = History(default_file(), MonitorOptions())
    for number in range(count):
        history.note(replace(WELL, hour=NOW - timedelta(hours=number), **changes))  # type: ignore[arg-type]  # its fields
    history.close()


def test_what_the_figures_want_changed_is_told_as_text_as_json_and_as_markdown(tmp_path: Path) -> None:
    config = write_config(tmp_path / "c.toml", 1)
    keep(100, p95=0.8, memory_peak=91.0)
    ended = mktui_here("--config", config, "review")
    assert (ended.code, ended.err) == (1, "")
    assert "edge-1  100 hours seen" in ended.out
    assert "slow_response  0.5 → 1.2" in ended.out
    assert "near its limit: up to 91 % of its memory are in use" in ended.out
    (router,) = mktui_here("--config", config, "review", "--json").document["routers"]
    (advice,) = router["advices"]
    assert (advice["setting"], advice["now"], advice["proposed"]) == ("slow_response", 0.5, 1.2)
    assert "in 100 of 100 hours" in advice["evidence"][0]
    told = mktui_here("--config", config, "review", "--markdown").out
    assert told.startswith("# Review of the last 30 days\n")
    assert "| `slow_response` | 0.5 | 1.2 |" in told


def test_too_little_history_is_said_with_how_much_is_needed(tmp_path: Path) -> None:
    config = write_config(tmp_path / "c.toml", 1)
    ended = mktui_here("--config", config, "review")
    assert ended.code == 5
    assert "too little history: 0 hours seen, 48 are needed" in ended.out
    keep(100)
    assert mktui_here("--config", config, "review").code == 0
    assert mktui_here("--config", config, "review", "--since", "24h").code == 5


def test_two_forms_at_once_and_an_unknown_router_are_refused(tmp_path: Path) -> None:
    config = write_config(tmp_path / "c.toml", 1)
    assert mktui_here("--config", config, "review", "--json", "--markdown").code == 2
    ended = mktui_here("--config", config, "review", "edge-9")
    assert ended.code == 2
    assert "no router is called 'edge-9'" in ended.complaint


# -- a note of the one that runs ---------------------------------------------------------------------------------------


def left(config: Path, port: int, at: datetime) -> None:
    """What a control room leaves that has watched for long."""
    coming = Forecast("memory_percent", 71.0, 90.0, 2400.0, "likely")
    outcome = JobOutcome("edge-1", "failed", "no answer", NOW)
    job = JobState("sync", "daily 03:30", NOW + timedelta(hours=5), last_at=NOW, outcomes=(outcome,))
    told = Bulletin(at, (RouterBulletin("edge-1", f"127.0.0.1:{port}", (coming,)),), (job,))
    bulletin.write(bulletin.file_of(config), told)


def test_status_and_doctor_know_what_the_running_control_room_has_seen_and_done(tmp_path: Path) -> None:
    with simulated("--secrets", "5") as (_, announced):
        port = announced[0]["port"]
        config = write_config(tmp_path / "c.toml", port, pool="slow_response = 30")
        left(config, port, datetime.now(UTC))
        document = mktui_here("--config", config, "status", "--json").document
        (warning,) = document["routers"][0]["warnings"]
        assert warning["text"] == "router memory reaches 90 % in about 40 min (likely)"
        (job,) = document["maintenance"]
        assert (job["job"], job["outcomes"][0]["text"]) == ("sync", "no answer")
        shown = mktui_here("--config", config, "status").out
        assert "reaches 90 % in about 40 min" in shown
        assert "sync: daily 03:30, next" in shown
        assert "1 failed" in shown
        ended = mktui_here("--config", config, "doctor", *QUICK)
        assert ended.code == 1
        assert "A figure rises towards its limit." in ended.out


def test_what_a_control_room_left_that_runs_no_more_is_not_believed(tmp_path: Path) -> None:
    with simulated("--secrets", "5") as (_, announced):
        port = announced[0]["port"]
        more = "[maintenance]\nself_check = 'daily 03:30'\n"
        config = write_config(tmp_path / "c.toml", port, pool="slow_response = 30", more=more)
        left(config, port, datetime.now(UTC) - timedelta(minutes=10))
        document = mktui_here("--config", config, "status", "--json").document
        assert document["routers"][0]["warnings"] == []
        (job,) = document["maintenance"]
        assert (job["job"], job["last_at"], job["outcomes"]) == ("self check", None, [])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "mktui.bulletin/1", "bulletin": {"$": "Path"}}', "null"])
def test_a_broken_note_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "note.json"
    path.write_text(text, encoding="utf-8")
    assert bulletin.read(path, NOW) is None
    assert bulletin.read(tmp_path / "nothing", NOW) is None


def test_a_note_comes_back_as_it_was_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    left(config, 7, NOW)
    path = bulletin.file_of(config)
    found = bulletin.read(path, NOW)
    assert found is not None
    assert found.maintenance[0].count("failed") == 1
    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text(encoding="utf-8"))["schema"] == "mktui.bulletin/1"
    assert [each.name for each in path.parent.iterdir()] == [path.name]
