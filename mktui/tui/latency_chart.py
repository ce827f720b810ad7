"""Percentiles over time as a picture: one colour a row, so that it costs few bytes. Pure.

Low terminals get a line of bars for each percentile, tall ones an area with a logarithmic scale. Both show the last
hour beside the last day; one span alone is an area with the clock below it. The newest is at the right; what nobody has
seen is empty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING, Final

from rich.text import Text

from mktui.monitor.percentiles import gathered
from mktui.monitor.steps import DAY_STEP, HOUR_STEP
from mktui.tui import words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mktui.core.pool.statistics import LatencyStatistics
    from mktui.monitor.percentiles import Chart
    from mktui.monitor.steps import Point
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


@dataclass(frozen=True, slots=True)
class Span:
    """One span of time that can be looked at alone: its words, a step's length in seconds, and how many it has."""

    words: str
    step: float
    steps: int
    is_day: bool

    @property
    def seconds(self) -> float:
        """Return how long it is."""
        return self.step * self.steps

    def points(self, chart: Chart) -> tuple[Point | None, ...]:
        """Return its steps."""
        return (chart.day if self.is_day else chart.hour)[-self.steps :]


SPANS: Final = (
    None, Span("1 h", HOUR_STEP, 120, is_day=False), Span("6 h", DAY_STEP, 72, is_day=True),
    Span("24 h", DAY_STEP, 288, is_day=True),
)  # fmt: skip
"""What can be chosen, one after the other; None: the hour and the day side by side."""
_ALONE_LEFT: Final = 6


def columns(room: int) -> tuple[int, int]:
    """Return how many columns the hour and the day get: as many as there are, and about as many each."""
    fitting = [pair for pair in product(_HOURS, _DAYS) if sum(pair) <= room]
    return max(fitting, key=lambda pair: sum(pair) - abs(pair[0] - pair[1]) / 2, default=(_HOURS[-1], _DAYS[-1]))


