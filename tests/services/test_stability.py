"""Stability tests of a running fleet: one at a time, stopped, kept in files, and nothing written unasked."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import pytest

from mktui.core.pool.options import PoolOptions
from mktui.errors import ConfigError, ReportUnreadable, WrongUse
from mktui.services import stability
from mktui.services.fleet import Fleet, open_fleet
from mktui.services.one_writer import alone
from mktui.services.router import RouterSetup
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from mktui.stability import own_rows
from mktui.stability.report import SIMULATED, Verdict, read_report
from tests.wiring import ROUTER, until, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
QUICK = ("pool-initialisation", "concurrent-connections")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where reports are kept."""
    monkeypatch.setattr(stability, "reports_folder", lambda: tmp_path / "stability")
    return tmp_path / "stability"


@asynccontextmanager
async def running() -> AsyncIterator[tuple[Fleet, SimulatedRouter]]:
    """Run one router."""
    router = SimulatedRouter(RouterProfile(secrets=20))
    async with anyio.create_task_group() as tasks:
        setup = RouterSetup(ROUTER, PoolOptions(min_size=1, max_size=2), connect=wire(router, tasks))
        async with open_fleet([setup]) as fleet:
            yield fleet, router
        tasks.cancel_scope.cancel()


def is_over(fleet: Fleet) -> bool:
    return not fleet.stability.state().is_running


async def test_a_test_goes_on_by_itself_and_its_report_is_kept_and_listed(folder: Path) -> None:
    async with running() as (fleet, _):
        assert fleet.stability.state().report is None
        fleet.stability.start(SIMULATED, QUICK)
        assert fleet.stability.state().is_running
        assert fleet.stability.state().waiting == QUICK
        await until(lambda: is_over(fleet))
        state = fleet.stability.state()
        assert state.report is not None
        assert state.report.summary == "2 passed"
        page = await fleet.stability.save()
        assert page.parent == folder
        assert page.suffix == ".html"
        assert read_report(page.with_suffix(".json")) == state.report
        (kept,) = fleet.stability.state().kept
        assert (kept.target, kept.summary, kept.has_failed) == (SIMULATED, "2 passed", False)
    async with running() as (fleet, _):
        await until(lambda: bool(fleet.stability.state().kept))  # at the next start too


async def test_only_one_runs_at_a_time_and_a_router_must_be_known() -> None:
    async with running() as (fleet, _):
        with pytest.raises(ConfigError, match="nobody"):
            fleet.stability.start("nobody")
        fleet.stability.start(SIMULATED, ("load",))
        with pytest.raises(WrongUse, match="runs already"):
            fleet.stability.start(SIMULATED, QUICK)
        with pytest.raises(WrongUse, match="to its end"):
            await fleet.stability.save()
        fleet.stability.stop()
        await until(lambda: is_over(fleet))
        report = fleet.stability.state().report
        assert report is not None
        assert not report.is_complete
        assert report.scenarios[0].reason == "interrupted"
        fleet.stability.start(SIMULATED, QUICK[:1])
        await until(lambda: is_over(fleet))


@pytest.mark.parametrize("may_write", [True, False])
async def test_rows_are_written_to_a_router_only_when_that_was_allowed(*, may_write: bool) -> None:
    async with running() as (fleet, router):
        fleet.stability.start("edge-1", ("pool-initialisation", "batch-efficiency"), may_write=may_write)
        await until(lambda: is_over(fleet))
        report = fleet.stability.state().report
        assert report is not None
        batch = report.scenario("batch-efficiency")
        assert batch is not None
        assert batch.verdict is (Verdict.PASSED if may_write else Verdict.SKIPPED)
        assert (router.commands[f"{own_rows.MENU}/add"] > 0) == may_write
        assert len(router.tables[own_rows.MENU]) == 0
        (told,) = (each for each in fleet.snapshot().routers[0].events if each.kind == "stability test")
        assert told.text == report.summary


async def test_a_router_that_goes_away_at_the_start_fails_the_test_and_ends_nothing() -> None:
    async with running() as (fleet, router):
        router.faults.is_down = True
        router.drop_sessions()
        fleet.stability.start("edge-1", ("pool-initialisation",), may_write=True)
        await until(lambda: is_over(fleet))
        report = fleet.stability.state().report
        assert report is not None
        assert report.has_failed
        assert fleet.snapshot().routers


async def test_what_a_killed_test_has_left_is_removed_and_told_in_the_routers_events() -> None:
    async with running() as (fleet, router):
        mark = own_rows.mark_of(f"20260101T000000-{stability.home()}-dead")
        router.tables[own_rows.MENU].add(dict(own_rows.adding(0, mark).attributes))
        fleet.stability.start("edge-1", ("pool-initialisation",))
        await until(lambda: is_over(fleet))
        assert "edge-1: an earlier test has left 1 row there" in fleet.stability.state().leftovers
        fleet.stability.start("edge-1", ("pool-initialisation",), may_write=True)
        await until(lambda: is_over(fleet))
        assert fleet.stability.state().leftovers == "edge-1: removed 1 row that an earlier test had left"
        assert len(router.tables[own_rows.MENU]) == 0
        told = [each.text for each in fleet.snapshot().routers[0].events if each.kind == "stability test"]
        assert "1 passed; edge-1: removed 1 row that an earlier test had left" in told


async def test_while_another_program_writes_to_the_router_the_test_writes_nothing() -> None:
    async with running() as (fleet, router), alone("edge-1", ROUTER.address, "a sync"):
        fleet.stability.start("edge-1", ("batch-efficiency",), may_write=True)
        await until(lambda: is_over(fleet))
        report = fleet.stability.state().report
        assert report is not None
        assert "edge-1 is being written to by pid" in report.scenarios[0].reason
        assert router.commands[f"{own_rows.MENU}/add"] == 0


@pytest.fixture
def _in_the_way(folder: Path) -> None:
    folder.write_text("in the way")


@pytest.mark.usefixtures("_in_the_way")
async def test_what_cannot_be_kept_is_told() -> None:
    async with running() as (fleet, _):
        fleet.stability.start(SIMULATED, QUICK[:1])
        await until(lambda: is_over(fleet))
        with pytest.raises(ReportUnreadable, match="cannot be made"):
            await fleet.stability.save()


def test_files_that_are_no_reports_are_left_out(folder: Path) -> None:
    folder.mkdir()
    (folder / "x.json").write_text("{}")
    assert stability.list_reports(folder) == ()
    assert stability.list_reports(folder / "nothing") == ()


async def test_a_fleet_that_nobody_tests_loads_no_scenario() -> None:
    code = "import sys, mktui.services.fleet; sys.exit('mktui.stability.scenarios' in sys.modules)"
    done = await anyio.run_process([sys.executable, "-c", code], check=False)
    assert done.returncode == 0
