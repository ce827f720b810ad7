"""How a router is, in one word and its reasons. Pure.

offline: no ready connection. critical: something is ready, but the circuit is not closed, half of all commands fail,
or only suspect connections are left. warning: anything an operator should look at. healthy: none of these.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mktui.core.pool.breaker import BreakerState

if TYPE_CHECKING:
    from mktui.core.pool.statistics import PoolStatistics, Window

SAMPLE: Final = 1.0
"""Seconds between two samples."""
WORSE_AFTER: Final = 2
BETTER_AFTER: Final = 3
CONNECTING: Final = "connecting"
"""Why a router is offline of which nothing has been heard yet."""
ENOUGH: Final = 10
"""A rate over fewer commands says nothing."""


class HealthStatus(enum.StrEnum):
    """From best to worst."""

    HEALTHY = "healthy"
    WARNING = "warning"
    CRITICAL = "critical"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Health:
    """``response_time`` is the last minute's median in seconds, None when nothing was answered."""

    status: HealthStatus
    response_time: float | None
    reasons: tuple[str, ...]


class HealthTrend:
    """Judges that do not flicker: worse after two samples, better after three, offline at once."""

    def __init__(self) -> None:
        self.health = Health(HealthStatus.OFFLINE, None, (CONNECTING,))
        self._is_known = False
        self._worse = self._better = 0

    def sample(self, seen: Health) -> None:
        """Take the next second's judgement."""
        order = list(HealthStatus)
        step = order.index(seen.status) - order.index(self.health.status)
        self._worse = self._worse + 1 if step > 0 else 0
        self._better = self._better + 1 if step < 0 else 0
        offline = seen.status is HealthStatus.OFFLINE
        if step == 0 or offline or not self._is_known or self._worse >= WORSE_AFTER or self._better >= BETTER_AFTER:
            self.health = seen
            self._worse = self._better = 0
            self._is_known = self._is_known or not offline

    def now(self, seen: Health) -> Health:
        """Return the present health, given this moment's judgement: offline is said at once."""
        if seen.status is self.health.status or seen.status is HealthStatus.OFFLINE or not self._is_known:
            return seen
        if self.health.status is HealthStatus.OFFLINE:
            return Health(HealthStatus.OFFLINE, None, ("it answers again, since a moment",))
        return self.health


def assess(pool: PoolStatistics, window: Window, *, slow_response: float) -> Health:
    """Judge one pool by its figures."""
    response_time = window.response.p50
    if pool.ready == 0 and pool.suspect == 0:
        return Health(HealthStatus.OFFLINE, None, (_why_offline(pool),))
    if critical := _critical(pool, window):
        return Health(HealthStatus.CRITICAL, response_time, critical)
    if warnings := _warnings(pool, window, slow_response):
        return Health(HealthStatus.WARNING, response_time, warnings)
    return Health(HealthStatus.HEALTHY, response_time, ())


def _why_offline(pool: PoolStatistics) -> str:
    breaker = pool.circuit_breaker
    if breaker.state is BreakerState.ISOLATED:
        return "isolated by hand"
    if pool.auth_failed:
        return f"login refused: {pool.auth_failed}"
    if breaker.state is not BreakerState.CLOSED:
        return f"circuit {breaker.state}: {breaker.reason}"
    return f"unreachable: {breaker.reason}" if breaker.reason else CONNECTING


def _critical(pool: PoolStatistics, window: Window) -> tuple[str, ...]:
    reasons: list[str] = []
    if pool.circuit_breaker.state is not BreakerState.CLOSED:
        reasons.append(f"circuit {pool.circuit_breaker.state}")
    if window.commands >= ENOUGH and window.error_percent > 50:
        reasons.append(f"{window.error_percent:.0f} % of commands fail")
    if pool.ready == 0:
        reasons.append("only suspect connections are left")
    return tuple(reasons)


def _warnings(pool: PoolStatistics, window: Window, slow_response: float) -> tuple[str, ...]:
    p95 = window.response.p95
    oldest = pool.queue.oldest
    enough = window.commands >= ENOUGH
    checks = (
        (pool.ready < pool.min_size, f"{pool.ready} of {pool.min_size} connections"),
        (pool.suspect > 0, f"{pool.suspect} suspect"),
        (p95 is not None and p95 > slow_response, f"slow: p95 {1000 * (p95 or 0):.0f} ms"),
        (enough and window.error_percent >= 5, f"{window.error_percent:.0f} % of commands fail"),
        (enough and window.retry_percent > 10, f"{window.retry_percent:.0f} % are retried"),
        (oldest is not None and oldest > 1, f"a command waits since {oldest or 0:.0f} s"),
        (pool.ceiling is not None and pool.ceiling < pool.max_size, f"the router allows {pool.ceiling} sessions"),
        (bool(pool.auth_failed), f"new logins are refused: {pool.auth_failed}"),
    )
    return tuple(reason for wrong, reason in checks if wrong)
