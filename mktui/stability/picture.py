"""Latency over time as bars of text, for a terminal and for Markdown. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from mktui.stability.report import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mktui.stability.report import Series

_BARS: Final = "▁▂▃▄▅▆▇█"
FAILED: Final = "×"


def bars(series: Series, width: int, top: float | None = None) -> str:
    """Return bars of ``width`` columns at most, oldest first: how slow the slowest was, ``×`` where only failures were.

    ``top``: seconds that are a full bar; None: the slowest of all.
    """
    columns = moments(series, width)
    full = top or max((slow for slow, _ in columns if slow is not None), default=0.0) or 1.0
    return "".join(_bar(slow, failed, full) for slow, failed in columns)


def chart(series: Series, width: int, height: int, top: float) -> list[str]:
    """Return bars over ``height`` lines, the highest line first; ``×`` at the bottom where only failures were."""
    columns = moments(series, width)
    lines = []
    for line in range(height - 1, -1, -1):
        drawn = ""
        for slow, failed in columns:
            eighths = 0 if slow is None else max(1, round(slow / (top or 1.0) * height * 8)) - line * 8
            lost = FAILED if slow is None and failed and not line else " "
            drawn += lost if eighths <= 0 else _BARS[min(7, eighths - 1)]
        lines.append(drawn)
    return lines


def with_axes(series: Series, width: int, height: int, top: float) -> list[str]:
    """Return bars over ``height`` lines with a scale of seconds at their left, and the time that passed below them.

    ``width`` is that of the whole, scale included; ``top`` is a scale's top, as ``scale_of`` returns it.
    """
    scale = {0: number(top, "s"), height // 2: number(top / 2, "s")} if height > 3 else {0: number(top, "s")}
    left = max(map(len, scale.values()))
    drawn = chart(series, max(1, width - left - 2), height, top)
    lines = [f"{scale.get(at, ''):>{left}} {'┤' if at in scale else '│'}{line}" for at, line in enumerate(drawn)]
    columns = len(drawn[0])
    begin, end = "0 s", f"{series.step * len(series.slowest):.0f} s"
    below = f"{begin}{end:>{columns - len(begin)}}" if columns > len(begin) + len(end) else end
    return [*lines, f"{'0':>{left}} └{'─' * columns}", f"{'':{left}}  {below}"]


def scale_of(many: Sequence[Series]) -> float:
    """Return the top of a scale that all of them fit under: one, two or five, and noughts."""
    top = top_of(many) or 1.0
    tens = 10.0 ** math.floor(math.log10(top))
    return next(round(step * tens, 12) for step in (1, 2, 5, 10) if step * tens >= top * (1 - 1e-9))


def top_of(many: Sequence[Series]) -> float:
    """Return the slowest answer of several series, so that their pictures can be compared."""
    return max((value for series in many for value in series.slowest if value is not None), default=0.0)


def caption(series: Series) -> str:
    """Return what a picture shows in words: the highest bar, and how long it is."""
    failures = sum(series.failures)
    told = f"{FAILED} {failures:,} failed, " if failures else ""
    return f"{told}slowest {number(top_of([series]) or None, 's')}, {series.step * len(series.slowest):.0f} s"


def _bar(slow: float | None, failed: int, full: float) -> str:
    if slow is not None:
        return _BARS[min(7, int(slow / full * 7.999))]
    return FAILED if failed else " "


def moments(series: Series, width: int) -> list[tuple[float | None, int]]:
    """Return the slowest answer and the failures of each moment, put together until they fit."""
    together = max(1, -(-len(series.slowest) // max(1, width)))
    columns = []
    for at in range(0, len(series.slowest), together):
        known = [value for value in series.slowest[at : at + together] if value is not None]
        columns.append((max(known, default=None), sum(series.failures[at : at + together])))
    return columns
