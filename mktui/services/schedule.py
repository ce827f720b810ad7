"""Where scheduled jobs are seen, and run now, in a fleet that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio.lowlevel import checkpoint

from mktui.config.maintenance import Job
from mktui.errors import ConfigError, WrongUse

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from mktui.monitor.snapshot import JobState
    from mktui.services.fleet import Fleet
    from mktui.services.maintenance import Maintenance
    from mktui.services.timetable import Plan


class ScheduleDesk:
    """Runs jobs that stand in the configuration; nothing is done by itself before ``keep``."""

    def __init__(self, fleet: Fleet, tasks: TaskGroup) -> None:
        self._fleet, self._tasks = fleet, tasks
        self._maintenance: Maintenance | None = None

    @property
    def states(self) -> tuple[JobState, ...]:
        """How each job stands; nothing when nobody keeps a schedule here."""
        return () if self._maintenance is None else self._maintenance.states

    def keep(self, plan: Plan) -> None:
        """Do by itself what a plan says, until the fleet is closed."""
        from mktui.services.maintenance import Maintenance  # noqa: PLC0415 - a status does nothing by itself

        self._maintenance = Maintenance(self._fleet, plan)
        self._tasks.start_soon(self._maintenance.run, name="maintenance")

    def protected_by(self, job: str) -> tuple[str, ...]:
        """Return the protected routers that a job changes; of a job that there is not, none."""
        known = any(each.job == job for each in self.states)
        return self._maintenance.protected_by(Job(job)) if known and self._maintenance is not None else ()

    async def run(self, job: str) -> None:
        """Begin a job now, as if it were due; it goes on when who asked has left.

        Raises:
            ConfigError: There is no such job in the schedule, or nobody keeps one here.
            WrongUse: It runs already.
        """
        await checkpoint()
        known = [each.job for each in self.states]
        if self._maintenance is None or job not in known:
            there = f"there are: {', '.join(known)}" if known else "[maintenance] says what is done by itself"
            raise ConfigError(f"no job is called {job!r}", remedy=there)
        if not self._maintenance.begin(Job(job), self._tasks):
            raise WrongUse(f"{job} runs already")
        self._fleet.chronicle.audit(f"run {job} now", "", "begun")
