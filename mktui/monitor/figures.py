"""The figures that are watched for trends, and a day of them in little room: minutes, and quarters of an hour."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, Final

from mktui.monitor.steps import MINUTE, QUARTER, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mktui.core.pool.options import PoolOptions
    from mktui.core.pool.statistics import PoolStatistics
    from mktui.monitor.snapshot import RouterFacts

MINUTES: Final = 60
QUARTERS_OF_A_DAY: Final = 96
QUARTERS: Final = 100
"""A day, and what was an hour around this time yesterday."""
ENOUGH_COMMANDS: Final = 10
"""A share of fewer commands says nothing."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One figure: what it is called, its unit, and from where on it hurts, the first limit first."""

    name: str
    unit: str
    limits: Callable[[PoolOptions], tuple[float, ...]]
    condense: Callable[[Sequence[float]], float] = median
    """How the readings of a minute become one."""


WATCHED: Final[dict[str, Watched]] = {
    "p95": Watched("p95", "s", lambda pool: (pool.slow_response, pool.command_timeout)),
    "error_percent": Watched("failed commands", "%", lambda _pool: (5.0, 50.0)),
    "utilisation_percent": Watched("slots taken", "%", lambda _pool: (90.0,), fmean),
    "oldest": Watched("the longest wait", "s", lambda pool: (1.0, pool.acquire_timeout), fmean),
    "cpu_percent": Watched("router cpu", "%", lambda _pool: (85.0,)),
    "memory_percent": Watched("router memory", "%", lambda _pool: (90.0,)),
}
"""By the names of ``Reading``'s fields. Limits are those at which health and diagnosis complain, and beyond them the
one at which commands are lost."""


def reading_of(pool: PoolStatistics, facts: RouterFacts) -> Reading:
    """Return the watched figures of one router now; of a router that is away, nothing is known."""
    if not pool.ready:
        return Reading()
    performance = pool.performance
    lately = performance.response.count + performance.failing
    return Reading(
        p95=performance.response.p95,
        error_percent=100.0 * performance.failing / lately if lately >= ENOUGH_COMMANDS else None,
        utilisation_percent=pool.utilisation_percent,
        oldest=pool.queue.oldest or 0.0,
        cpu_percent=facts.cpu_percent,
        memory_percent=facts.memory_percent,
    )


Point = tuple[float, float]
"""When, and how much."""
Points = deque[Point]


class Track:
    """One figure's last hour, minute by minute, and its last day and a little more, a point a quarter."""

    def __init__(self, condense: Callable[[Sequence[float]], float]) -> None:
        self.minutes: Points = deque(maxlen=MINUTES)
        self.quarters: Points = deque(maxlen=QUARTERS)
        self._condense = condense
        self._minute: list[float] = []
        self._quarter: list[float] = []

    def add(self, value: float | None) -> None:
        """Take one reading."""
        if value is not None:
            self._minute.append(value)

    def end_minute(self, now: float) -> float | None:
        """Make one point of the readings since the last call; return its value, None when there were none."""
        value = None
        if self._minute:
            value = self._condense(self._minute)
            self.minutes.append((now, value))
            self._quarter.append(value)
            self._minute = []
        _forget(self.minutes, now - (MINUTES + 1) * MINUTE)
        return value

    def end_quarter(self, now: float) -> float | None:
        """Make one point of the minutes since the last call; return its value, None when there were none."""
        value = None
        if self._quarter:
            value = median(self._quarter)
            self.quarters.append((now, value))
            self._quarter = []
        _forget(self.quarters, now - (QUARTERS + 1) * QUARTER)
        return value

    def recall(self, now: float, minutes: Sequence[Point], quarters: Sequence[Point], open_since: float) -> None:
        """Have these points and no others; minutes after ``open_since`` are in no quarter yet."""
        self.minutes, self.quarters = deque(minutes, maxlen=MINUTES), deque(quarters, maxlen=QUARTERS)
        self._quarter = [value for at, value in minutes if at > open_since]
        _forget(self.minutes, now - (MINUTES + 1) * MINUTE)
        _forget(self.quarters, now - (QUARTERS + 1) * QUARTER)

    def yesterday(self, now: float) -> float | None:
        """Return the most it was at this time yesterday, half an hour before until an hour after; None: not known."""
        begins = now - QUARTERS_OF_A_DAY * QUARTER - 1800
        return max((value for at, value in self.quarters if begins <= at <= begins + 5400), default=None)


def _forget(points: Points, until: float) -> None:
    while points and points[0][0] < until:
        points.popleft()
