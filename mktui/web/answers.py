"""One frozen snapshot as answers. Pure, but for ``Answers``, which makes each of them once for all who ask."""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.pool.health import HealthStatus
from mktui.monitor.snapshot import AlertsState
from mktui.web.models import (
    Alerts,
    ConnectionDetails,
    Counts,
    NetworkHealth,
    NetworkStats,
    PerformanceMetrics,
    RouterConnections,
    RouterHealth,
    RouterPerformance,
    RouterStats,
    Totals,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.monitor.snapshot import RouterSnapshot, Snapshot

FRESH: Final = 0.5
"""Seconds that a snapshot is shown: a thousand who ask at once cost one picture."""
_WORTH_PACKING: Final = 1024


def network_stats(snapshot: Snapshot) -> NetworkStats:
    """Return every router at one moment."""
    pools = [router.pool for router in snapshot.routers]
    totals = Totals(
        routers=len(pools),
        connections=sum(pool.size for pool in pools),
        waiting=sum(pool.queue.length for pool in pools),
        commands=sum(pool.performance.commands for pool in pools),
        pending=sum(router.sync.pending for router in snapshot.routers),
    )
    return NetworkStats(
        at=snapshot.at, title=snapshot.title, health=_counts(snapshot), totals=totals,
        routers=[RouterStats.model_validate(router) for router in snapshot.routers],
    )  # fmt: skip


def connection_details(snapshot: Snapshot) -> ConnectionDetails:
    """Return every connection."""
    routers = [
        RouterConnections.model_validate(
            {"name": router.name, "address": router.address, "connections": router.pool.connections}
        )
        for router in snapshot.routers
    ]
    return ConnectionDetails(at=snapshot.at, title=snapshot.title, routers=routers)


def performance_metrics(snapshot: Snapshot) -> PerformanceMetrics:
    """Return what was done, and how fast."""
    routers = [
        RouterPerformance.model_validate(
            {"name": router.name, "performance": router.pool.performance, "latency": router.latency,
             "latency_step": router.latency_step}
        )
        for router in snapshot.routers
    ]  # fmt: skip
    return PerformanceMetrics(at=snapshot.at, title=snapshot.title, routers=routers)


def network_health(snapshot: Snapshot) -> NetworkHealth:
    """Return how each router is, the worst first."""
    order = list(HealthStatus)
    by_trouble = sorted(snapshot.routers, key=lambda router: (-order.index(router.health.status), router.name))
    return NetworkHealth(
        at=snapshot.at, title=snapshot.title, health=_counts(snapshot), billing_problem=snapshot.billing_problem,
        status=by_trouble[0].health.status if by_trouble else HealthStatus.HEALTHY,
        routers=[_health(router) for router in by_trouble],
    )  # fmt: skip


def alerts(snapshot: Snapshot) -> Alerts:
    """Return what is worth waking somebody for."""
    state = snapshot.alerts or AlertsState()
    return Alerts.model_validate({
        "at": snapshot.at, "title": snapshot.title, "is_watched": snapshot.alerts is not None,
        "problem": state.problem, "alerts": state.alerts, "silences": state.silences, "receivers": state.receivers,
    })  # fmt: skip


def is_settled(snapshot: Snapshot) -> bool:
    """Say whether every router was either reached, or found to be out of reach."""
    return all(
        router.pool.ready or router.pool.performance.connects or router.pool.circuit_breaker.reason
        or router.pool.auth_failed
        for router in snapshot.routers
    )  # fmt: skip


def only(snapshot: Snapshot, name: str) -> Snapshot:
    """Return one router's part of a snapshot; "": all of it."""
    if not name:
        return snapshot
    state = snapshot.alerts
    if state is not None:
        state = replace(state, alerts=tuple(alert for alert in state.alerts if alert.router == name))
    routers = tuple(router for router in snapshot.routers if router.name == name)
    return replace(snapshot, routers=routers, alerts=state)


def _health(router: RouterSnapshot) -> RouterHealth:
    breaker = router.pool.circuit_breaker
    return RouterHealth.model_validate(
        {"name": router.name, "health": router.health, "circuit": breaker.state, "retry_after": breaker.retry_after}
    )


def _counts(snapshot: Snapshot) -> Counts:
    seen = Counter(router.health.status for router in snapshot.routers)
    return Counts(**{status.value: seen[status] for status in HealthStatus})


@dataclass(frozen=True, slots=True)
class Body:
    """An answer's bytes; ``packed`` with gzip, None where that gains nothing."""

    plain: bytes
    packed: bytes | None


class Answers:
    """Makes bodies of the present snapshot. They are made in a thread: what is large holds up no router."""

    def __init__(self, look: Callable[[], Snapshot]) -> None:
        self._look = look
        self._snapshot: Snapshot | None = None
        self._until = 0.0
        self._bodies: dict[tuple[str, str], Body] = {}
        self._lock = anyio.Lock()
        self._one_thread = anyio.CapacityLimiter(1)

    def snapshot(self) -> Snapshot:
        """Return how everything is, or was half a second ago."""
        now = clock.now()
        if self._snapshot is None or now >= self._until:
            self._snapshot, self._until = self._look(), now + FRESH
            self._bodies = {}
        return self._snapshot

    async def body(self, kind: str, router: str, make: Callable[[Snapshot], bytes]) -> Body:
        """Return an answer of a kind about a router, or about all (""): made once of each snapshot."""
        snapshot, key = self.snapshot(), (kind, router)
        bodies = self._bodies
        if key not in bodies:
            async with self._lock:
                if key not in bodies:
                    part = only(snapshot, router)
                    bodies[key] = await anyio.to_thread.run_sync(_made, make, part, limiter=self._one_thread)
        return bodies[key]


def _made(make: Callable[[Snapshot], bytes], snapshot: Snapshot) -> Body:
    plain = make(snapshot)
    packed = gzip.compress(plain, compresslevel=4, mtime=0) if len(plain) >= _WORTH_PACKING else None
    return Body(plain, packed)
