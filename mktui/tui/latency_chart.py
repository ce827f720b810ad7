"""Percentiles over time as a picture: one colour a row, so that it costs few bytes. Pure.

Low terminals get a line of bars for each percentile, tall ones an area with a logarithmic scale. Both show the last
hour beside the last day; the newest is at the right.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Final

from rich.text import Text

from mktui.monitor.percentiles import DAY_STEP, HOUR_STEP, gathered
from mktui.tui import words

if TYPE_CHECKING:
    from mktui.core.pool.statistics import LatencyStatistics
    from mktui.monitor.percentiles import Chart, Point
    from mktui.tui.palette import Palette

_HOURS: Final = (120, 60, 40, 30, 24, 20, 15, 10)
_DAYS: Final = (288, 144, 96, 72, 48, 36, 24, 18, 12)
"""Columns that steps can be gathered into evenly."""
_NAMES: Final = ("p50", "p95", "p99")
_BANDS: Final = "█▒░"
_TOP: Final = 7
"""Columns for the highest value, or for the scale."""
_LEFT: Final = 9
_GAP: Final = 2


def columns(room: int) -> tuple[int, int]:
    """Return how many columns the hour and the day get: as many as there are, and about as many each."""
    fitting = [pair for pair in product(_HOURS, _DAYS) if sum(pair) <= room]
    return max(fitting, key=lambda pair: sum(pair) - abs(pair[0] - pair[1]) / 2, default=(_HOURS[-1], _DAYS[-1]))


def lines(chart: Chart, now: LatencyStatistics, palette: Palette, width: int, height: int) -> list[Text]:
    """Return the picture, ``height`` lines; below 8, a line of bars for each percentile is all there is room for."""
    hour, day = columns(width - _LEFT - 2 * _TOP - _GAP)
    pictures = [
        (f"{_span(60, hour)}", gathered(chart.hour, 120 // hour), hour),
        (f"{_span(1440, day)}", gathered(chart.day, 288 // day), day),
    ]
    if not any(point is not None for _, points, _ in pictures for point in points):
        return _young(now, palette)
    draw = _bars if height < 8 else _area
    return draw(pictures, now, palette, height)


def _span(minutes: int, count: int) -> str:
    """Say how long a picture is, and what a column of it is."""
    each = minutes * 60 / count
    step = f"{each:.0f} s" if each < 60 else f"{each / 60:g} min" if each < 3600 else f"{each / 3600:g} h"
    return f"{'60 min' if minutes == 60 else '24 h'}, a column {step}"


def _young(now: LatencyStatistics, palette: Palette) -> list[Text]:
    figures = " · ".join(f"{name} {words.milliseconds(value)}" for name, value in zip(_NAMES, _now(now), strict=True))
    told = f"{figures} ms   the picture begins after {HOUR_STEP:.0f} s, that of the day after {DAY_STEP / 60:.0f} min"
    return [Text.assemble((f"{'Latency':<{_LEFT}}", palette.quiet), told)]


def _now(now: LatencyStatistics) -> tuple[float | None, ...]:
    return now.p50, now.p95, now.p99


Picture = tuple[str, "tuple[Point | None, ...]", int]


def _bars(pictures: list[Picture], now: LatencyStatistics, palette: Palette, _height: int) -> list[Text]:
    head = Text(f"{'Latency':<{_LEFT}}", style=palette.quiet)
    for title, _, count in pictures:
        head.append(f"{words.fit(title, count + _TOP - 1):<{count + _TOP}}{' ' * _GAP}")
    rows = [head]
    for place, value in enumerate(_now(now)):
        row = Text.assemble((f"{_NAMES[place]} ", palette.quiet), f"{words.milliseconds(value):>4} ")
        for _, points, count in pictures:
            values = [None if point is None else point[place] for point in points]
            top = max((each for each in values if each is not None), default=None)
            row.append(words.sparkline(values, count), style=palette.accent)
            row.append(f"{words.milliseconds(top):>5}{' ' * (_TOP - 5 + _GAP)}", style=palette.quiet)
        row.rstrip()
        rows.append(row)
    return rows


def _area(pictures: list[Picture], now: LatencyStatistics, palette: Palette, height: int) -> list[Text]:
    known = [point for _, points, _ in pictures for point in points if point is not None]
    low, high = scale(min(point[0] for point in known), max(point[2] for point in known))
    figures = " · ".join(f"{name} {words.milliseconds(value)}" for name, value in zip(_NAMES, _now(now), strict=True))
    legend = "  ".join(f"{glyph} {name}" for glyph, name in zip(_BANDS, _NAMES, strict=True))
    rows = [Text.assemble((f"{'Latency':<{_LEFT}}", palette.quiet), f"{figures} ms   ", (legend, palette.quiet))]
    body = height - 2
    for number in range(body):
        level = low * (high / low) ** ((body - number - 0.5) / body)
        mark = {0: high, body - 1: low}.get(number)
        row = Text(f"{'' if mark is None else _mark(mark):>{_LEFT - 1}} ", style=palette.quiet)
        for _, points, count in pictures:
            row.append(_row(points, count, level), style=palette.accent)
            row.append(" " * (_GAP + _TOP // 2))
        row.rstrip()
        rows.append(row)
    foot = " " * _LEFT + "".join(f"{title:<{count + _GAP + _TOP // 2}}" for title, _, count in pictures)
    return [*rows, Text(foot.rstrip(), style=palette.quiet)]


def _mark(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"


def _row(points: tuple[Point | None, ...], count: int, level: float) -> str:
    cells = "".join(
        " " if point is None else next((glyph for glyph, at in zip(_BANDS, point, strict=True) if at >= level), " ")
        for point in points[-count:]
    )
    return cells.rjust(count)


def scale(low: float, high: float) -> tuple[float, float]:
    """Return the ends of a logarithmic scale, in seconds: 1 or 3 times a power of ten, so that it seldom changes."""
    ends = [base * 10.0**power for power in range(-5, 4) for base in (1, 3)]
    bottom = max((end for end in ends if end <= low * (1 + 1e-9)), default=ends[0])
    top = min((end for end in ends if end >= high * (1 - 1e-9)), default=ends[-1])
    return bottom, top if top > bottom else bottom * math.sqrt(10)
