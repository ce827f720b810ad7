"""What one router's figures come to over time: its hours, and where it is heading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui import clock
from mktui.monitor.figures import reading_of
from mktui.monitor.hours import HourBook
from mktui.monitor.outlook import Outlook

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mktui.core.pool.options import PoolOptions
    from mktui.core.pool.statistics import PoolStatistics
    from mktui.monitor.hours import RouterHour
    from mktui.monitor.snapshot import Forecast, RouterFacts, SyncState
    from mktui.monitor.steps import Step


class Course:
    """Takes the figures of one router, as often as one likes."""

    def __init__(self, router: str) -> None:
        self._outlook = Outlook()
        self._hours = HourBook(router)

    def take(
        self, pool: PoolStatistics, facts: RouterFacts, sync: SyncState, options: PoolOptions
    ) -> tuple[RouterHour | None, list[Step]]:
        """Take what is so now; return the hour that is over, when one is, and the steps of the trends."""
        steps = self._outlook.take(clock.now(), reading_of(pool, facts), options)
        return self._hours.take(clock.utc_now(), pool, facts, sync), steps

    def recall(self, now: float, past: Iterable[Step], options: PoolOptions) -> None:
        """Take in what was kept of before."""
        self._outlook.recall(now, past, options)

    @property
    def forecasts(self) -> tuple[Forecast, ...]:
        """Limits that will be crossed, the soonest first."""
        return self._outlook.forecasts

    def end(self) -> RouterHour | None:
        """End the hour early; None when too little of it was seen."""
        return self._hours.end()
