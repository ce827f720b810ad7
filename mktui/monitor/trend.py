"""Does a figure rise, how fast, and since when steadily: medians all the way, so that no spike is taken for a trend.

Theil-Sen: the slope is the median over all pairs of points, which up to a quarter of wild points cannot move. What
tells a trend from noise is Kendall's: the share of pairs that rise, less the share that fall. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

ENOUGH: Final = 24
"""Fewer points say nothing."""


@dataclass(frozen=True, slots=True)
class Trend:
    """How a figure moves. ``slope`` and its quartiles are per second; ``level`` is where it stands now."""

    level: float
    slope: float
    slower: float
    """A quarter of all pairs rise slower than this."""
    faster: float
    agreement: float
    """Pairs that rise less those that fall, as a share of all: 1 every pair rises, 0 no trend, -1 every pair falls."""
    largest_step: float
    """The largest part (0-1) of the whole rise that lies between two neighbouring quarters: a third when steady."""

    def seconds_until(self, limit: float, slope: float | None = None) -> float | None:
        """Return when ``limit`` is reached at ``slope``, or the middle one; None: never."""
        speed = self.slope if slope is None else slope
        return (limit - self.level) / speed if speed > 0 else None


def trend(times: Sequence[float], values: Sequence[float]) -> Trend | None:
    """Return the rising trend of points, oldest first; None: there are too few, or they plainly do not rise."""
    count = len(values)
    if count < ENOUGH:
        return None
    quarters = quarters_of(values)
    rise = quarters[3] - quarters[0]
    if rise <= 0 or quarters[3] < quarters[2]:
        return None
    points = list(zip(times, values, strict=True))
    slopes = sorted(
        (value - before) / (at - earlier)
        for index, (at, value) in enumerate(points)
        for earlier, before in points[:index]
    )
    slope = _median(slopes)
    middle_of_last = times[count * 7 // 8]
    return Trend(
        level=quarters[3] + slope * (times[-1] - middle_of_last),
        slope=slope,
        slower=slopes[len(slopes) // 4],
        faster=slopes[len(slopes) * 3 // 4],
        agreement=(sum(each > 0 for each in slopes) - sum(each < 0 for each in slopes)) / len(slopes),
        largest_step=max(later - earlier for earlier, later in pairwise(quarters)) / rise,
    )


def quarters_of(values: Sequence[float]) -> tuple[float, float, float, float]:
    """Return the medians of the first to the last quarter: how things moved, at a hundredth of a trend's cost."""
    count = len(values)
    first, second, third, last = (
        _median(sorted(values[count * part // 4 : count * (part + 1) // 4])) for part in range(4)
    )
    return first, second, third, last


def _median(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
