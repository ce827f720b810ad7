"""When scheduled jobs are due, whatever is done to the clock, and how they stand in words."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.config.maintenance import Job, parse
from mktui.services.timetable import Plan, Timetable, first_states, job_in_words

UTC: Final = dt.UTC
BEGIN: Final = dt.datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
"""A Monday."""
MINUTE: Final = dt.timedelta(minutes=1)


@dataclass
class Wall:
    """A clock on a wall that somebody sets, the time that goes by meanwhile, and the looks at both."""

    timetable: Timetable
    now: dt.datetime
    uptime: float = 0.0
    done: list[tuple[float, Job, dt.datetime]] = field(default_factory=list)
    """(when of the time that went by, what, the time at which it was due)."""

    def wait(self, minutes: float) -> None:
        """Let time go by, with a look a minute."""
        for _ in range(math.ceil(minutes)):
            self.now += MINUTE
            self.uptime += 60
            self._look()

    def set(self, minutes: float) -> None:
        """Set the clock forward, or back."""
        self.now += minutes * MINUTE
        self._look()

    def _look(self) -> None:
        self.done += [(self.uptime, job, at) for job, at in self.timetable.look(self.now, self.uptime).items()]

    def times(self, job: Job) -> list[dt.datetime]:
        """When a job was due that was done."""
        return [at for _, each, at in self.done if each is job]

    def gaps(self, job: Job) -> list[float]:
        """Hours between its runs, of the time that went by."""
        return [(later - earlier) / 3600 for (earlier, _, _), (later, _, _) in pairwise(
            each for each in self.done if each[1] is job)]  # fmt: skip


def wall(begin: dt.datetime = BEGIN, zone: dt.tzinfo = UTC, **words: str) -> Wall:
    """A clock beside a timetable; ``check="hourly"`` and so on."""
    schedules = {Job[name.upper()]: parse(each) for name, each in words.items()}
    return Wall(Timetable(schedules, zone, begin), begin)


HOURS = {"hourly": 1, "daily 03:30": 24, "monday, thursday 02:15": 96, "sunday 04:00": 168}
"""Words -> the longest time from one due time to the next."""
said = st.sampled_from(sorted(HOURS))
sets = st.lists(
    st.tuples(st.integers(0, 200), st.integers(-3000, 3000) | st.integers(-40, 40)), max_size=6
)  # fmt: skip
"""(minutes that go by, minutes by which the clock is set then)."""


def test_each_time_is_due_once_however_often_one_looks() -> None:
    timetable = Timetable({Job.SYNC: parse("daily 03:30"), Job.CHECK: parse("hourly")}, UTC, BEGIN)
    seen = [item for n in range(24 * 60 * 4) for item in timetable.look(BEGIN + n * MINUTE / 4, n * 15.0).items()]
    assert [at for job, at in seen if job is Job.SYNC] == [BEGIN + 30 * MINUTE]
    assert [at for job, at in seen if job is Job.CHECK] == [BEGIN + n * 60 * MINUTE for n in range(1, 24)]


@given(said, sets)
def test_whatever_a_clock_is_set_to_no_time_is_due_twice_within_half_of_what_is_between_two(
    words: str, steps: list[tuple[int, int]]
) -> None:
    clock, schedule = wall(sync=words), parse(words)
    for minutes, to in steps:
        clock.wait(minutes)
        clock.set(to)
    clock.wait(3 * 60)
    last: dict[dt.datetime, float] = {}
    for uptime, _, at in clock.done:
        half = (schedule.next_after(at, UTC) - at).total_seconds() / 2
        assert uptime - last.get(at, -math.inf) >= half, at
        last[at] = uptime


@given(said, sets, st.integers(-3000, 3000))
def test_whatever_a_clock_was_set_to_nothing_waits_for_longer_than_from_one_due_time_to_the_next(
    words: str, steps: list[tuple[int, int]], ahead: int
) -> None:
    clock, longest = wall(BEGIN + ahead * MINUTE, sync=words), HOURS[words]
    for minutes, to in steps:
        clock.wait(minutes)
        clock.set(to)
    begun = clock.uptime
    ran = clock.done[-1][0] if clock.done else -math.inf
    clock.done = []
    clock.wait(longest * 60 * 1.5 + 1)
    assert clock.done, "it is never done any more"
    latest = max(begun + longest * 3600, ran + 1.5 * longest * 3600)  # what was just done is not done again at once
    assert clock.done[0][0] <= latest


@given(st.lists(st.tuples(st.integers(1, 200), st.integers(0, 59)), min_size=1, max_size=12))
def test_a_clock_that_is_set_forward_by_less_than_an_hour_leaves_nothing_out(steps: list[tuple[int, int]]) -> None:
    clock = wall(check="hourly", sync="daily 03:30")
    for minutes, to in steps:
        clock.wait(minutes)
        clock.set(to)
    hours = int((clock.now - BEGIN) / dt.timedelta(hours=1))
    assert clock.times(Job.CHECK) == [BEGIN + n * dt.timedelta(hours=1) for n in range(1, hours + 1)]
    days = int((clock.now - BEGIN - 30 * MINUTE) / dt.timedelta(days=1)) + (clock.now >= BEGIN + 30 * MINUTE)
    assert clock.times(Job.SYNC) == [BEGIN + 30 * MINUTE + n * dt.timedelta(days=1) for n in range(days)]
    assert clock.timetable.missed_at == {}


@pytest.mark.parametrize("back", [1, 29, 31, 180, 60 * 24 * 400])
def test_what_is_hourly_goes_on_within_the_hour_when_the_clock_was_set_back(back: int) -> None:
    clock = wall(check="hourly")
    clock.wait(61)  # the first at 04:00
    clock.set(-back)
    clock.wait(5 * 60)
    assert len(clock.times(Job.CHECK)) in {5, 6}
    assert all(0.5 <= gap <= 1.5 for gap in clock.gaps(Job.CHECK))


def test_a_clock_that_runs_over_a_due_time_and_is_set_right_does_it_once_at_its_time() -> None:
    clock = wall(reset="daily 03:30")
    clock.set(6 * 60)  # by mistake: 09:00, too late for half past three
    assert clock.timetable.missed_at == {Job.RESET: BEGIN + 30 * MINUTE}
    clock.wait(2)
    clock.set(-6 * 60)
    clock.wait(60)
    assert clock.times(Job.RESET) == [BEGIN + 30 * MINUTE]
    assert clock.timetable.missed_at == {}, "it was done after all"


def test_who_slept_through_two_nights_and_wakes_at_the_third_does_the_third() -> None:
    clock = wall(reset="daily 03:30")
    clock.set(2 * 24 * 60 + 31)
    assert clock.times(Job.RESET) == [BEGIN + 2 * dt.timedelta(days=1) + 30 * MINUTE]


PRAGUE = ZoneInfo("Europe/Prague")


@pytest.mark.parametrize(
    ("begin", "hours"), [
        (dt.datetime(2026, 3, 28, 12, tzinfo=UTC), 47), (dt.datetime(2026, 10, 24, 12, tzinfo=UTC), 49),
    ], ids=["spring", "autumn"],
)  # fmt: skip
def test_when_the_clocks_change_each_day_has_its_time_once_and_each_hour_its_own(
    begin: dt.datetime, hours: int
) -> None:
    clock = wall(begin, PRAGUE, reset="daily 02:30", check="hourly")
    clock.wait(hours * 60)
    assert [at.astimezone(PRAGUE).day for at in clock.times(Job.RESET)] == [begin.day + 1, begin.day + 2]
    assert clock.gaps(Job.CHECK) == [1.0] * (hours - 1)


def test_a_clock_that_was_years_ahead_does_not_put_off_everything_for_years() -> None:
    clock = wall(BEGIN + dt.timedelta(days=3650), reset="daily 03:30")
    clock.set(-3650 * 24 * 60)
    clock.wait(30)
    assert clock.times(Job.RESET) == [BEGIN + 30 * MINUTE]


def test_a_job_is_told_with_when_it_is_due() -> None:
    (state,) = first_states(Plan({Job.RESET: parse("sunday 04:00")}, {Job.RESET: "sunday 04:00"}), BEGIN)
    assert state.next_at == dt.datetime(2026, 11, 29, 4, tzinfo=UTC)
    assert job_in_words(state).startswith("sunday 04:00, next Sun 29 Nov")
