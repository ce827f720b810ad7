"""What is done by itself at set times, or now because somebody asks: that it is done on routers, or said why not."""

from __future__ import annotations

import datetime as dt
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import anyio
import pytest

from mktui import clock
from mktui.billing import registry
from mktui.cli.records import job_record
from mktui.config.maintenance import Job, parse
from mktui.core.pool.options import PoolOptions
from mktui.errors import ConfigError, WrongUse
from mktui.services import maintenance
from mktui.services.fleet import Fleet, open_fleet
from mktui.services.maintenance import Maintenance
from mktui.services.router import RouterSetup
from mktui.services.timetable import GRACE, Plan, job_in_words
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.sync.offices import PROFILES, Desk, customers, office
from tests.wiring import ROUTER, until, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mktui.monitor.snapshot import JobState
    from mktui.sync.run import Office

pytestmark = pytest.mark.anyio
UTC: Final = dt.UTC
BEGIN: Final = dt.datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
"""A Monday."""
MINUTE: Final = dt.timedelta(minutes=1)


class Calendar:
    """The time of day, as the test has it."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    found = Calendar()
    monkeypatch.setattr(clock, "utc_now", found)
    monkeypatch.setattr(maintenance, "LOOK", 0.01)
    return found


@asynccontextmanager
async def running(
    tmp_path: Path,
    plan: dict[Job, str],
    *,
    read_only: bool = False,
    protected: tuple[str, ...] = (),
    zone: dt.tzinfo = UTC,
) -> AsyncIterator[tuple[Fleet, dict[str, SimulatedRouter], Office]]:
    """Two routers, edge-1 and edge-2, with five customers on edge-1."""
    held = office(f"sqlite:///{tmp_path / 'billing.db'}", folder=tmp_path / "prints")
    routers = {name: SimulatedRouter(RouterProfile(secrets=0, online=0)) for name in ("edge-1", "edge-2")}

    async def opened() -> Office:
        await anyio.lowlevel.checkpoint()
        return held

    Desk(held, None, routers["edge-1"]).save(customers(5), PROFILES)  # type: ignore[arg-type]  # no client is needed
    schedules = {job: parse(words) for job, words in plan.items()}
    async with anyio.create_task_group() as tasks:
        setups = [
            RouterSetup(
                ROUTER.model_copy(update={"name": name}), PoolOptions(min_size=1, max_size=2, retry_delay=0.01),
                name in protected, wire(router, tasks),
            )
            for name, router in routers.items()
        ]  # fmt: skip
        opening = open_fleet(setups, open_office=opened, maintenance=Plan(schedules, plan, zone, read_only=read_only))
        async with opening as fleet:
            await until(lambda: all(each.pool.ready for each in fleet.snapshot().routers))
            yield fleet, routers, held
        tasks.cancel_scope.cancel()


async def done(fleet: Fleet, calendar: Calendar, job: Job) -> JobState:
    """Let half past three come, and wait for what is done then."""
    calendar.now = BEGIN + 30 * MINUTE
    await until(lambda: _state(fleet, job).last_at is not None and not _state(fleet, job).is_running)
    return _state(fleet, job)


def _state(fleet: Fleet, job: Job) -> JobState:
    return next(each for each in fleet.snapshot().maintenance if each.job == job)


def outcomes(state: JobState) -> dict[str, tuple[str, str]]:
    return {each.router: (each.status, each.text) for each in state.outcomes}


async def test_what_is_due_is_done_on_every_router_and_told_and_due_again_the_next_day(
    tmp_path: Path, calendar: Calendar
) -> None:
    async with running(tmp_path, {Job.CHECK: "daily 03:30"}) as (fleet, _, _):
        assert _state(fleet, Job.CHECK).next_at == BEGIN + 30 * MINUTE
        state = await done(fleet, calendar, Job.CHECK)
        assert {name: status for name, (status, _) in outcomes(state).items()} == {"edge-1": "done", "edge-2": "done"}
        assert state.next_at == BEGIN + 30 * MINUTE + dt.timedelta(days=1)
        assert "2 done" in job_in_words(state)
        for router in fleet.snapshot().routers:
            assert any(each.kind == "maintenance" and "self check: done" in each.text for each in router.events)


async def test_a_reset_replaces_every_connection(tmp_path: Path, calendar: Calendar) -> None:
    async with running(tmp_path, {Job.RESET: "daily 03:30"}) as (fleet, _, _):
        assert [each.pool.performance.connects for each in fleet.snapshot().routers] == [1, 1]
        state = await done(fleet, calendar, Job.RESET)
        assert outcomes(state) == {"edge-1": ("done", ""), "edge-2": ("done", "")}
        await until(lambda: [each.pool.performance.connects for each in fleet.snapshot().routers] == [2, 2])


async def test_a_sync_brings_a_router_into_step_and_a_chosen_one_alone(tmp_path: Path, calendar: Calendar) -> None:
    async with running(tmp_path, {Job.SYNC: "daily 03:30 on edge-1"}) as (fleet, routers, _):
        state = await done(fleet, calendar, Job.SYNC)
        assert set(outcomes(state)) == {"edge-1"}
        assert outcomes(state)["edge-1"][0] == "done"
        assert len(list(routers["edge-1"].tables["/ppp/secret"])) == 5
        assert not list(routers["edge-2"].tables["/ppp/secret"])


async def test_a_router_that_is_away_or_protected_is_left_alone_and_why_is_said(
    tmp_path: Path, calendar: Calendar
) -> None:
    async with running(tmp_path, {Job.RESET: "daily 03:30"}, protected=("edge-1",)) as (fleet, _, _):
        await fleet.isolate("edge-2")
        found = outcomes(await done(fleet, calendar, Job.RESET))
        assert found["edge-1"][0] == found["edge-2"][0] == "skipped"
        assert "protected" in found["edge-1"][1]
        assert "isolated by hand" in found["edge-2"][1]


async def test_a_protected_router_that_a_schedule_names_is_meant(tmp_path: Path, calendar: Calendar) -> None:
    plan = {Job.RESET: "daily 03:30 on edge-1"}
    async with running(tmp_path, plan, protected=("edge-1",)) as (fleet, _, _):
        assert outcomes(await done(fleet, calendar, Job.RESET)) == {"edge-1": ("done", "")}


async def test_held_syncs_stay_held(tmp_path: Path, calendar: Calendar) -> None:
    async with running(tmp_path, {Job.SYNC: "daily 03:30 on edge-1"}) as (fleet, routers, held):
        held.store.do(registry.pause, "edge-1", "the night of the move", now=BEGIN)
        assert outcomes(await done(fleet, calendar, Job.SYNC))["edge-1"][0] == "skipped"
        assert not list(routers["edge-1"].tables["/ppp/secret"])


async def test_read_only_tests_and_changes_nothing(tmp_path: Path, calendar: Calendar) -> None:
    plan = {Job.CHECK: "daily 03:30", Job.SYNC: "daily 03:30"}
    async with running(tmp_path, plan, read_only=True) as (fleet, routers, _):
        assert {status for status, _ in outcomes(await done(fleet, calendar, Job.CHECK)).values()} == {"done"}
        assert outcomes(await done(fleet, calendar, Job.SYNC))["edge-1"] == ("skipped", "mktui is read-only")
        assert not list(routers["edge-1"].tables["/ppp/secret"])


async def test_what_was_due_while_the_machine_slept_is_not_made_up_for(tmp_path: Path, calendar: Calendar) -> None:
    async with running(tmp_path, {Job.RESET: "daily 03:30"}) as (fleet, _, _):
        calendar.now = BEGIN + 30 * MINUTE + GRACE + MINUTE
        await until(lambda: _state(fleet, Job.RESET).missed_at is not None)
        state = _state(fleet, Job.RESET)
        assert (state.last_at, state.missed_at) == (None, BEGIN + 30 * MINUTE)
        assert "missed" in job_in_words(state)


async def test_an_hourly_job_goes_on_when_the_clock_was_set_back(tmp_path: Path, calendar: Calendar) -> None:
    async with running(tmp_path, {Job.CHECK: "hourly"}) as (fleet, _, _):
        calendar.now = BEGIN + 3 * dt.timedelta(hours=1)
        await until(lambda: outcomes(_state(fleet, Job.CHECK)).keys() == {"edge-1", "edge-2"})
        calendar.now = BEGIN + 20 * MINUTE
        await until(lambda: _state(fleet, Job.CHECK).next_at <= BEGIN + dt.timedelta(hours=2))


async def test_times_are_told_as_the_clock_shows_them_that_the_schedule_goes_by(
    tmp_path: Path, calendar: Calendar
) -> None:
    async with running(tmp_path, {Job.CHECK: "daily 04:30"}, zone=ZoneInfo("Europe/Prague")) as (fleet, _, _):
        assert job_in_words(_state(fleet, Job.CHECK)) == "daily 04:30, next Mon 23 Nov 04:30 UTC+1"
        state = await done(fleet, calendar, Job.CHECK)
        assert state.seconds is not None
        told = f"next Tue 24 Nov 04:30 UTC+1, last Mon 23 Nov 04:30 UTC+1: 2 done in {state.seconds:.1f} s"
        assert job_in_words(state) == f"daily 04:30, {told}"
        record = job_record(state)
        assert (record["next_at"], record["last_at"]) == ("2026-11-24T04:30:00+01:00", "2026-11-23T04:30:00+01:00")
        assert all(each["at"].endswith("+01:00") for each in record["outcomes"])
        assert (record["routers"], record["seconds"]) == (["edge-1", "edge-2"], state.seconds)


async def test_a_job_is_run_now_by_who_asks_and_is_due_when_it_was_all_the_same(
    tmp_path: Path, calendar: Calendar
) -> None:
    del calendar
    async with running(tmp_path, {Job.RESET: "daily 03:30 on edge-2"}) as (fleet, _, _):
        await fleet.schedule.run("pool reset")
        assert _state(fleet, Job.RESET).is_running
        with pytest.raises(WrongUse, match="pool reset runs already"):
            await fleet.schedule.run("pool reset")
        await until(lambda: not _state(fleet, Job.RESET).is_running)
        assert outcomes(_state(fleet, Job.RESET)) == {"edge-2": ("done", "")}
        assert _state(fleet, Job.RESET).next_at == BEGIN + 30 * MINUTE
        with pytest.raises(ConfigError, match=r"no job is called 'sync'.*there are: pool reset"):
            await fleet.schedule.run("sync")


async def test_where_nobody_keeps_a_schedule_no_job_is_run() -> None:
    async with open_fleet([]) as fleet:
        with pytest.raises(ConfigError, match=r"\[maintenance\] says what is done by itself"):
            await fleet.schedule.run("sync")


async def test_which_protected_routers_a_job_changes_is_known(tmp_path: Path, calendar: Calendar) -> None:
    del calendar
    plan = {Job.CHECK: "hourly on edge-1", Job.RESET: "hourly on edge-1, edge-2", Job.SYNC: "hourly on edge-*"}
    async with running(tmp_path, plan, protected=("edge-1",)) as (fleet, _, _):
        assert [fleet.schedule.protected_by(job) for job in (*Job, "none")] == [(), ("edge-1",), (), ()]


async def test_two_jobs_never_touch_one_router_at_once(
    tmp_path: Path, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy: dict[str, int] = {}
    most = 0

    async def slowly(_self: Maintenance, _job: Job, name: str) -> tuple[str, str]:
        nonlocal most
        busy[name] = busy.get(name, 0) + 1
        most = max(most, busy[name])
        await anyio.sleep(0.03)
        busy[name] -= 1
        return "done", ""

    monkeypatch.setattr(Maintenance, "_do", slowly)
    async with running(tmp_path, dict.fromkeys(Job, "daily 03:30")) as (fleet, _, _):
        calendar.now = BEGIN + 30 * MINUTE
        await until(lambda: all(each.count("done") == 2 for each in fleet.snapshot().maintenance))
    assert most == 1


@pytest.mark.parametrize("job", Job)
async def test_a_router_that_is_taken_out_under_a_job_takes_nothing_else_with_it(
    tmp_path: Path, calendar: Calendar, monkeypatch: pytest.MonkeyPatch, job: Job
) -> None:
    carry_out = Maintenance._do

    async def taken_out(self: Maintenance, job: Job, name: str) -> tuple[str, str]:
        if name == "edge-1":
            await self._fleet.stop_router(name)
        return await carry_out(self, job, name)

    monkeypatch.setattr(Maintenance, "_do", taken_out)
    async with running(tmp_path, {job: "daily 03:30"}) as (fleet, _, _):
        state = await done(fleet, calendar, job)
        assert {name: status for name, (status, _) in outcomes(state).items()} == {"edge-1": "failed", "edge-2": "done"}
        assert fleet.names == ("edge-2",)


async def test_what_was_done_and_what_was_not_stands_in_the_audit(
    tmp_path: Path, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[tuple[str, str]] = []
    monkeypatch.setattr("mktui.services.chronicle.Chronicle.audit", lambda _self, what, _router, outcome="done": (
        kept.append((what, outcome))
    ))  # fmt: skip
    async with running(tmp_path, {Job.RESET: "daily 03:30"}, protected=("edge-2",)) as (fleet, _, _):
        await done(fleet, calendar, Job.RESET)
    assert ("reset pool (maintenance)", "done") in kept
    assert any(
        what == "pool reset (maintenance)" and outcome.startswith("skipped: protected") for what, outcome in kept
    )
