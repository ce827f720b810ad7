"""When scheduled jobs are due, and how they stand, in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mktui.config.maintenance import Job
from mktui.monitor.snapshot import JobState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from mktui.config.maintenance import Schedule


@dataclass(frozen=True, slots=True)
class Plan:
    """The schedules of a configuration. ``prune``: as automatic syncs do. ``read_only``: only tests are carried out."""

    schedules: Mapping[Job, Schedule]
    words: Mapping[Job, str]
    zone: tzinfo = UTC
    prune: bool = False
    read_only: bool = False


@dataclass(slots=True)
class Timetable:
    """When each job is next due. A clock that is set back makes nothing due twice."""

    schedules: Mapping[Job, Schedule]
    zone: tzinfo
    began_at: datetime
    next_at: dict[Job, datetime] = field(init=False)
    _looked_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Look for the first time."""
        self._begin(self.began_at)

    def _begin(self, now: datetime) -> None:
        self.next_at = {job: each.next_after(now, self.zone) for job, each in self.schedules.items()}
        self._looked_at = now

    def look(self, now: datetime) -> dict[Job, datetime]:
        """Return what has become due, and when it was; each of it once."""
        if now < self._looked_at - timedelta(days=1):  # the clock was far ahead: what it said is worth nothing
            self._begin(now)
        self._looked_at = now
        due = {job: self.next_at[job] for job in Job if job in self.next_at and now >= self.next_at[job]}
        self.next_at |= {job: self.schedules[job].next_after(now, self.zone) for job in due}
        return due


def first_states(plan: Plan, now: datetime) -> tuple[JobState, ...]:
    """Return how a plan stands of which nothing was done yet."""
    return tuple(
        JobState(job.value, plan.words[job], schedule.next_after(now, plan.zone))
        for job, schedule in plan.schedules.items()
    )


def job_in_words(job: JobState) -> str:
    """Return when it is due, and what came of it last."""
    due = f"{job.words}, next {job.next_at.astimezone():%a %d %b %H:%M %Z}"
    if job.is_running:
        return f"{due}, running now"
    missed = f", missed {job.missed_at.astimezone():%a %H:%M}" if job.missed_at else ""
    if job.last_at is None:
        return f"{due}{missed}"
    ended = [f"{job.count(status)} {status}" for status in ("done", "skipped", "failed") if job.count(status)]
    return f"{due}, last {job.last_at.astimezone():%a %H:%M}: {', '.join(ended) or 'no router'}{missed}"