def lines(
    chart: Chart, now: LatencyStatistics, palette: Palette, *, key: str, size: tuple[int, int]
) -> list[Text]:  # fmt: skip
    """Return the picture, ``size`` columns and lines; ``key`` is the one that makes it larger.

    Below 8 lines, a line of bars for each percentile is all there is room for.
    """
    width, height = size
    hour, day = columns(width - _LEFT - 2 * _TOP - _GAP)
    pictures = [
        (f"{_span(60, hour)}", gathered(chart.hour, 120 // hour), hour),
        (f"{_span(1440, day)}", gathered(chart.day, 288 // day), day),
    ]
    if not any(point is not None for _, points, _ in pictures for point in points):
        return _young(now, palette)
    draw = _bars if height < 8 else _area
    return draw(pictures, now, palette, height, key)


def alone(
    span: Span, chart: Chart, now: LatencyStatistics, palette: Palette, *, at: datetime, key: str, size: tuple[int, int]
) -> list[Text]:
    """Return one span's picture, ``size`` columns and lines; ``at``: the time at its right end, ``key``: leads on."""
    width, height = size
    room = width - _ALONE_LEFT
    count = max((each for each in range(1, span.steps + 1) if span.steps % each == 0 and each <= room), default=1)
    wide = max(1, room // count)
    points = gathered(span.points(chart), span.steps // count)
    known = [point for point in points if point is not None]
    if not known:
        nothing = f"{'':<{_LEFT}}nothing was answered in this time, or nobody looked"
        return [_head(span, count, now, palette, key), Text(nothing, style=palette.quiet)]
    low, high = scale(min(point[0] for point in known), max(point[2] for point in known))
    rows, body, marks = [_head(span, count, now, palette, key)], height - 2, _marks(low, high, height - 2)
    for number in range(body):
        row = Text(f"{marks.get(number, ''):>{_ALONE_LEFT - 1}} ", style=palette.quiet)
        cells = _row(points, count, low * (high / low) ** ((body - number - 0.5) / body))
        row.append("".join(cell * wide for cell in cells).rstrip(), style=palette.accent)
        rows.append(row)
    return [*rows, Text(_clock(span, at, count * wide), style=palette.quiet)]


def _head(span: Span, count: int, now: LatencyStatistics, palette: Palette, key: str) -> Text:
    head = Text.assemble((f"{'Latency':<{_LEFT}}", palette.quiet))
    for glyph, name, value in zip(_BANDS, _NAMES, _now(now), strict=True):
        head.append(glyph, palette.accent).append(f" {name} {words.milliseconds(value)}   ")
    other = SPANS[(SPANS.index(span) + 1) % len(SPANS)]
    head.right_crop(2)
    head.append("ms   ").append(f"{span.words}, a column {_long(span.seconds / count)}   ", palette.quiet)
    return head.append(key, "bold").append(f" {other.words if other else 'both'}", palette.quiet)


def _marks(low: float, high: float, body: int) -> dict[int, str]:
    """Return what stands at the left of which line, in ms: the ends, and the tens and thirties between them."""
    marks = {0: f"{high * 1000:g}", body - 1: f"{low * 1000:g}"}
    for value in (base * 10.0**power for power in range(-5, 4) for base in (1, 3)):
        line = body - 1 - int(math.log(value / low) / math.log(high / low) * body) if low < value < high else 0
        if not {line - 1, line, line + 1} & marks.keys():
            marks[line] = f"{value * 1000:g}"
    return marks


def _clock(span: Span, at: datetime, width: int) -> str:
    """Return the times below a picture; its right end is now."""
    line, parts = "", 6 if width >= 54 else 3 if width >= 27 else 1
    for part in range(parts + 1):
        told = (at - timedelta(seconds=span.seconds * (1 - part / parts))).astimezone().strftime("%H:%M")
        place = _ALONE_LEFT + min(width - len(told), max(0, round(width * part / parts) - len(told) // 2))
        line = f"{line:<{place}}{told}" if len(line) < place else line
    return line


def _long(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:g} min" if seconds < 3600 else f"{seconds / 3600:g} h"


def _span(minutes: int, count: int) -> str:
    """Say how long a picture is, and what a column of it is."""
    return f"{'60 min' if minutes == 60 else '24 h'}, a column {_long(minutes * 60 / count)}"


def _young(now: LatencyStatistics, palette: Palette) -> list[Text]:
    figures = " · ".join(f"{name} {words.milliseconds(value)}" for name, value in zip(_NAMES, _now(now), strict=True))
    told = f"the picture begins after {HOUR_STEP:.0f} s, that of the day after {DAY_STEP / 60:.0f} min"
    return [
        Text.assemble((f"{'Latency':<{_LEFT}}", palette.quiet), f"{figures} ms"),
        Text(f"{'':<{_LEFT}}{told}", style=palette.quiet),
    ]


def _now(now: LatencyStatistics) -> tuple[float | None, ...]:
    return now.p50, now.p95, now.p99


Picture = tuple[str, "tuple[Point | None, ...]", int]


def _bars(pictures: list[Picture], now: LatencyStatistics, palette: Palette, _height: int, key: str) -> list[Text]:
    head = Text(f"{'Latency':<{_LEFT}}", style=palette.quiet)
    for title, _, count in pictures:
        head.append(f"{words.fit(title, count + _TOP - 1):<{count + _TOP}}{' ' * _GAP}")
    head.rstrip()
    rows = [head.append("   ").append(key, "bold").append(" larger")]
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


def _area(pictures: list[Picture], now: LatencyStatistics, palette: Palette, height: int, key: str) -> list[Text]:
    known = [point for _, points, _ in pictures for point in points if point is not None]
    low, high = scale(min(point[0] for point in known), max(point[2] for point in known))
    figures = " · ".join(f"{name} {words.milliseconds(value)}" for name, value in zip(_NAMES, _now(now), strict=True))
    legend = "  ".join(f"{glyph} {name}" for glyph, name in zip(_BANDS, _NAMES, strict=True))
    told = f"{figures} ms   ", (f"{legend}   ", palette.quiet), (key, "bold")
    rows = [Text.assemble((f"{'Latency':<{_LEFT}}", palette.quiet), *told, (" larger", palette.quiet))]
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


def _row(points: Sequence[Point | None], count: int, level: float) -> str:
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
