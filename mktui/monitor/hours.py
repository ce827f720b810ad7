"""A router's hours: what a month is judged by. One small record an hour, of readings that are taken anyway. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import fmean, median
from typing import TYPE_CHECKING, Final

from mktui.monitor.error_ring import hour_of
from mktui.monitor.figures import reading_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.core.pool.statistics import PoolStatistics
    from mktui.monitor.snapshot import RouterFacts, SyncState
    from mktui.monitor.steps import Reading

_MINUTE: Final = timedelta(seconds=58)
"""Middles are made of a reading a minute; peaks of all readings."""
_LEAST: Final = timedelta(minutes=5)
"""An hour that was seen for less says nothing."""


@dataclass(frozen=True, slots=True)
class RouterHour:
    """One router in one hour, or in the part of it that was seen. None: nobody knew. Durations in seconds."""

    hour: datetime
    router: str
    seconds: float
    """How much of it was seen."""
    away: float
    """For how long of that no connection was ready."""
    commands: int = 0
    failed: int = 0
    timeouts: int = 0
    turned_away: int = 0
    drops: int = 0
    opens: int = 0
    p95: float | None = None
    p95_peak: float | None = None
    utilisation_percent: float | None = None
    utilisation_peak: float | None = None
    oldest_peak: float | None = None
    cpu_percent: float | None = None
    cpu_peak: float | None = None
    memory_peak: float | None = None
    sessions_peak: int = 0
    ceiling: int | None = None
    rows: int | None = None
    """Rows of ours on it."""


COUNTS: Final = ("commands", "failed", "timeouts", "turned_away", "drops", "opens")


def _counts(pool: PoolStatistics) -> dict[str, int]:
    performance = pool.performance
    return {
        "commands": performance.commands, "failed": sum(performance.errors.values()),
        "timeouts": performance.timeouts, "turned_away": performance.errors.get("Overloaded", 0),
        "drops": performance.drops, "opens": pool.circuit_breaker.opens,
    }  # fmt: skip


@dataclass(slots=True)
class HourBook:
    """Writes one router's hours."""

    router: str
    _begun_at: datetime | None = None
    _last_at: datetime | None = None
    _away: float = 0.0
    _before: dict[str, int] = field(default_factory=dict)
    _now: dict[str, int] = field(default_factory=dict)
    _minutes: dict[str, list[float]] = field(default_factory=dict)
    _minute_at: datetime | None = None
    _peaks: dict[str, float] = field(default_factory=dict)
    _sessions: int = 0
    _ceiling: int | None = None
    _rows: int | None = None

    def take(self, now: datetime, pool: PoolStatistics, facts: RouterFacts, sync: SyncState) -> RouterHour | None:
        """Take what is seen now; return the hour that is over, when one is."""
        ended = self.end() if self._begun_at is not None and hour_of(now) != hour_of(self._begun_at) else None
        if self._begun_at is None:
            self._begun_at = self._last_at = now
            self._before = self._now or _counts(pool)
        assert self._last_at is not None
        if not pool.ready:
            self._away += max(0.0, (now - self._last_at).total_seconds())
        self._last_at, self._now = now, _counts(pool)
        self._read(now, reading_of(pool, facts))
        self._sessions = max(self._sessions, pool.size)
        self._ceiling = pool.ceiling if pool.ceiling is not None else self._ceiling
        self._rows = sync.owned if sync.owned is not None else self._rows
        return ended

    def _read(self, now: datetime, reading: Reading) -> None:
        is_minute = self._minute_at is None or now - self._minute_at >= _MINUTE
        self._minute_at = now if is_minute else self._minute_at
        for name in ("p95", "utilisation_percent", "oldest", "cpu_percent", "memory_percent"):
            if (value := getattr(reading, name)) is not None:
                self._peaks[name] = max(value, self._peaks.get(name, value))
                if is_minute:
                    self._minutes.setdefault(name, []).append(value)

    def end(self) -> RouterHour | None:
        """End the hour early, as at the program's end; None when too little of it was seen."""
        begun_at, last_at = self._begun_at, self._last_at
        if begun_at is None or last_at is None:
            return None
        found = self._written(begun_at, last_at) if last_at - begun_at >= _LEAST else None
        self._begun_at, self._away, self._sessions, self._minutes, self._peaks = None, 0.0, 0, {}, {}
        self._ceiling = self._rows = None
        return found

    def _written(self, begun_at: datetime, last_at: datetime) -> RouterHour:
        minutes, peaks = self._minutes, self._peaks
        counted = {name: max(0, self._now[name] - self._before[name]) for name in COUNTS}
        return RouterHour(
            hour_of(begun_at), self.router, (last_at - begun_at).total_seconds(), self._away, **counted,
            p95=_of(minutes.get("p95"), median), p95_peak=peaks.get("p95"),
            utilisation_percent=_of(minutes.get("utilisation_percent"), fmean),
            utilisation_peak=peaks.get("utilisation_percent"), oldest_peak=peaks.get("oldest"),
            cpu_percent=_of(minutes.get("cpu_percent"), median), cpu_peak=peaks.get("cpu_percent"),
            memory_peak=peaks.get("memory_percent"), sessions_peak=self._sessions, ceiling=self._ceiling,
            rows=self._rows,
        )  # fmt: skip


def _of(values: list[float] | None, condense: Callable[[list[float]], float]) -> float | None:
    return condense(values) if values else None
