"""Early warning: which figure of a router will cross a limit, when, and how sure that is. Pure; told the time.

Three looks: each minute at the last hour, each quarter of an hour at the last six hours and at the last day. None looks
further ahead than it can see back; the day's speaks only of a whole day, or every morning would be the beginning of the
end; and what was as high at this time yesterday is no news. A warning is given when it has held for some looks, and
taken back when it has not held for some more.

The numbers below were found by replaying simulated failures and well routers (tests/monitor/traces.py); they are
judged with other seeds.

Points are handed out as they are made, so that they can be kept; with those that were kept, the looks are taken again,
and an outlook knows what it would know if it had never stopped. A time that nobody has seen has no points.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING, Final

from mktui.errors import seconds_in_words
from mktui.monitor.figures import QUARTERS, WATCHED, Track
from mktui.monitor.snapshot import Forecast
from mktui.monitor.steps import MINUTE, QUARTER, Reading, Step
from mktui.monitor.trend import Trend, quarters_of, trend

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mktui.core.pool.options import PoolOptions
    from mktui.monitor.figures import Point

LIKELY: Final = "likely"
"""Seven of eight pairs of points rise, and even the slower quarter of them leads to the limit within the look."""
POSSIBLE: Final = "possible"
"""It rises steadily, and at its middle pace reaches the limit within the look."""


@dataclass(frozen=True, slots=True)
class Look:
    """How one of the looks judges."""

    points: int
    """The newest that it sees."""
    least: int
    """It is silent with fewer."""
    horizon: float
    """Seconds ahead; further it is silent."""
    agreement: float
    """Least share of rising pairs, less the falling ones."""
    raise_after: int
    """Looks in a row that must agree."""
    drop_after: int
    fresh: float
    """Seconds; when the newest point is older, the router is away and nothing is said."""
    reach: float
    """Seconds back; what is older is not seen, so that a gap does not make a look at hours one at two days."""


HOUR: Final = Look(
    points=60, least=24, horizon=3600.0, agreement=0.5, raise_after=4, drop_after=10, fresh=150.0, reach=61 * MINUTE
)
HOURS: Final = Look(
    points=24, least=24, horizon=4 * 3600.0, agreement=0.45, raise_after=1, drop_after=3, fresh=1000.0,
    reach=30 * QUARTER,
)  # fmt: skip
DAY: Final = Look(
    points=96, least=86, horizon=12 * 3600.0, agreement=0.4, raise_after=2, drop_after=3, fresh=1000.0,
    reach=(QUARTERS + 1) * QUARTER,
)  # fmt: skip
SURE: Final = 0.75
"""Agreement from which on a warning is likely and no longer only possible."""
STEADY: Final = 0.85
"""Largest part of the rise in one step between quarters: more is a step and no trend."""
FAR: Final = 3.0
"""Times the horizon beyond which a first glance is enough."""
NEWS: Final = 1.25
"""How much higher than yesterday at this time a figure must be."""


@dataclass(slots=True)
class _Standing:
    """What one look at one figure has said lately."""

    agreed: int = 0
    missed: int = 0
    given: Forecast | None = None

    def forget(self) -> None:
        self.agreed, self.missed, self.given = 0, 0, None

    def take(self, seen: Forecast | None, look: Look) -> None:
        if seen is None:
            self.agreed, self.missed = 0, self.missed + 1
            if self.missed >= look.drop_after:
                self.given = None
            return
        self.agreed, self.missed = self.agreed + 1, 0
        if self.given is not None or self.agreed >= look.raise_after:
            self.given = seen


@dataclass(slots=True)
class _Figure:
    track: Track
    hour: _Standing = field(default_factory=_Standing)
    hours: _Standing = field(default_factory=_Standing)
    day: _Standing = field(default_factory=_Standing)

    @property
    def given(self) -> Forecast | None:
        """What the nearest look says that says something, and where the figure stands now: the trend may have ended."""
        given = self.hour.given or self.hours.given or self.day.given
        if given is None or not self.track.minutes:
            return given
        level = self.track.minutes[-1][1]
        return replace(given, level=level, seconds=given.seconds if level < given.limit else 0.0)


class Outlook:
    """One router's figures and what they will come to. Some 20 kB, whatever happens."""

    def __init__(self) -> None:
        self.forecasts: tuple[Forecast, ...] = ()
        self._figures = {name: _Figure(Track(watched.condense)) for name, watched in WATCHED.items()}
        self._begun_at: float | None = None
        self._minute_ends_at = 0.0
        self._quarter_begun_at: float | None = None

    def take(self, now: float, reading: Reading, pool: PoolOptions) -> list[Step]:
        """Take one reading, as often as one likes; once a minute ``forecasts`` is made anew.

        Returns the minute, and the quarter of an hour, that have ended with it.
        """
        if self._begun_at is None:
            self._begun_at, self._minute_ends_at = now, now + MINUTE
        if self._quarter_begun_at is None:
            self._quarter_begun_at = now
        for name, figure in self._figures.items():
            figure.track.add(getattr(reading, name))
        if now < self._minute_ends_at:
            return []
        self._minute_ends_at = now + MINUTE
        is_quarter = now >= self._quarter_begun_at + QUARTER
        self._quarter_begun_at = now if is_quarter else self._quarter_begun_at
        minute = {name: figure.track.end_minute(now) for name, figure in self._figures.items()}
        quarter = {name: figure.track.end_quarter(now) for name, figure in self._figures.items()} if is_quarter else {}
        for name, figure in self._figures.items():
            _look_at(name, figure, now, pool, is_quarter=is_quarter)
        self.forecasts = _sooner_first(self._figures)
        return [
            Step(length, 0.0, Reading(**values))
            for length, values in ((MINUTE, minute), (QUARTER, quarter))
            if any(value is not None for value in values.values())
        ]

    def recall(self, now: float, past: Iterable[Step], pool: PoolOptions) -> None:
        """Take in what was seen before the first reading, and look again; may be done late, and more than once."""
        begun_at = now if self._begun_at is None else self._begun_at
        past = list(past)
        minutes, quarters = _before(past, MINUTE, now, begun_at), _before(past, QUARTER, now, begun_at)
        open_since = begun_at if self._quarter_begun_at is None else self._quarter_begun_at
        begun = quarters[-1][0] if quarters else minutes[0][0] - MINUTE if minutes else None
        if begun is not None and begun + QUARTER > now and open_since <= begun_at:
            self._quarter_begun_at = open_since = begun  # it goes on where it was left
        elif begun is not None and (left := [each for each in minutes if each[0] > begun]):
            quarters.append((left[-1][0], _middle(left)))
        for name, figure in self._figures.items():
            before = _known(name, minutes), _known(name, quarters)
            _look_again(name, figure, before, (now, begun_at, open_since), WATCHED[name].limits(pool))
        self.forecasts = _sooner_first(self._figures)


