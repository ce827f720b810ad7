"""Latency over time as inline SVG for a page, with its axes. Pure."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from mktui.stability.picture import caption, moments
from mktui.stability.report import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mktui.stability.report import Series

_LEFT: Final = 64
"""Where the time begins; before it stands the scale."""
_WIDE: Final = 640
_TOP: Final = 10
_HIGH: Final = 110
_COLUMNS: Final = 160
_LINES: Final = 4
"""Parts of the scale."""
_TICKS: Final = 5
"""Parts of the time."""
_FAULT: Final = 6
STYLE: Final = """
.plot { width: 100%; height: auto; } .plot text { font: 11px system-ui, sans-serif; fill: var(--quiet); }
.grid { stroke: var(--line); } .axis { stroke: var(--quiet); } .bar { fill: var(--bar); } .fault { fill: var(--bad); }
"""


def svg(series: Series, top: float) -> str:
    """Return a picture: a bar for each moment as high as its slowest answer, a mark below where something failed.

    ``top``: the scale's, in seconds; ``picture.scale_of`` gives one that several pictures can share.
    """
    words = f"{series.name or 'latency'}: {caption(series)}"
    drawn = "".join((*_scale(top), *_time(series), *_bars(series, top)))
    return (
        f'<svg class="plot" viewBox="0 0 {_LEFT + _WIDE + 24} {_TOP + _HIGH + _FAULT + 24}" role="img">'
        f"<title>{escape(words)}</title>{drawn}</svg>"
    )


def _scale(top: float) -> Iterator[str]:
    """Yield the lines across, each with its seconds at the left."""
    for part in range(_LINES + 1):
        y = _TOP + _HIGH * (1 - part / _LINES)
        kind = "grid" if part else "axis"
        yield f'<line class="{kind}" x1="{_LEFT}" x2="{_LEFT + _WIDE}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield _word(_LEFT - 6, y + 4, number(top * part / _LINES, "s") if part else "0", "end")


def _time(series: Series) -> Iterator[str]:
    """Yield the line at the left, and the seconds that have passed below the picture."""
    yield f'<line class="axis" x1="{_LEFT}" x2="{_LEFT}" y1="{_TOP}" y2="{_TOP + _HIGH}"/>'
    length = series.step * len(series.slowest)
    for part in range(_TICKS + 1):
        x = _LEFT + _WIDE * part / _TICKS
        yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP + _HIGH}" y2="{_TOP + _HIGH + 3}"/>'
        yield _word(x, _TOP + _HIGH + _FAULT + 18, f"{length * part / _TICKS:.3g} s", "middle")


def _bars(series: Series, top: float) -> Iterator[str]:
    columns = moments(series, _COLUMNS)
    step = _WIDE / max(1, len(columns))
    for place, (slow, failed) in enumerate(columns):
        x, width = _LEFT + place * step, step * 0.85
        if slow is not None:
            high = min(_HIGH, max(1.0, slow / top * _HIGH))
            yield _box("bar", x, _TOP + _HIGH - high, width, high)
        if failed:
            yield _box("fault", x, _TOP + _HIGH + 3, width, _FAULT)


def _box(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _word(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
