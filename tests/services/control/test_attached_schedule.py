"""The schedule on an attached screen: seen as it is there with its zone, its jobs run there, by who may."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from mktui.config.http import Role
from mktui.config.maintenance import Job, parse
from mktui.errors import ConfigError, ControlRefused
from mktui.services import maintenance
from mktui.services.control import attached as attaching
from mktui.services.timetable import Plan, with_zone
from tests.services.control.houses import house
from tests.wiring import until

if TYPE_CHECKING:
    from pathlib import Path

    from mktui.monitor.snapshot import JobState
    from mktui.tui.services import Services

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attaching, "EVERY", 0.2)
    monkeypatch.setattr(maintenance, "LOOK", 0.05)


def plan(words: str) -> Plan:
    """Connections are replaced at a time that does not come while a test runs."""
    return Plan({Job.RESET: parse(words)}, {Job.RESET: words}, ZoneInfo("Asia/Kathmandu"))


def job(fleet: Services) -> JobState:
    """What the screen sees."""
    (found,) = fleet.snapshot().maintenance
    return found


async def test_a_job_is_seen_with_its_zone_and_begun_from_here_in_the_name_of_who_asked(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        at.fleet.schedule.keep(plan("daily 23:59 on edge-1"))
        async with at.attached(origin="10.0.0.7") as fleet:
            screen: Services = fleet
            await until(lambda: bool(screen.snapshot().maintenance))
            assert with_zone(job(screen).next_at, "%H:%M") == "23:59 UTC+5:45"
            assert (job(screen).routers, job(screen).last_at) == (("edge-1",), None)
            await screen.schedule.run("pool reset")
            await until(lambda: job(screen).count("done") == 1 and not job(screen).is_running)
            assert job(screen).seconds is not None
            with pytest.raises(ConfigError, match=r"no job is called 'sync'.*there are: pool reset"):
                await screen.schedule.run("sync")
    done = [(origin, what) for _, origin, what, _ in at.audit() if "pool reset" in what or "reset pool" in what]
    assert {what for _, what in done} == {"run pool reset now", "reset pool (maintenance)"}
    assert all(origin == "attached, 10.0.0.7" for origin, _ in done)


async def test_who_only_looks_runs_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, may_write=False) as at:
        at.fleet.schedule.keep(plan("daily 23:59"))
        async with at.attached() as fleet:
            with pytest.raises(ControlRefused, match="run job: refused, this is read-only"):
                await fleet.schedule.run("pool reset")
            assert at.fleet.schedule.states[0].last_at is None


@pytest.mark.parametrize(("words", "may"), [("daily 23:59 on edge-1", False), ("daily 23:59", True)])
async def test_an_operator_runs_no_job_that_changes_a_protected_router(
    tmp_path: Path, words: str, *, may: bool
) -> None:
    async with house(tmp_path, is_protected=True) as at:
        at.fleet.schedule.keep(plan(words))
        async with at.link(role=Role.OPERATOR.value) as link:
            if may:  # it is left alone
                await link.ask("run job", job="pool reset")
                await until(lambda: at.fleet.schedule.states[0].count("skipped") == 1)
            else:
                with pytest.raises(ControlRefused, match="edge-1 is protected: this needs the role admin"):
                    await link.ask("run job", job="pool reset")