Readings = list[tuple[float, Reading]]


def _before(past: Iterable[Step], length: float, now: float, begun_at: float) -> Readings:
    """Return readings of one length, oldest first, as far as they are from before."""
    found = [(now - each.age, each.figures) for each in past if each.length == length and now - each.age < begun_at]
    return sorted(((at, each) for at, each in found if isinstance(each, Reading)), key=lambda each: each[0])


def _known(name: str, readings: Readings) -> list[Point]:
    return [(at, value) for at, each in readings if (value := getattr(each, name)) is not None]


def _middle(readings: Readings) -> Reading:
    values = {name: [value for _, value in _known(name, readings)] for name in WATCHED}
    return Reading(**{name: median(of) for name, of in values.items() if of})


def _look_at(name: str, figure: _Figure, now: float, pool: PoolOptions, *, is_quarter: bool) -> None:
    limits, track = WATCHED[name].limits(pool), figure.track
    yesterday = track.yesterday(now)
    figure.hour.take(forecast(name, track.minutes, limits, HOUR, now=now, yesterday=yesterday), HOUR)
    if is_quarter:
        figure.hours.take(forecast(name, track.quarters, limits, HOURS, now=now, yesterday=yesterday), HOURS)
        figure.day.take(forecast(name, track.quarters, limits, DAY, now=now, yesterday=yesterday), DAY)


