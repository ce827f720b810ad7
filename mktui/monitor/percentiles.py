"""Percentiles over time: the last hour finely, the last day coarsely. Pure: the time is an argument.

A step shows the worst that was seen in it: a peak is never smoothed away. A step in which nothing was answered is None.
Steps that are over are handed out, so that they can be kept, and what was kept is taken in again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mktui.monitor.steps import DAY_STEP, HOUR_STEP, Point, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mktui.core.pool.statistics import LatencyStatistics

_HOUR: Final = 120
_DAY: Final = 288


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

    def is_over(self, now: float) -> bool:
        """Say whether the step that was going on has ended by now."""
        return self._number is not None and now // self._step > self._number

    def add(self, now: float, point: Point | None) -> None:
        """Take in what is so now."""
        number = int(now // self._step)
        if self._number is not None and number > self._number:
            self._points.append(self._worst)
            missed = min(number - self._number - 1, self._points.maxlen or 0)
            self._points.extend([None] * missed)  # nobody looked: the process stood still
            self._worst = None
        self._number = number
        self._worst = _worse(self._worst, point)

    def going_on(self, now: float) -> Step | None:
        """Return the step that has not ended, as far as it is known."""
        if self._number is None or self._worst is None:
            return None  # nothing is known of it
        return Step(self._step, max(0.0, now - (self._number + 0.5) * self._step), self._worst)

    def recall(self, now: float, past: Iterable[Step]) -> None:
        """Take in steps of before, in their places; one that is known already is no second one."""
        current = int(now // self._step) if self._number is None else self._number
        room = self._points.maxlen or 0
        known = dict(enumerate(self._points, current - len(self._points)))
        for step in past:
            if step.length > self._step or not isinstance(step.figures, tuple):
                continue  # of a longer step nobody knows where in it the worst was; shorter ones make a longer one
            number = int((now - step.age) // self._step)
            if number == current:
                self._number, self._worst = current, _worse(self._worst, step.figures)
            elif current - room <= number < current:
                known[number] = _worse(known.get(number), step.figures)
        first = min(known, default=current)
        self._number = current
        self._points.clear()
        self._points.extend(known.get(number) for number in range(first, current))

    def steps(self, now: float) -> Iterator[Step]:
        """Yield the steps that are over and known, oldest first."""
        if self._number is not None:
            for number, point in enumerate(self._points, self._number - len(self._points)):
                if point is not None:
                    yield Step(self._step, now - (number + 0.5) * self._step, point)

    def points(self) -> tuple[Point | None, ...]:
        return tuple(self._points)


class Percentiles:
    """One router's percentiles."""

    def __init__(self) -> None:
        self.chart = Chart()
        """The same object until a step ends."""
        self._rings = _Ring(HOUR_STEP, _HOUR), _Ring(DAY_STEP, _DAY)

    def add(self, now: float, response: LatencyStatistics) -> list[Step]:
        """Take in the sliding minute as it is now; return the steps that have ended with it.

        ``now`` in seconds of a clock that goes on.
        """
        point = None
        if response.p50 is not None and response.p95 is not None and response.p99 is not None:
            point = response.p50, response.p95, response.p99
        ending = [ring for ring in self._rings if ring.is_over(now)]
        ended = [step for ring in ending if (step := ring.going_on(now)) is not None]
        for ring in self._rings:
            ring.add(now, point)
        if ending:
            self._draw()
        return ended

    def end(self, now: float) -> list[Step]:
        """Return the steps that end early, as at the program's end."""
        return [step for ring in self._rings if (step := ring.going_on(now)) is not None]

    def recall(self, now: float, past: Iterable[Step]) -> None:
        """Take in what was seen before, or by somebody else; what is known already stays, and a gap stays one."""
        past = list(past)
        for ring in self._rings:
            ring.recall(now, past)
        self._draw()

    def steps(self, now: float) -> list[Step]:
        """Return all that is over and known, for somebody else."""
        return [step for ring in self._rings for step in ring.steps(now)]

    def _draw(self) -> None:
        hour, day = self._rings
        self.chart = Chart(hour.points(), day.points())


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
