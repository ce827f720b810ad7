"""What charts and trends are made of, kept so that it outlives the program: one router in one step of time. Pure.

A step is handed over with its age, so that the clocks of two starts, or of two machines, are never compared; only the
file knows the calendar, and what a clock that jumped has written there is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MINUTE: Final = 60.0
QUARTER: Final = 900.0
HOUR_STEP: Final = 30.0
DAY_STEP: Final = 300.0
KEPT: Final[dict[float, float]] = {
    HOUR_STEP: 3600.0 + HOUR_STEP, DAY_STEP: 86_400.0 + DAY_STEP, MINUTE: 80 * MINUTE, QUARTER: 106 * QUARTER,
}  # fmt: skip
"""Length of a step -> seconds for which it is of use. Charts: an hour finely, a day coarsely. Trends: an hour and the
looks that led to a warning; a day, and what was an hour around this time yesterday."""

Point = tuple[float, float, float]
"""p50, p95, p99, in seconds."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The watched figures at one moment; None: nobody knows. Durations in seconds."""

    p95: float | None = None
    error_percent: float | None = None
    utilisation_percent: float | None = None
    oldest: float | None = None
    cpu_percent: float | None = None
    memory_percent: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step that is over: ``length`` and ``age`` in seconds. A step of which nobody knows anything is none.

    A chart's has a point, and the age of its middle; a trend's has a reading, and the age of its end.
    """

    length: float
    age: float
    figures: Point | Reading


@dataclass(frozen=True, slots=True)
class KeptStep:
    """A step as it is in the file: whose it is, and when it was by the calendar, in seconds since 1970."""

    router: str
    at: float
    length: float
    figures: Point | Reading


@dataclass(frozen=True, slots=True)
class Past:
    """What a file has of some routers, in the order in which it was written."""

    steps: Mapping[str, tuple[KeptStep, ...]]
    doubted: int = 0
    """Steps that were left out: by their time, the clock was wrong then or is wrong now."""

    def of(self, router: str, now: float) -> list[Step]:
        """Return one router's steps as old as they are at ``now``, in seconds since 1970."""
        return [Step(each.length, max(0.0, now - each.at), each.figures) for each in self.steps.get(router, ())]


def past_of(written: Iterable[KeptStep], now: float) -> Past:
    """Sort steps by router, and leave out those whose time cannot be: later than now, or than what came after them.

    ``written``: in the order of writing, which no clock can change. A clock that was set back has written later times
    before earlier ones; a step or so of that comes from two programs that each have steps of their own.
    """
    bounds: dict[tuple[str, float], float] = {}
    found: dict[str, list[KeptStep]] = {}
    doubted = 0
    for step in reversed(list(written)):
        key, slack = (step.router, step.length), max(step.length, MINUTE)
        latest = bounds.get(key, now)
        if step.at > latest + slack:
            doubted += 1
            continue
        bounds[key] = min(latest, step.at)
        found.setdefault(step.router, []).append(step)
    return Past({router: tuple(reversed(steps)) for router, steps in found.items()}, doubted)
