"""The schedule on screen: what is next and what came of it, a job begun only after a question, and by who may."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mktui.errors import ControlRefused
from mktui.monitor.snapshot import JobOutcome
from mktui.services.replay import Replay
from mktui.tui.app import ControlRoom
from mktui.tui.screens.changes import ChangesScreen
from mktui.tui.screens.errors import ErrorsScreen
from mktui.tui.screens.modals import Confirm
from mktui.tui.screens.router import RouterScreen
from mktui.tui.screens.schedule import ScheduleScreen
from tests.terminal.driving import fleet_is_shown, lines, look, notices, opened, press, text
from tests.terminal.recorded import RecordedServices, fleet
from tests.terminal.recorded_schedule import CHECK, JOBS, NOW, RESET, SYNC

if TYPE_CHECKING:
    from mktui.monitor.snapshot import JobState

pytestmark = pytest.mark.anyio


def services(*jobs: JobState) -> RecordedServices:
    """The fleet with a schedule."""
    return RecordedServices(replace(fleet(), maintenance=jobs or JOBS))


def shown(app: object) -> list[tuple[str, str]]:
    """The rows: a job and its router, "" where it is the job's own."""
    screen = getattr(app, "screen", None)
    assert isinstance(screen, ScheduleScreen)
    return [(row.job.job, row.outcome.router if row.outcome else "") for row in screen.table.all_rows]


async def test_each_job_says_for_whom_when_next_and_how_it_ended_with_what_failed_first() -> None:
    async with opened(services(), size=(120, 40)) as (app, pilot):
        await press(pilot, "8")
        assert shown(app)[:4] == [
            ("self check", ""), ("self check", "tower-cerro-alto"), ("self check", "tower-west"),
            ("self check", "edge-1"),
        ]  # fmt: skip
        (line,) = (line for line in lines(app) if line.startswith(" ◐ pool reset"))
        for told in ("edge-2, tower-*", "sunday 04:00", "in 5d23h Sun 04:00 UTC+1", "2.4 s: 2 skipped, 1 done"):
            assert told in line
        assert "next     sync in 19m: Mon 23 Nov 05:00 UTC+1" in text(app)
        await press(pilot, "j", "j")
        assert "cannot be reached: 10.0.9.1:8728 refuses the connection (is its api service on?)" in text(app)


async def test_a_time_that_was_missed_and_a_run_that_goes_on_are_said() -> None:
    missed = replace(RESET, last_at=None, outcomes=(), missed_at=RESET.last_at)
    running = replace(CHECK, is_running=True, last_at=NOW - timedelta(seconds=12), outcomes=CHECK.outcomes[:2])
    async with opened(services(running, missed)) as (app, pilot):
        await press(pilot, "8")
        assert "2 of 5" in text(app)
        assert "now      self check" in text(app)
        await press(pilot, "G")
        assert "missed   Sun 22 Nov 04:00 UTC+1" in text(app)
        await press(pilot, "g", "J")
        assert isinstance(app.screen, ScheduleScreen)
        assert notices(app)[-1].message == "self check runs already"


async def test_from_a_row_one_gets_to_its_router_its_errors_and_the_log_of_changes() -> None:
    async with opened(services()) as (app, pilot):
        await press(pilot, "8", "j", "enter")
        assert isinstance(app.screen, RouterScreen)
        assert app.screen.target() == "tower-cerro-alto"
        await press(pilot, "escape", "l")
        assert isinstance(app.screen, ErrorsScreen)
        await press(pilot, "8", "c")
        assert isinstance(app.screen, ChangesScreen)


async def test_many_routers_where_all_is_well_are_one_row_until_they_are_opened() -> None:
    names = [f"tower-{number}" for number in range(1, 41)]
    well = tuple(JobOutcome(name, "failed" if name == "tower-7" else "done", "in step", NOW) for name in names)
    async with opened(services(replace(SYNC, routers=tuple(names), outcomes=well))) as (app, pilot):
        await press(pilot, "8")
        assert shown(app) == [("sync", ""), ("sync", "tower-7"), ("sync", "")]
        assert "39 routers" in text(app)
        await press(pilot, "G", "enter")
        assert len(shown(app)) == 41
        await press(pilot, "g", "enter")
        assert len(shown(app)) == 3
        await press(pilot, "slash", *"failed", "enter")
        assert shown(app) == [("sync", "tower-7")]


