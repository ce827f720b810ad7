"""``mktui review``, and what ``status`` says of the schedule: as a shell sees them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from mktui.monitor.history import History
from mktui.monitor.options import MonitorOptions, default_file
from tests.headless.programs import mktui_here, simulated, write_config
from tests.monitor.test_review import WELL

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.realtime
NOW: Final = datetime.now(UTC)


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


def test_status_says_what_is_due(tmp_path: Path) -> None:
    with simulated("--secrets", "5") as (_, announced):
        config = write_config(tmp_path / "c.toml", announced[0]["port"])
        config.write_text(f"{config.read_text()}\n[maintenance]\nsync = 'daily 03:30'\n", encoding="utf-8")
        (job,) = mktui_here("--config", config, "status", "--json").document["maintenance"]
        assert (job["job"], job["when"], job["outcomes"]) == ("sync", "daily 03:30", [])
        assert "sync: daily 03:30, next" in mktui_here("--config", config, "status").out
