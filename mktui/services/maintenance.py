"""What is done by itself at set times, or now because somebody asks: connection tests, pool resets, syncs.

A router has one job at a time. When is decided by a ``Timetable``, which is pure. What was due long ago, while mktui
was off or the machine slept, is not made up for: a reset in the middle of the day is worse than none, a sync comes with
the next reconnect, a test with the next day.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.config.maintenance import Job
from mktui.core.pool.health import HealthStatus
from mktui.errors import MktuiError
from mktui.monitor.snapshot import JobOutcome
from mktui.services.automatic import is_paused
from mktui.services.syncing import in_words
from mktui.services.timetable import Timetable, first_states
from mktui.sync.order import Order
from mktui.sync.report import RowStatus

if TYPE_CHECKING:
    from datetime import datetime

    from anyio.abc import TaskGroup

    from mktui.monitor.snapshot import JobState
    from mktui.services.fleet import Fleet
    from mktui.services.timetable import Plan

LOOK: Final = 5.0
"""Seconds between two looks at the clock."""
AT_ONCE: Final = {Job.CHECK: 4, Job.RESET: 1, Job.SYNC: 4}
"""Routers at the same time."""
CAUSE: Final = "maintenance"


class Maintenance:
    """Carries out a plan on a fleet."""

    def __init__(self, fleet: Fleet, plan: Plan) -> None:
        self._fleet = fleet
        self._plan = plan
        self._timetable = Timetable(plan.schedules, plan.zone, clock.utc_now())
        self._turns: dict[str, anyio.Lock] = {}
        self._states = dict(zip(plan.schedules, first_states(plan, clock.utc_now()), strict=True))

    @property
    def states(self) -> tuple[JobState, ...]:
        """How it stands."""
        return tuple(self._state_of(job) for job in self._states)

    def _state_of(self, job: Job) -> JobState:
        state, missed_at = self._states[job], self._timetable.missed_at.get(job)
        is_made_up_for = missed_at is None or (state.last_at is not None and state.last_at > missed_at)
        return replace(
            state, next_at=self._by_its_clock(self._timetable.next_at[job]), routers=self.routers_of(job),
            missed_at=None if missed_at is None or is_made_up_for else self._by_its_clock(missed_at),
        )  # fmt: skip

    def _by_its_clock(self, at: datetime) -> datetime:
        return at.astimezone(self._plan.zone)

    def routers_of(self, job: Job) -> tuple[str, ...]:
        """Return whom a job is for, of the routers that there are now."""
        return tuple(name for name in self._fleet.names if self._plan.schedules[job].takes(name))

    def protected_by(self, job: Job) -> tuple[str, ...]:
        """Return the protected routers that a job changes: its schedule names them by their whole names."""
        named = (name for name in self.routers_of(job) if self._plan.schedules[job].names(name))
        return tuple(name for name in named if job is not Job.CHECK and self._fleet.service(name).setup.is_protected)

    async def run(self) -> None:
        """Look at the clock until cancelled."""
        async with anyio.create_task_group() as tasks:
            while True:
                for job in self._timetable.look(clock.utc_now(), clock.now()):
                    self.begin(job, tasks)
                await anyio.sleep(LOOK)

    def begin(self, job: Job, tasks: TaskGroup) -> bool:
        """Begin a job; False: it runs already."""
        if self._states[job].is_running:
            return False
        self._change(job, is_running=True, last_at=self._by_its_clock(clock.utc_now()), outcomes=(), seconds=None)
        tasks.start_soon(self._carry_out, job, name=f"maintenance: {job}")
        return True

    async def _carry_out(self, job: Job) -> None:
        places, begun_at = anyio.CapacityLimiter(AT_ONCE[job]), clock.now()
        try:
            async with anyio.create_task_group() as tasks:
                for name in self.routers_of(job):
                    tasks.start_soon(self._one, job, name, places)
        finally:
            self._change(job, is_running=False, seconds=clock.now() - begun_at)

    async def _one(self, job: Job, name: str, places: anyio.CapacityLimiter) -> None:
        async with places, self._turns.setdefault(name, anyio.Lock()):
            if name not in self._fleet.names:
                return  # taken out while it waited
            reason = await self._why_not(job, name)
            if reason:
                self._fleet.chronicle.audit(f"{job} ({CAUSE})", name, f"skipped: {reason}")
            status, text = ("skipped", reason) if reason else await self._do(job, name)
        if name in self._fleet.names:  # it may have been taken out meanwhile
            self._fleet.service(name).note(CAUSE, f"{job}: {status}{f': {text}' if text else ''}")
        outcome = JobOutcome(name, status, text, self._by_its_clock(clock.utc_now()))
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
        return "failed" if is_bad else "done", in_words(report)

    def _change(self, job: Job, **changes: object) -> None:
        self._states[job] = replace(self._states[job], **changes)  # type: ignore[arg-type]  # fields of a state
