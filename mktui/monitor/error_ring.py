"""The last errors of this process, in memory: repeats collapse, and what is old or too much is forgotten. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mktui.monitor.records import ErrorCount, ErrorLog

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mktui.monitor.records import SeenError

KEPT: Final = 1000
WINDOW: Final = 300.0
"""Seconds within which the same error is a repeat; never over the end of an hour, so that hours can be counted."""
_HOURS: Final = 24
_COUNTED: Final = 10_000
"""Most different errors that are counted at once."""


def hour_of(at: datetime) -> datetime:
    """Return the beginning of an hour."""
    return at.replace(minute=0, second=0, microsecond=0)


def is_repeat(earlier: SeenError, later: SeenError) -> bool:
    """Say whether an error is only the same again."""
    is_near = (later.at - earlier.latest).total_seconds() <= WINDOW
    return earlier.key == later.key and is_near and hour_of(earlier.at) == hour_of(later.latest)


def repeated(earlier: SeenError, later: SeenError) -> SeenError:
    """Return both as one."""
    return replace(earlier, repeats=earlier.repeats + later.repeats, last_at=max(earlier.latest, later.latest))


def collapsed(errors: Iterable[SeenError]) -> list[SeenError]:
    """Return errors, oldest first, with repeats in one."""
    last: dict[tuple[str, str, str, str], int] = {}
    rows: list[SeenError] = []
    for error in errors:
        place = last.get(error.key)
        if place is not None and is_repeat(rows[place], error):
            rows[place] = repeated(rows[place], error)
        else:
            last[error.key] = len(rows)
            rows.append(error)
    return rows


class ErrorRing:
    """What went wrong since the start, bounded. ``version`` grows with each error."""

    def __init__(self, kept: int = KEPT) -> None:
        self.version = 0
        self._kept = kept
        self._rows: dict[int, SeenError] = {}
        self._last: dict[tuple[str, str, str, str], int] = {}
        self._counts: Counter[tuple[datetime, str, str, str]] = Counter()

    def add(self, error: SeenError) -> None:
        """Take an error."""
        self.version += 1
        self._count(error)
        number = self._last.get(error.key)
        if number is not None and is_repeat(self._rows[number], error):
            error = repeated(self._rows.pop(number), error)
        self._rows[self.version] = error
        self._last[error.key] = self.version
        if len(self._rows) > self._kept:
            oldest = next(iter(self._rows))
            gone = self._rows.pop(oldest)
            if self._last.get(gone.key) == oldest:
                del self._last[gone.key]

    def log(self, now: datetime, problem: str = "") -> ErrorLog:
        """Return rows and counts."""
        self._forget(now)
        counts = tuple(ErrorCount(*key, times) for key, times in self._counts.items())
        return ErrorLog(tuple(reversed(self._rows.values())), counts, problem)

    def _count(self, error: SeenError) -> None:
        self._counts[hour_of(error.at), error.router, error.kind, error.command] += error.repeats
        if len(self._counts) > _COUNTED:
            del self._counts[next(iter(self._counts))]

    def _forget(self, now: datetime) -> None:
        first = hour_of(now) - timedelta(hours=_HOURS - 1)
        for key in [key for key in self._counts if key[0] < first]:
            del self._counts[key]
