"""Figures: a histogram with known error, a sliding minute, and the frozen records that every front end shows.

Times in the records are seconds unless the name says otherwise; ``*_percent`` is 0-100. A figure that nobody can know
yet is None, never zero.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mktui.errors import CircuitOpen, LoginRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mktui.core.pool.breaker import BreakerState, Transition
    from mktui.errors import MktuiError

_GROWTH: Final = 1.1
"""Each bucket is this much wider than the one before: a percentile is off by 5 % at most."""
_SMALLEST: Final = 1e-5
_BUCKETS: Final = 180  # up to about 280 s; longer ones are counted in the last
_LOG_GROWTH: Final = math.log(_GROWTH)
WINDOW: Final = 60.0
"""Seconds that the sliding figures look back."""
_PART: Final = 5.0
_SLOW_ROWS: Final = 100


class Histogram:
    """Counts durations in buckets that grow by a constant factor."""

    __slots__ = ("_counts", "count", "total")

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self.count = 0
        self.total = 0.0

    def record(self, seconds: float) -> None:
        """Count one duration."""
        bucket = int(math.log(seconds / _SMALLEST) / _LOG_GROWTH) + 1 if seconds > _SMALLEST else 0
        self._counts[min(bucket, _BUCKETS - 1)] += 1
        self.count += 1
        self.total += seconds

    def add(self, other: Histogram) -> None:
        """Count everything that ``other`` has counted."""
        self._counts = [mine + theirs for mine, theirs in zip(self._counts, other._counts, strict=True)]
        self.count += other.count
        self.total += other.total

    def percentile(self, share: float) -> float | None:
        """Return the duration that ``share`` (0-1) of all are at or below; None without any."""
        rank = max(1, math.ceil(share * self.count))
        seen = 0
        for bucket, count in enumerate(self._counts):
            seen += count
            if count and seen >= rank:
                return _SMALLEST * _GROWTH ** (bucket - 0.5) if bucket else _SMALLEST
        return None


@dataclass(frozen=True, slots=True)
class LatencyStatistics:
    """A minute's durations, in seconds."""

    count: int = 0
    average: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None

    @classmethod
    def of(cls, histogram: Histogram) -> LatencyStatistics:
        """Read a histogram."""
        if not histogram.count:
            return cls()
        p50, p95, p99 = (histogram.percentile(share) for share in (0.5, 0.95, 0.99))
        return cls(histogram.count, histogram.total / histogram.count, p50, p95, p99)


@dataclass(slots=True)
class _Part:
    """Five seconds of the sliding minute."""

    start: float
    response: Histogram = field(default_factory=Histogram)
    acquire: Histogram = field(default_factory=Histogram)
    failed: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class SlowCommand:
    """A command over slow_response, or one still under way for more than half of command_timeout (``is_running``)."""

    at: float
    path: str
    caller: str
    connection: int
    took: float
    is_running: bool = False


class Recorder:
    """What the dispatcher counts. ``now`` is an argument everywhere."""

    def __init__(self) -> None:
        self.commands = 0
        self.succeeded = 0
        self.errors: Counter[str] = Counter()
        self.retries = self.timeouts = self.cancels = self.connects = self.drops = self.evicted = 0
        self.slow: deque[SlowCommand] = deque(maxlen=_SLOW_ROWS)
        self._parts: deque[_Part] = deque()

    def was_slow(self, now: float, path: str, caller: str, link: int, took: float) -> None:
        """Keep a slow command; the oldest is forgotten."""
        self.slow.append(SlowCommand(now, path, caller, link, took))

    def acquired(self, now: float, waited: float) -> None:
        """Count the wait of a job for its slot."""
        self._part(now).acquire.record(waited)

    def answered(self, now: float, took: float) -> None:
        """Count a command that the router answered, traps included."""
        self.commands += 1
        self.succeeded += 1
        self._part(now).response.record(took)

    def failed(self, now: float, error: MktuiError) -> None:
        """Count a command that ended without an answer.

        One that an open circuit or a refused login did not let through is an error, but no command: it was never sent.
        """
        self.errors[type(error).__name__] += 1
        if not isinstance(error, CircuitOpen | LoginRefused):
            self.commands += 1
            self._part(now).failed += 1

    def retried(self, now: float) -> None:
        """Count one more attempt."""
        self.retries += 1
        self._part(now).retries += 1

    def window(self, now: float) -> Window:
        """Return the last minute's figures."""
        self._forget(now)
        response, acquire = Histogram(), Histogram()
        for part in self._parts:
            response.add(part.response)
            acquire.add(part.acquire)
        failed = sum(part.failed for part in self._parts)
        retries = sum(part.retries for part in self._parts)
        return Window(LatencyStatistics.of(response), LatencyStatistics.of(acquire), failed, retries)

    def _part(self, now: float) -> _Part:
        if not self._parts or now - self._parts[-1].start >= _PART:
            self._forget(now)
            self._parts.append(_Part(now))
        return self._parts[-1]

    def _forget(self, now: float) -> None:
        while self._parts and now - self._parts[0].start > WINDOW:
            self._parts.popleft()