def _look_again(
    name: str, figure: _Figure, before: tuple[list[Point], list[Point]], times: tuple[float, float, float],
    limits: tuple[float, ...],
) -> None:  # fmt: skip
    """Give one figure its past, and take the looks that it has missed; ``times``: now, our beginning, the quarter's."""
    now, begun_at, open_since = times
    track = figure.track
    minutes, quarters = (
        [*past, *(each for each in own if each[0] >= begun_at)]
        for past, own in zip(before, (track.minutes, track.quarters), strict=True)
    )
    track.recall(now, minutes, quarters, open_since)
    for standing, points, look, every in (
        (figure.hour, minutes, HOUR, MINUTE), (figure.hours, quarters, HOURS, QUARTER),
        (figure.day, quarters, DAY, QUARTER),
    ):  # fmt: skip
        standing.forget()
        for ago in range(look.raise_after + look.drop_after, -1, -1):
            at = now - ago * every
            seen = [each for each in points if each[0] <= at]
            standing.take(forecast(name, seen, limits, look, now=at, yesterday=track.yesterday(at)), look)


def _sooner_first(figures: Mapping[str, _Figure]) -> tuple[Forecast, ...]:
    given = [each.given for each in figures.values()]
    return tuple(sorted((each for each in given if each is not None), key=lambda each: each.seconds))


def forecast(
    name: str, points: Sequence[Point], limits: tuple[float, ...], look: Look, *, now: float, yesterday: float | None
) -> Forecast | None:
    """Return what one look at one figure says; None: nothing is coming."""
    seen = [each for each in points if each[0] >= now - look.reach][-look.points :]
    if len(seen) < look.least or now - seen[-1][0] > look.fresh:
        return None
    times, values = [at for at, _ in seen], [value for _, value in seen]
    if not _may_arrive(quarters_of(values), times[-1] - times[0], limits, look):
        return None
    found = trend(times, values)
    if found is None or found.agreement < look.agreement or found.largest_step > STEADY:
        return None
    limit = next((each for each in limits if each > found.level), None)
    seconds = found.seconds_until(limit) if limit is not None else None
    if limit is None or seconds is None or seconds > look.horizon:
        return None
    if yesterday is not None and found.level < NEWS * yesterday:
        return None
    return Forecast(name, found.level, limit, seconds, confidence=_confidence(found, limit, look))


def _may_arrive(
    quarters: tuple[float, float, float, float], span: float, limits: tuple[float, ...], look: Look
) -> bool:
    """Say whether a trend is worth its cost: nearly always it is plain that no limit is near."""
    limit = next((each for each in limits if each > quarters[3]), None)
    pace = (quarters[3] - quarters[0]) / (0.75 * span)
    return limit is not None and pace > 0 and limit - quarters[3] <= FAR * pace * look.horizon


def _confidence(found: Trend, limit: float, look: Look) -> str:
    at_slowest = found.seconds_until(limit, found.slower)
    is_sure = found.agreement >= SURE and at_slowest is not None and at_slowest <= look.horizon
    return LIKELY if is_sure else POSSIBLE


def in_words(each: Forecast) -> str:
    """Return a warning as people say it: what, up to where, when, how sure."""
    watched = WATCHED[each.figure]
    when = "now" if each.seconds < MINUTE else f"in about {_ahead(each.seconds)}"
    return f"{watched.name} reaches {_amount(each.limit, watched.unit)} {when} ({each.confidence})"


def evidence(each: Forecast) -> str:
    """Return the same with where the figure stands."""
    return f"{in_words(each)}; now {_amount(each.level, WATCHED[each.figure].unit)}"


def _amount(value: float, unit: str) -> str:
    return seconds_in_words(value) if unit == "s" else f"{value:.0f} {unit}"


def _ahead(seconds: float) -> str:
    """Return no more digits than are meant: steps of 1, 5 and 30 min, so that a still screen stays still."""
    step = 60.0 if seconds < 900 else 300.0 if seconds < 7200 else 1800.0
    minutes = round(max(step, round(seconds / step) * step) / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:g} h"