async def test_a_job_is_begun_after_a_question_that_says_what_it_does_and_where() -> None:
    asked = services()
    async with opened(asked) as (app, pilot):
        await press(pilot, "8", "G", "J")
        assert isinstance(app.screen, Confirm)
        assert "Run sync now on 2 routers?" in text(app)
        assert "brought into step with billing" in " ".join(text(app).split())
        await press(pilot, "n")
        assert asked.schedule.ran == []
        await press(pilot, "J", "y")
        assert asked.schedule.ran == ["sync"]
        assert (notices(app)[-1].title, notices(app)[-1].message) == ("Run sync", "begun")


@pytest.mark.parametrize(
    ("job", "typed"),
    [
        (replace(RESET, words="daily 04:00 on edge-1", routers=("edge-1",)), "edge-1"),
        (replace(RESET, words="daily 04:00 on edge-1, tower-*", routers=("edge-1", "tower-west")), "edge-1"),
        (replace(RESET, words="daily 04:00 on edge-*", routers=("edge-1", "edge-2")), ""),
        (replace(CHECK, words="daily 04:00 on edge-1", routers=("edge-1",)), ""),
    ],
    ids=["alone", "among others", "left alone", "only tested"],
)
async def test_a_protected_router_that_a_job_changes_wants_its_name(job: JobState, typed: str) -> None:
    asked = services(job)
    async with opened(asked) as (app, pilot):
        await press(pilot, "8", "J")
        assert ("type its name (edge-1)" in " ".join(text(app).split())) == bool(typed)
        await press(pilot, *(typed or "y"), "enter")
        assert asked.schedule.ran == [job.job]


async def test_who_only_looks_is_refused_and_a_refusal_is_said() -> None:
    asked = services()
    async with opened(asked, read_only=True) as (app, pilot):
        await press(pilot, "8", "J")
        assert isinstance(app.screen, ScheduleScreen)
        assert notices(app)[-1].message == "run now: refused, this is read-only"
    asked.schedule.refuses = ControlRefused("Role", "run job: this needs the role operator; luis is viewer")
    async with opened(asked) as (app, pilot):
        await press(pilot, "8", "J", "y")
        assert "luis is viewer" in notices(app)[-1].message


async def test_where_there_is_no_schedule_it_is_said_how_to_have_one() -> None:
    async with opened() as (app, pilot):
        await press(pilot, "8")
        for told in ("[maintenance]", 'self_check = "daily 03:30"', 'sync = "hourly"'):
            assert told in text(app)
        await press(pilot, "J", "enter", "t")
        assert [told.message for told in notices(app)] == [
            "there is no job under the cursor", "there is no router under the cursor",
        ]  # fmt: skip
        assert isinstance(app.services, RecordedServices)
        app.services.recorded = replace(fleet(), maintenance=JOBS)
        await look(pilot)
        await press(pilot, "j")
        assert "refuses the login" in lines(app)[-4], "the keys are the table's again"


async def test_a_job_whose_routers_are_gone_begins_nothing() -> None:
    async with opened(services(replace(SYNC, routers=(), outcomes=()))) as (app, pilot):
        await press(pilot, "8", "J")
        assert " no router " in lines(app)[5]
        assert "no router of this fleet is meant" in notices(app)[-1].message


async def test_the_cursor_stays_on_its_router_while_others_end() -> None:
    asked = services(replace(CHECK, is_running=True, outcomes=CHECK.outcomes[:2]))
    async with opened(asked) as (app, pilot):
        await press(pilot, "8", "G")
        asked.recorded = replace(asked.recorded, maintenance=JOBS)
        await look(pilot)
        assert isinstance(app.screen, ScheduleScreen)
        assert app.screen.target() == "edge-2"


async def test_a_recording_shows_the_schedule_and_runs_nothing() -> None:
    app = ControlRoom(Replay([replace(fleet(), maintenance=JOBS)]), read_only=False)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await fleet_is_shown(pilot)
        await press(pilot, "8", "J", "y")
        assert "▲ self check" in text(app)
        assert notices(app)[-1].message == "self check: this is a recording"


async def test_the_fleet_says_what_is_next_with_its_zone() -> None:
    async with opened(services(), size=(120, 40)) as (app, _):
        assert "sync Mon 05:00 UTC+1" in lines(app)[1]