@dataclass(frozen=True, slots=True)
class Window:
    """The last minute: what was answered, waited for, failed and retried."""

    response: LatencyStatistics
    acquire: LatencyStatistics
    failed: int
    retries: int

    @property
    def commands(self) -> int:
        """Commands that ended within the minute."""
        return self.response.count + self.failed

    @property
    def error_percent(self) -> float:
        """Share of commands that ended without an answer."""
        return 100.0 * self.failed / self.commands if self.commands else 0.0

    @property
    def retry_percent(self) -> float:
        """Retries per command."""
        return 100.0 * self.retries / self.commands if self.commands else 0.0


@dataclass(frozen=True, slots=True)
class ConnectionStatistics:
    """One connection. ``latency`` is the recent average, None before the first answer."""

    id: int
    state: str
    age: float
    idle: float
    in_flight: int
    limit: int
    commands: int
    errors: int
    latency: float | None
    bytes_in: int
    bytes_out: int
    local_port: int
    writes: int = 0
    """Batches: how often bytes were handed to the socket; commands / writes is how well they travel together."""


@dataclass(frozen=True, slots=True)
class BreakerStatistics:
    """The circuit breaker. ``retry_after`` None: closed, or isolated by hand."""

    state: BreakerState
    failures: int
    threshold: int
    opens: int
    retry_after: float | None
    reason: str
    history: tuple[Transition, ...]


@dataclass(frozen=True, slots=True)
class QueueStatistics:
    """Who waits for a slot. ``oldest`` is the age of the longest waiter."""

    critical: int
    high: int
    normal: int
    low: int
    oldest: float | None

    @property
    def length(self) -> int:
        """All who wait."""
        return self.critical + self.high + self.normal + self.low


@dataclass(frozen=True, slots=True)
class PerformanceStatistics:
    """Counts since the start; ``response`` and ``acquire`` over the last minute."""

    commands: int
    success_percent: float | None
    errors: Mapping[str, int]
    retries: int
    timeouts: int
    cancels: int
    connects: int
    drops: int
    response: LatencyStatistics
    acquire: LatencyStatistics
    failing: int = 0
    """Commands of the last minute that ended without an answer."""


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """One router's pool at one moment."""

    min_size: int
    max_size: int
    size: int
    ready: int
    busy: int
    draining: int
    suspect: int
    slots_used: int
    slots_total: int
    in_flight_limit: int
    ceiling: int | None
    """Sessions that the router allows us, once its limit was met; None while it was not."""
    auth_failed: str
    """The router's text when it refuses our login; "" when it does not."""
    slow: tuple[SlowCommand, ...]
    """The newest last; those still under way after the others."""
    connections: tuple[ConnectionStatistics, ...]
    circuit_breaker: BreakerStatistics
    performance: PerformanceStatistics
    queue: QueueStatistics

    @property
    def utilisation_percent(self) -> float:
        """Slots taken."""
        return 100.0 * self.slots_used / self.slots_total if self.slots_total else 0.0
