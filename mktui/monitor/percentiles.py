"""Percentiles over time, kept in memory: the last hour finely, the last day coarsely. Pure: the time is an argument.

A step shows the worst that was seen in it: a peak is never smoothed away. A step in which nothing was answered is None.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mktui.core.pool.statistics import LatencyStatistics

HOUR_STEP: Final = 30.0
DAY_STEP: Final = 300.0
_HOUR: Final = 120
_DAY: Final = 288

Point = tuple[float, float, float]
"""p50, p95, p99, in seconds."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Whole steps, oldest first: up to 120 of 30 s, up to 288 of 5 min. The step that is going on is not in it."""

    hour: tuple[Point | None, ...] = ()
    day: tuple[Point | None, ...] = ()


class _Ring:
    """Steps of one length."""

    def __init__(self, step: float, count: int) -> None:
        self._step = step
        self._points: deque[Point | None] = deque(maxlen=count)
        self._number: int | None = None
        self._worst: Point | None = None

    def add(self, now: float, point: Point | None) -> bool:
        """Take in what is so now; True when a step has ended."""
        number = int(now // self._step)
        has_ended = self._number is not None and number > self._number
        if self._number is not None and has_ended:
            self._points.append(self._worst)
            missed = min(number - self._number - 1, self._points.maxlen or 0)
            self._points.extend([None] * missed)  # nobody looked: the process stood still
            self._worst = None
        self._number = number
        self._worst = _worse(self._worst, point)
        return has_ended

    def points(self) -> tuple[Point | None, ...]:
        return tuple(self._points)


class Percentiles:
    """One router's percentiles."""

    def __init__(self) -> None:
        self.chart = Chart()
        """The same object until a step ends."""
        self._hour, self._day = _Ring(HOUR_STEP, _HOUR), _Ring(DAY_STEP, _DAY)

    def add(self, now: float, response: LatencyStatistics) -> None:
        """Take in the sliding minute as it is now; ``now`` in seconds of a clock that goes on."""
        point = None
        if response.p50 is not None and response.p95 is not None and response.p99 is not None:
            point = response.p50, response.p95, response.p99
        has_ended = [ring.add(now, point) for ring in (self._hour, self._day)]
        if any(has_ended):
            self.chart = Chart(self._hour.points(), self._day.points())


def gathered(points: tuple[Point | None, ...], of: int) -> tuple[Point | None, ...]:
    """Return every ``of`` steps as one, counted from the newest."""
    first = len(points) % of
    groups = ([points[:first]] if first else []) + [points[at : at + of] for at in range(first, len(points), of)]
    return tuple(_worst(group) for group in groups)


def _worst(points: tuple[Point | None, ...]) -> Point | None:
    worst: Point | None = None
    for point in points:
        worst = _worse(worst, point)
    return worst


def _worse(one: Point | None, other: Point | None) -> Point | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one[0], other[0]), max(one[1], other[1]), max(one[2], other[2])
