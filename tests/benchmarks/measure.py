"""One line of the table, and how to time."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@dataclass(frozen=True)
class Line:
    """One comparison. ``ratio`` is what the target speaks of; texts are for people; ``repeats`` were measured."""

    work: str
    ours: str
    theirs: str
    ratio: float
    target: str
    reached: bool | None
    repeats: int

    def cells(self, *, judged: bool = True) -> tuple[str, ...]:
        """Return the line's cells; a smoke run is not ``judged``."""
        verdict = "–" if self.reached is None or not judged else "yes" if self.reached else "no"
        return self.work, self.ours, self.theirs, f"{self.ratio:.2f}", self.target, verdict, str(self.repeats)


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that one run takes."""
    gc.collect()
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


async def timed_async(work: Callable[[], Awaitable[object]]) -> float:
    """Return the seconds that one run takes."""
    gc.collect()
    begun = time.perf_counter()
    await work()
    return time.perf_counter() - begun


def median(times: list[float]) -> float:
    """Return the median."""
    return statistics.median(times)


def ms(seconds: float) -> str:
    """Return a duration in milliseconds."""
    return f"{1000 * seconds:.1f} ms"
