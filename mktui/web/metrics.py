"""The snapshot for Prometheus: prefix ``mktui_``, base units, routers' names as labels and never a customer's."""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mktui.core.pool.breaker import BreakerState
from mktui.core.pool.health import HealthStatus
from mktui.monitor.alert_rules import RULES

if TYPE_CHECKING:
    import enum
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from mktui.monitor.snapshot import RouterSnapshot, Snapshot

    Figure = Callable[[RouterSnapshot], float | None]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_GAUGES: Final[tuple[tuple[str, str, Figure], ...]] = (
    ("router_up", "1 when a connection is ready, else 0.", lambda router: router.pool.ready > 0),
    ("router_connections_least", "Connections kept open.", attrgetter("pool.min_size")),
    ("router_connections_most", "Most connections at once.", attrgetter("pool.max_size")),
    ("router_sessions_allowed", "Sessions that it allows us, once its limit was met.", attrgetter("pool.ceiling")),
    ("router_slots_used", "Commands under way.", attrgetter("pool.slots_used")),
    ("router_slots", "Commands that could be under way at once.", attrgetter("pool.slots_total")),
    ("router_login_refused", "1 while it refuses our login.", lambda router: bool(router.pool.auth_failed)),
    ("router_queue_oldest_seconds", "Age of the longest waiter.", attrgetter("pool.queue.oldest")),
    ("router_circuit_retry_seconds", "Until it is probed.", attrgetter("pool.circuit_breaker.retry_after")),
    ("router_circuit_failures", "Failures in a row.", attrgetter("pool.circuit_breaker.failures")),
    ("router_response_p50_seconds", "Answers of a minute: median.", attrgetter("pool.performance.response.p50")),
    ("router_response_p95_seconds", "Answers of a minute: p95.", attrgetter("pool.performance.response.p95")),
    ("router_response_p99_seconds", "Answers of a minute: p99.", attrgetter("pool.performance.response.p99")),
    ("router_slow_response_seconds", "From here on an answer is slow.", attrgetter("slow_response")),
    ("router_acquire_p95_seconds", "Waits for a slot: p95.", attrgetter("pool.performance.acquire.p95")),
    (
        "router_success_ratio",
        "Share of commands answered.",
        lambda router: _ratio(router.pool.performance.success_percent),
    ),
    ("router_failing", "Commands of a minute without an answer.", attrgetter("pool.performance.failing")),
    ("router_cpu_ratio", "The router's own CPU load.", lambda router: _ratio(router.facts.cpu_percent)),
    ("router_uptime_seconds", "The router's own uptime.", attrgetter("facts.uptime")),
    ("router_facts_timestamp_seconds", "When it was asked about itself.", lambda router: _moment(router.facts.read_at)),
    ("sync_running", "1 while a sync runs.", attrgetter("sync.is_running")),
    ("sync_pending_rows", "Rows that billing wants and the router does not have.", attrgetter("sync.pending")),
    ("sync_failed_rows", "Rows that the last sync could not write.", attrgetter("sync.failed")),
    ("sync_unknown_rows", "Rows of the last sync of which nobody knows.", attrgetter("sync.unknown")),
    ("sync_refused_rows", "Rows of the last sync that a guard held back.", attrgetter("sync.refused")),
    ("sync_conflict_rows", "Rows that are not ours where ours should be.", attrgetter("sync.conflicts")),
    ("sync_drift_fields", "Fields that somebody changed on the router.", attrgetter("sync.drift")),
    ("sync_owned_rows", "Rows of ours on the router.", attrgetter("sync.owned")),
    ("sync_paused", "1 while automatic syncs are held.", lambda router: router.sync.paused is not None),
    ("sync_finished_timestamp_seconds", "When the last sync ended.", lambda router: _moment(router.sync.finished_at)),
)
_COUNTERS: Final[tuple[tuple[str, str, Figure], ...]] = (
    ("router_commands", "Commands that ended.", attrgetter("pool.performance.commands")),
    ("router_retries", "Attempts after the first.", attrgetter("pool.performance.retries")),
    ("router_timeouts", "Commands without an answer in time.", attrgetter("pool.performance.timeouts")),
    ("router_cancels", "Commands that nobody wanted any more.", attrgetter("pool.performance.cancels")),
    ("router_connects", "Connections that were opened.", attrgetter("pool.performance.connects")),
    ("router_drops", "Connections that were lost.", attrgetter("pool.performance.drops")),
    ("router_circuit_opens", "How often the circuit opened.", attrgetter("pool.circuit_breaker.opens")),
)
_STATES: Final[tuple[tuple[str, str, str, type[enum.StrEnum], Callable[[RouterSnapshot], str]], ...]] = (
    ("router_health", "1 for the state that it is in.", "status", HealthStatus, attrgetter("health.status")),
    ("router_circuit", "1 for the circuit's state.", "state", BreakerState, attrgetter("pool.circuit_breaker.state")),
)
_PARTS: Final[tuple[tuple[str, str, str, str, tuple[str, ...]], ...]] = (
    ("router_connections", "Connections by state.", "state", "pool", ("ready", "busy", "draining", "suspect")),
    ("router_queue_commands", "Commands that wait.", "priority", "pool.queue", ("critical", "high", "normal", "low")),
)


