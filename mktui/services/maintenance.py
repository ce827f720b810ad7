"""What is done by itself at set times: connection tests, pool resets, syncs. One task owns it.

A router has one job at a time. When is decided by ``Timetable``, which is pure. What was due while mktui was off, or
the machine slept, is not made up for: a reset in the middle of the day is worse than none, a sync comes with the next
reconnect, a test with the next day.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.config.maintenance import Job
from mktui.core.pool.health import HealthStatus
from mktui.errors import MktuiError
from mktui.monitor.snapshot import JobOutcome, JobState
from mktui.services.automatic import is_paused
from mktui.sync.order import Order
from mktui.sync.report import RowStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from mktui.config.maintenance import Schedule
    from mktui.services.fleet import Fleet

LOOK: Final = 5.0
"""Seconds between two looks at the clock."""
GRACE: Final = timedelta(minutes=10)
"""What is due for longer than this was missed."""
AT_ONCE: Final = {Job.CHECK: 4, Job.RESET: 1, Job.SYNC: 4}
"""Routers at the same time."""
CAUSE: Final = "maintenance"


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


class Maintenance:
    """Carries out a plan on a fleet."""

    def __init__(self, fleet: Fleet, plan: Plan) -> None:
        self._fleet = fleet
        self._plan = plan
        self._timetable = Timetable(plan.schedules, plan.zone, clock.utc_now())
        self._turns = {name: anyio.Lock() for name in fleet.names}
        self._states = dict(zip(plan.schedules, first_states(plan, clock.utc_now()), strict=True))

    @property
    def states(self) -> tuple[JobState, ...]:
        """How it stands."""
        return tuple(replace(each, next_at=self._timetable.next_at[job]) for job, each in self._states.items())

    async def run(self) -> None:
        """Look at the clock until cancelled."""
        async with anyio.create_task_group() as tasks:
            while True:
                now = clock.utc_now()
                for job, due_at in self._timetable.look(now).items():
                    if now - due_at > GRACE:
                        self._change(job, missed_at=due_at)
                    elif not self._states[job].is_running:
                        self._change(job, is_running=True, last_at=now, outcomes=())
                        tasks.start_soon(self._carry_out, job, name=f"maintenance: {job}")
                await anyio.sleep(LOOK)

    async def _carry_out(self, job: Job) -> None:
        places = anyio.CapacityLimiter(AT_ONCE[job])
        try:
            async with anyio.create_task_group() as tasks:
                for name in self._fleet.names:
                    if self._plan.schedules[job].takes(name):
                        tasks.start_soon(self._one, job, name, places)
        finally:
            self._change(job, is_running=False)

    async def _one(self, job: Job, name: str, places: anyio.CapacityLimiter) -> None:
        async with places, self._turns[name]:
            reason = await self._why_not(job, name)
            if reason:
                self._fleet.chronicle.audit(f"{job} ({CAUSE})", name, f"skipped: {reason}")
            status, text = ("skipped", reason) if reason else await self._do(job, name)
        self._fleet.service(name).note(CAUSE, f"{job}: {status}{f': {text}' if text else ''}")
        outcome = JobOutcome(name, status, text, clock.utc_now())
        self._change(job, outcomes=(*self._states[job].outcomes, outcome))

    async def _why_not(self, job: Job, name: str) -> str:
        """Return why a router is left alone; "": it is not."""
        service, schedule = self._fleet.service(name), self._plan.schedules[job]
        if job is Job.CHECK:
            return ""
        if self._plan.read_only:
            return "mktui is read-only"
        if service.setup.is_protected and not schedule.names(name):
            return "protected: only a schedule that names it by its whole name may do this"
        if service.client.health().status is HealthStatus.OFFLINE:
            return f"offline: {'; '.join(service.client.health().reasons)}"
        if job is Job.SYNC and await is_paused(name, self._fleet.office):
            return "its automatic syncs are held, or billing cannot be asked"
        return ""

    async def _do(self, job: Job, name: str) -> tuple[str, str]:
        """Return status and text."""
        try:
            if job is Job.CHECK:
                tested = await self._fleet.test(name, cause=CAUSE)
                return "done" if tested.ok else "failed", tested.verdict
            if job is Job.RESET:
                await self._fleet.reset(name, cause=CAUSE)
                return "done", ""
            report = await self._fleet.sync(name, Order(cause=CAUSE, prune=self._plan.prune))
        except MktuiError as error:
            return "failed", " ".join(str(error).split())
        is_bad = report.error or report.count(RowStatus.FAILED) or report.count(RowStatus.UNKNOWN)
        from mktui.services.syncing import in_words  # noqa: PLC0415 - a status says what is due, and syncs nothing

        return "failed" if is_bad else "done", in_words(report)

    def _change(self, job: Job, **changes: object) -> None:
        self._states[job] = replace(self._states[job], **changes)  # type: ignore[arg-type]  # fields of a state
