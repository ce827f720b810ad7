"""What one scenario has seen so far: figures, and every command's time. Bounded however long it runs."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from mktui import clock
from mktui.errors import MktuiError
from mktui.stability.report import Figure, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_BUCKETS: Final = 120
_FIRST_STEP: Final = 0.05
"""Seconds; it doubles whenever a picture would become too wide."""


class Timeline:
    """The slowest answer and the failures of each moment, as many moments as a picture has room for. Pure."""

    def __init__(self, begun_at: float) -> None:
        self.begun_at = begun_at
        self.step = _FIRST_STEP
        self._slowest: list[float | None] = []
        self._failures: list[int] = []

    def add(self, at: float, took: float | None) -> None:
        """Take in a command that was asked at ``at``; ``took`` None: it failed."""
        place = int(max(0.0, at - self.begun_at) / self.step)
        while place >= _BUCKETS:
            self._halve()
            place //= 2
        missing = place + 1 - len(self._slowest)
        self._slowest += [None] * missing
        self._failures += [0] * missing
        if took is None:
            self._failures[place] += 1
        else:
            self._slowest[place] = max(took, self._slowest[place] or 0.0)

    def series(self, name: str) -> Series:
        """Return it frozen."""
        slowest = tuple(None if value is None else round(value, 5) for value in self._slowest)
        return Series(name=name, step=self.step, slowest=slowest, failures=tuple(self._failures))

    def _halve(self) -> None:
        self.step *= 2
        pairs = range(0, len(self._slowest), 2)
        self._slowest = [_slower(self._slowest[at : at + 2]) for at in pairs]
        self._failures = [sum(self._failures[at : at + 2]) for at in pairs]


def _slower(pair: list[float | None]) -> float | None:
    return max((value for value in pair if value is not None), default=None)


class Lane:
    """The commands of one kind: how long each took, counted from when it should have been asked."""

    def __init__(self, begun_at: float) -> None:
        self.timeline = Timeline(begun_at)
        self._took = array("d")
        self.failed = 0
        self.errors: Counter[str] = Counter()

    @property
    def answered(self) -> int:
        """How many were answered."""
        return len(self._took)

    @property
    def asked(self) -> int:
        """How many ended."""
        return self.answered + self.failed

    def record(self, at: float, took: float | None, error: str = "") -> None:
        """Take in one command."""
        self.timeline.add(at, took)
        if took is None:
            self.failed += 1
            self.errors[error] += 1
        else:
            self._took.append(took)

    def percentiles(self, *shares: float) -> tuple[float | None, ...]:
        """Return what these shares (0-1) of all answers took at most; None without any."""
        ordered = sorted(self._took)
        return tuple(percentile(ordered, share) for share in shares)


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the value that ``share`` of all are at or below; the values come in their order."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


class Notes:
    """A scenario's book. ``on_change`` hears of progress."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self.begun_at = clock.now()
        self.share = 0.0
        """How much of it is done, 0-1."""
        self._on_change = on_change
        self._figures: list[Figure] = []
        self._lanes: dict[str, Lane] = {}

    def lane(self, name: str = "") -> Lane:
        """Return the commands of one kind."""
        if name not in self._lanes:
            self._lanes[name] = Lane(self.begun_at)
        return self._lanes[name]

    def saw(
        self,
        name: str,
        value: float | None,
        unit: str = "",
        *,
        most: float | None = None,
        least: float | None = None,
        beside: float | None = None,
    ) -> None:
        """Write a figure down, with what it may be."""
        rounded = None if value is None else round(value, 5)
        self._figures.append(Figure(name=name, value=rounded, unit=unit, most=most, least=least, beside=beside))

    def progress(self, share: float) -> None:
        """Say how much is done."""
        self.share = max(self.share, min(1.0, share))
        self._on_change()

    @contextmanager
    def asking(self, lane: str = "", *, since: float | None = None) -> Iterator[None]:
        """Time what is asked in the block; a refusal or a failure is counted, and goes no further."""
        at = clock.now() if since is None else since
        try:
            yield
        except MktuiError as error:
            self.lane(lane).record(at, None, type(error).__name__)
        else:
            self.lane(lane).record(at, clock.now() - at)

    def figures(self) -> tuple[Figure, ...]:
        """Return the figures so far."""
        return tuple(self._figures)

    def series(self) -> tuple[Series, ...]:
        """Return the pictures so far."""
        return tuple(lane.timeline.series(name) for name, lane in self._lanes.items())