def _ratio(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _moment(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


class Served:
    """What the server itself counts."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str]] = Counter()
        self.connections = 0
        self.turned_away = 0
        self.tabs = 0

    def families(self) -> Iterator[Metric]:
        """Yield it as metrics."""
        requests = CounterMetricFamily("mktui_http_requests", "Requests answered.", labels=["method", "code"])
        for labels, count in self.requests.copy().items():
            requests.add_metric(labels, count)
        yield requests
        yield GaugeMetricFamily("mktui_http_connections", "Connections of browsers and scripts.", self.connections)
        yield CounterMetricFamily("mktui_http_turned_away", "Closed because all places were taken.", self.turned_away)
        yield GaugeMetricFamily("mktui_http_tabs", "Terminals in browsers.", self.tabs)


def families(snapshot: Snapshot) -> Iterator[Metric]:
    """Yield the snapshot as metrics. A figure that nobody can know is absent, never zero."""
    yield GaugeMetricFamily("mktui_routers", "Routers of the fleet.", len(snapshot.routers))
    yield GaugeMetricFamily("mktui_billing_up", "0 while billing cannot be asked.", float(not snapshot.billing_problem))
    for kind, table in ((GaugeMetricFamily, _GAUGES), (CounterMetricFamily, _COUNTERS)):
        for name, text, figure in table:
            family = kind(f"mktui_{name}", text, labels=["router"])
            for router in snapshot.routers:
                if (value := figure(router)) is not None:
                    family.add_metric([router.name], value)
            yield family
    yield from _states(snapshot)
    yield from _texts(snapshot)
    yield from _alerts(snapshot)


def _states(snapshot: Snapshot) -> Iterator[Metric]:
    for name, text, label, states, present in _STATES:
        family = GaugeMetricFamily(f"mktui_{name}", text, labels=["router", label])
        for router in snapshot.routers:
            for state in states:
                family.add_metric([router.name, state.value], present(router) == state)
        yield family
    for name, text, label, where, parts in _PARTS:
        family = GaugeMetricFamily(f"mktui_{name}", text, labels=["router", label])
        for router in snapshot.routers:
            for part in parts:
                family.add_metric([router.name, part], attrgetter(f"{where}.{part}")(router))
        yield family


def _texts(snapshot: Snapshot) -> Iterator[Metric]:
    errors = CounterMetricFamily(
        "mktui_router_errors", "Commands without an answer, by class.", labels=["router", "class"]
    )
    about = GaugeMetricFamily("mktui_router_info", "What a router is.", labels=["router", "version", "board"])
    for router in snapshot.routers:
        for kind, count in sorted(router.pool.performance.errors.items()):
            errors.add_metric([router.name, kind], count)
        about.add_metric([router.name, router.facts.version, router.facts.board], 1)
    yield errors
    yield about


def _alerts(snapshot: Snapshot) -> Iterator[Metric]:
    """Yield what fires by rule, and how the receivers stand; nothing where nobody looks."""
    state = snapshot.alerts
    active = GaugeMetricFamily("mktui_alerts_active", "Alerts that fire and are not silenced.", labels=["rule"])
    failing = GaugeMetricFamily("mktui_alert_receiver_failing", "1 while it takes nothing.", labels=["receiver"])
    waiting = GaugeMetricFamily("mktui_alert_notices_waiting", "Notices not told yet.", labels=["receiver"])
    told = CounterMetricFamily("mktui_alert_notices_told", "Notices that were taken.", labels=["receiver"])
    left_out = CounterMetricFamily("mktui_alert_notices_left_out", "Notices over the bound.", labels=["receiver"])
    if state is not None:
        firing = Counter(alert.rule for alert in state.firing)
        for rule in RULES:
            active.add_metric([rule.name], firing[rule.name])
        for receiver in state.receivers:
            failing.add_metric([receiver.name], bool(receiver.problem))
            waiting.add_metric([receiver.name], receiver.waiting)
            told.add_metric([receiver.name], receiver.told)
            left_out.add_metric([receiver.name], receiver.left_out)
    yield from (active, failing, waiting, told, left_out)


class _Picture(Collector):
    def __init__(self, served: Served) -> None:
        self.snapshot: Snapshot | None = None
        self._served = served

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        if self.snapshot is not None:
            yield from families(self.snapshot)
        yield from self._served.families()


class Metrics:
    """The text that Prometheus reads, of a registry of its own. One at a time."""

    def __init__(self, served: Served) -> None:
        self._picture = _Picture(served)
        self._registry = CollectorRegistry()
        self._registry.register(self._picture)
        ProcessCollector(namespace="mktui", registry=self._registry)

    def text(self, snapshot: Snapshot) -> bytes:
        """Return everything as it is in a snapshot."""
        self._picture.snapshot = snapshot
        return generate_latest(self._registry)
