"""The ``[maintenance]`` of a configuration: what is done by itself at which time, in plain words; when it is due next.

Words: ``hourly``, ``daily 03:30``, ``sunday 04:00``, ``monday, thursday 02:15``; behind them, ``on edge-1, tower-*``
for some of the routers. Times are the wall clock's of ``[billing] timezone``. Pure.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOUR: Final = dt.timedelta(hours=1)
_DAY: Final = dt.timedelta(days=1)
_OVER_A_WEEK: Final = dt.timedelta(days=9)
"""Has each weekday, and one of them twice."""
_TIME: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_EXAMPLES: Final = "hourly, daily 03:30, or sunday 04:00; with on edge-1, tower-* behind it for some routers"


class Job(enum.StrEnum):
    """What can be done by itself, in the order in which it is done when all is due at once."""

    CHECK = "self check"
    RESET = "pool reset"
    SYNC = "sync"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When, and for which routers. ``at`` None: every hour, on the hour."""

    at: dt.time | None
    weekdays: frozenset[int] = frozenset(range(7))
    """0 is Monday."""
    patterns: tuple[str, ...] = ()
    """Names of routers, ``*`` for any text; none: all routers."""

    def next_after(self, moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
        """Return the first due time after ``moment``, both in UTC.

        A time that a change of the clock leaves out is as much later as the clock was put forward; of one that comes
        twice the first counts. So it is due once on each of its days, never twice and never not at all.
        """
        if self.at is None:
            hour = moment.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
            return hour + _HOUR
        return next(due for due in self._on_days(moment.astimezone(zone).date() - _DAY, self.at, zone) if due > moment)

    def last_until(self, moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
        """Return the last due time up to ``moment``, both in UTC."""
        if self.at is None:
            return moment.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
        a_week_ago = moment.astimezone(zone).date() - _OVER_A_WEEK
        return max(takewhile(lambda due: due <= moment, self._on_days(a_week_ago, self.at, zone)))

    def _on_days(self, day: dt.date, at: dt.time, zone: dt.tzinfo) -> Iterator[dt.datetime]:
        while True:
            if day.weekday() in self.weekdays:
                yield dt.datetime.combine(day, at, zone).astimezone(dt.UTC)
            day += _DAY

    def names(self, name: str) -> bool:
        """Say whether a router is called by its very name, and not only by a pattern."""
        return name in self.patterns

    def takes(self, name: str) -> bool:
        """Say whether a router is meant."""
        return not self.patterns or any(fnmatchcase(name, pattern) for pattern in self.patterns)

    def unknown(self, routers: Iterable[str]) -> tuple[str, ...]:
        """Return what no router is called."""
        known = tuple(routers)
        return tuple(each for each in self.patterns if not any(fnmatchcase(name, each) for name in known))


def parts(words: str) -> tuple[str, tuple[str, ...]]:
    """Return when, in words, and for which routers: their names, ``*`` for any text; none: for all."""
    when, _, names = words.strip().partition(" on ")
    return when, tuple(filter(None, (name.strip() for name in names.split(","))))


def parse(words: str) -> Schedule:
    """Read a schedule.

    Raises:
        ValueError: It is none; says what would be.
    """
    when, patterns = parts(words)
    if when != words.strip() and not patterns:
        raise ValueError(f"which routers? {words!r} names none after on")
    days, _, clock = when.strip().lower().rpartition(" ")
    if (days, clock) == ("", "hourly"):
        return Schedule(None, patterns=patterns)
    found = _TIME.fullmatch(clock)
    if found is None or not days:
        raise ValueError(f"{words!r} is no time: {_EXAMPLES}")
    return Schedule(dt.time(int(found[1]), int(found[2])), _weekdays(days, words), patterns)


def _weekdays(days: str, words: str) -> frozenset[int]:
    if days.strip() == "daily":
        return frozenset(range(7))
    named = [day.strip() for day in days.split(",")]
    if wrong := [day for day in named if day not in WEEKDAYS]:
        raise ValueError(f"{wrong[0]!r} in {words!r} is no day: {_EXAMPLES}")
    return frozenset(WEEKDAYS.index(day) for day in named)


class MaintenanceOptions(BaseModel):
    """What is done by itself. Empty: never."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    self_check: str = Field("", description="a connection test of every router: daily 03:30; empty: never")
    pool_reset: str = Field("", description="connections replaced, one at a time: sunday 04:00 on edge-*")
    sync: str = Field("", description="a sync of every router: hourly, daily 03:30, monday, thursday 02:15")

    @field_validator("self_check", "pool_reset", "sync")
    @classmethod
    def _is_a_schedule(cls, words: str) -> str:
        if words:
            parse(words)
        return words

    @property
    def schedules(self) -> dict[Job, Schedule]:
        """What is to be done, and when."""
        said = {Job.CHECK: self.self_check, Job.RESET: self.pool_reset, Job.SYNC: self.sync}
        return {job: parse(words) for job, words in said.items() if words}
