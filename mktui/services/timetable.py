"""When scheduled jobs are due, and how they stand, in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from mktui.config.maintenance import Job
from mktui.monitor.snapshot import JobState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import tzinfo

    from mktui.config.maintenance import Schedule


GRACE: Final = timedelta(hours=1)
"""What is due for longer than this was missed: mktui was off, the machine slept, or its clock was far behind.

An hour, so that a clock that is set forward leaves out nothing that is done every hour, nor a night's job.
"""


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
    """When each job is next due, by a clock that somebody may set.

    A due time that comes again, since the clock was set back, is the same one as long as less than half of the time to
    the next has gone by; after that it is a new one. So nothing is done twice at once, and nothing waits until a clock
    has caught up. Of several that have passed at once the last counts; one that is past for longer than ``GRACE`` was
    missed, and is done when it comes again.
    """

    schedules: Mapping[Job, Schedule]
    zone: tzinfo
    began_at: datetime
    next_at: dict[Job, datetime] = field(init=False)
    missed_at: dict[Job, datetime] = field(init=False, default_factory=dict)
    """The due time that was missed last."""
    _looked_at: datetime = field(init=False)
    _done: dict[Job, tuple[datetime, float]] = field(init=False, default_factory=dict)
    """The due time that was done last, and the uptime then."""

    def __post_init__(self) -> None:
        """Look for the first time."""
        self._looked_at = self.began_at
        self.next_at = {job: each.next_after(self.began_at, self.zone) for job, each in self.schedules.items()}

    def look(self, now: datetime, uptime: float) -> dict[Job, datetime]:
        """Return what is to be done now, and when it was due. ``uptime``: seconds of a clock that nobody can set."""
        was_set_back, self._looked_at = now < self._looked_at, now
        due: dict[Job, datetime] = {}
        for job, schedule in self.schedules.items():
            if now >= self.next_at[job]:
                latest = schedule.last_until(now, self.zone)
                if now - latest > GRACE:
                    self.missed_at[job] = latest
                elif not self._was_done(job, latest, uptime):
                    due[job] = latest
                    self._done[job] = latest, uptime
                    self._make_up_for(job, latest)
            elif not was_set_back:
                continue
            self.next_at[job] = self._next(job, now, uptime)
        return {job: due[job] for job in Job if job in due}

    def _make_up_for(self, job: Job, due_at: datetime) -> None:
        if self.missed_at.get(job) == due_at:
            del self.missed_at[job]

    def _next(self, job: Job, now: datetime, uptime: float) -> datetime:
        """Return the first due time that is not one that was just done."""
        found = self.schedules[job].next_after(now, self.zone)
        while self._was_done(job, found, uptime + (found - now).total_seconds()):
            found = self.schedules[job].next_after(found, self.zone)
        return found

    def _was_done(self, job: Job, due_at: datetime, uptime: float) -> bool:
        """Say whether a due time was done already, as seen at an uptime."""
        if job not in self._done or due_at > self._done[job][0]:
            return False
        length = self.schedules[job].next_after(due_at, self.zone) - due_at
        return uptime - self._done[job][1] < length.total_seconds() / 2


def first_states(plan: Plan, now: datetime, routers: Iterable[str] = ()) -> tuple[JobState, ...]:
    """Return how a plan stands of which nothing was done yet; ``routers`` are those that there are."""
    known = tuple(routers)
    return tuple(
        JobState(
            job.value, plan.words[job], schedule.next_after(now, plan.zone).astimezone(plan.zone),
            routers=tuple(name for name in known if schedule.takes(name)),
        )
        for job, schedule in plan.schedules.items()
    )  # fmt: skip


def with_zone(at: datetime, form: str = "%a %d %b %H:%M") -> str:
    """Return a time as the clock shows it that it was made by, and how far that clock is from UTC."""
    minutes = round((at.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    away = f"{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}" if minutes else ""
    return f"{at:{form}} UTC{away}"


def job_in_words(job: JobState) -> str:
    """Return when it is due, and what came of it last."""
    due = f"{job.words}, next {with_zone(job.next_at)}"
    if job.is_running:
        return f"{due}, running now"
    missed = f", missed {with_zone(job.missed_at)}" if job.missed_at else ""
    if job.last_at is None:
        return f"{due}{missed}"
    took = "" if job.seconds is None else f" in {job.seconds:.1f} s"
    return f"{due}, last {with_zone(job.last_at)}: {ended_in_words(job)}{took}{missed}"


def ended_in_words(job: JobState) -> str:
    """Return how many routers of its last run ended how."""
    ended = [f"{job.count(status)} {status}" for status in ("failed", "skipped", "done") if job.count(status)]
    return ", ".join(ended) or "no router"
