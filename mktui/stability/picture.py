"""Latency over time as a picture: bars of text for a terminal, inline SVG for a page. Pure."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from mktui.stability.report import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mktui.stability.report import Series

_BARS: Final = "▁▂▃▄▅▆▇█"
FAILED: Final = "×"
_WIDE: Final = 640
_HIGH: Final = 90


def bars(series: Series, width: int, top: float | None = None) -> str:
    """Return bars of ``width`` columns at most, oldest first: how slow the slowest was, ``×`` where only failures were.

    ``top``: seconds that are a full bar; None: the slowest of all.
    """
    columns = _columns(series, width)
    full = top or max((slow for slow, _ in columns if slow is not None), default=0.0) or 1.0
    return "".join(_bar(slow, failed, full) for slow, failed in columns)


def chart(series: Series, width: int, height: int, top: float) -> list[str]:
    """Return bars over ``height`` lines, the highest line first; ``×`` at the bottom where only failures were."""
    columns = _columns(series, width)
    lines = []
    for line in range(height - 1, -1, -1):
        drawn = ""
        for slow, failed in columns:
            eighths = 0 if slow is None else max(1, round(slow / (top or 1.0) * height * 8)) - line * 8
            lost = FAILED if slow is None and failed and not line else " "
            drawn += lost if eighths <= 0 else _BARS[min(7, eighths - 1)]
        lines.append(drawn)
    return lines


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


def _columns(series: Series, width: int) -> list[tuple[float | None, int]]:
    """Return the moments, put together until they fit."""
    together = max(1, -(-len(series.slowest) // max(1, width)))
    columns = []
    for at in range(0, len(series.slowest), together):
        known = [value for value in series.slowest[at : at + together] if value is not None]
        columns.append((max(known, default=None), sum(series.failures[at : at + together])))
    return columns


def svg(series: Series, top: float) -> str:
    """Return a picture as inline SVG: a bar for each moment, a mark below where something failed."""
    columns = _columns(series, 120)
    step = _WIDE / max(1, len(columns))
    full = top or 1.0
    parts = []
    for place, (slow, failed) in enumerate(columns):
        x = place * step
        if slow is not None:
            high = max(1.0, slow / full * _HIGH)
            parts.append(f'<rect class="bar" x="{x:.1f}" y="{_HIGH - high:.1f}" width="{step * 0.8:.1f}" '
                         f'height="{high:.1f}"/>')  # fmt: skip
        if failed:
            parts.append(f'<rect class="fault" x="{x:.1f}" y="{_HIGH + 3}" width="{step * 0.8:.1f}" height="5"/>')
    words = f"{series.name or 'latency'}: {caption(series)}"
    return (
        f'<svg viewBox="0 0 {_WIDE} {_HIGH + 10}" role="img" preserveAspectRatio="none">'
        f"<title>{escape(words)}</title>{''.join(parts)}</svg>"
    )
