"""A provider's fleet at one frozen moment, and services that serve it: what the screen shows depends on nothing else.

Five routers, each with its own story: one well, one in the middle of a sync, one slow, one behind an open circuit, one
that refuses our login.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import anyio

from mktui.config.draft import differences
from mktui.config.load import check_text
from mktui.core.client.connection_test import TestReport, TestStep
from mktui.core.pool.breaker import BreakerState, Transition
from mktui.core.pool.health import Health, HealthStatus
from mktui.core.pool.statistics import (
    BreakerStatistics,
    ConnectionStatistics,
    LatencyStatistics,
    PerformanceStatistics,
    PoolStatistics,
    QueueStatistics,
)
from mktui.monitor.events import EventRing
from mktui.monitor.percentiles import Chart
from mktui.monitor.records import Audited, ErrorLog
from mktui.monitor.snapshot import Break, RouterFacts, RouterSnapshot, SeenEvent, Snapshot, SyncState
from mktui.services.configuring import Saved
from mktui.sync.order import Order
from tests.terminal.recorded_alerts import RecordedAlerts
from tests.terminal.recorded_billing import RecordedBilling
from tests.terminal.recorded_console import RecordedConsole, day_of
from tests.terminal.recorded_customers import RecordedCustomers
from tests.terminal.recorded_newcomers import RecordedNewcomers
from tests.terminal.recorded_schedule import RecordedSchedule
from tests.terminal.recorded_stability import RecordedStability

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.config.save import Seen
    from mktui.errors import MktuiError
    from mktui.services.planning import Planning
    from mktui.sync.report import Report

NOW: Final = datetime(2026, 11, 23, 3, 40, 12, tzinfo=UTC)
_IDLE_QUEUE: Final = QueueStatistics(0, 0, 0, 0, None)
_CLOSED: Final = BreakerStatistics(BreakerState.CLOSED, 0, 5, 0, None, "", ())


def before(seconds: float) -> datetime:
    """A moment before the recorded one."""
    return NOW - timedelta(seconds=seconds)


def events(router: str, *told: tuple[float, str, str] | tuple[float, str, str, int]) -> tuple[SeenEvent, ...]:
    """Events as (seconds ago, kind, text, repeats), oldest first."""
    return tuple(
        SeenEvent(number, before(each[0]), router, each[1], each[2], each[3] if len(each) == 4 else 1)
        for number, each in enumerate(told, 1)
    )


def connection(number: int, state: str, age: float, *, in_flight: int = 0, idle: float = 4.0) -> ConnectionStatistics:
    """A connection whose counts follow from its age: some six commands a second."""
    commands = int(age * 6)
    return ConnectionStatistics(
        id=number, state=state, age=age, idle=idle, in_flight=in_flight, limit=8, commands=commands,
        errors=commands // 20_000, latency=0.011 + number / 1000 if commands else None, bytes_in=int(age * 1755),
        bytes_out=int(age * 249), local_port=51_020 + 2 * number,
    )  # fmt: skip


def performance(
    *, commands: int = 96_197, success: float | None = 99.98, p50: float | None = None, p95: float | None = None,
    p99: float | None = None, retries: int = 0, timeouts: int = 0, drops: int = 0,
) -> PerformanceStatistics:  # fmt: skip
    """Counts since the start, and the last minute's latency."""
    response = LatencyStatistics() if p50 is None else LatencyStatistics(360, p50 * 1.2, p50, p95, p99)
    return PerformanceStatistics(
        commands, success, {}, retries, timeouts, 0, 3, drops, response, LatencyStatistics(360, 0.001, 0.001, 0.004)
    )


def pool(
    connections: tuple[ConnectionStatistics, ...],
    figures: PerformanceStatistics,
    *,
    breaker: BreakerStatistics = _CLOSED,
    queue: QueueStatistics = _IDLE_QUEUE,
    auth_failed: str = "",
) -> PoolStatistics:
    """A pool of two to five connections, counted from those it has."""
    counted = {state: sum(each.state == state for each in connections) for state in ("busy", "draining", "suspect")}
    usable = [each for each in connections if each.state in {"ready", "busy"}]  # as the pool itself counts
    return PoolStatistics(
        min_size=2, max_size=5, size=len(connections), ready=len(usable), **counted,
        slots_used=sum(each.in_flight for each in connections), slots_total=8 * len(usable), in_flight_limit=8,
        ceiling=None, slow=(),
        auth_failed=auth_failed, connections=connections, circuit_breaker=breaker, performance=figures, queue=queue,
    )  # fmt: skip


def wave(middle: float, height: float, *, phase: int = 0, silent: int = 0) -> tuple[float | None, ...]:
    """Ten minutes of latency, a point every 2 s; the last ``silent`` points were not answered."""
    places = range(phase, phase + 300 - silent)
    points = [middle + height * math.sin(index / 3) * math.cos(index / 11) for index in places]
    return (*points, *([None] * silent))


def edge_1() -> RouterSnapshot:
    """All is well; protected, since half the town hangs on it."""
    connections = (
        connection(1, "busy", 8040, in_flight=3, idle=0),
        connection(2, "ready", 8040),
        connection(3, "draining", 9, in_flight=1),
    )
    history = (
        Transition(1200.0, BreakerState.OPEN, "5 failures in a row, the last: reset by peer", 60.0),
        Transition(1260.0, BreakerState.HALF_OPEN, "the break is over"),
        Transition(1260.2, BreakerState.CLOSED, "the router answers"),
    )
    breaker = replace(_CLOSED, failures=1, opens=2, history=history)
    figures = performance(p50=0.012, p95=0.031, p99=0.088, retries=3, timeouts=1, drops=2)
    return RouterSnapshot(
        "edge-1", "10.0.0.1:8729", is_protected=True, health=Health(HealthStatus.HEALTHY, 0.012, ()),
        pool=pool(connections, figures, breaker=breaker, queue=QueueStatistics(0, 0, 3, 12, 0.4)),
        facts=RouterFacts("edge-1", "7.20.8", "CCR2004-1G-12S+2XS", 41 * 86_400 + 7200, 12, before(4)),
        sync=SyncState(
            planned=41, applied=41, seconds=3.4, finished_at=before(840), run=16, kicked=2, drift=2, owned=1204
        ),
        latency=wave(0.03, 0.02), latency_step=2.0,
        events=events(
            "edge-1",
            (1712, "connection lost", "reset by peer while reading; 2 in flight"),
            (1711, "circuit opened", "5 failures in a row, the last: cannot connect to 10.0.0.1:8729: refused"),
            (1651, "circuit closed", ""),
            (840, "sync", "41 planned: 41 applied"),
            (9, "connected", "connection 3"),
        ),
        breaks=(
            Break(before(93_800), "5 failures in a row, the last: connection refused", before(93_500), 3),
            Break(before(1711), "5 failures in a row, the last: reset by peer", before(1651)),
        ),
    )  # fmt: skip


def edge_2() -> RouterSnapshot:
    """In the middle of a sync."""
    connections = (connection(1, "busy", 2700, in_flight=8, idle=0), connection(2, "busy", 2700, in_flight=6, idle=0))
    figures = performance(commands=16_204, success=100.0, p50=0.021, p95=0.064, p99=0.12)
    return RouterSnapshot(
        "edge-2", "10.0.0.2:8729", is_protected=False, health=Health(HealthStatus.HEALTHY, 0.021, ()),
        pool=pool(connections, figures, queue=QueueStatistics(0, 0, 9, 0, 0.2)),
        facts=RouterFacts("edge-2", "7.20.8", "RB5009UG+S+IN", 12 * 86_400, 34, before(2)),
        sync=SyncState(
            is_running=True, planned=1240, applied=648, failed=2, begun_at=before(54), run=15, owned=2210
        ),
        latency=wave(0.05, 0.03, phase=90), latency_step=2.0,
        events=events("edge-2", (2700, "connected", "connection 2")),
    )  # fmt: skip


def hotspot() -> RouterSnapshot:
    """Slow: its processor is busy, and commands wait."""
    connections = (
        connection(5, "busy", 610, in_flight=8, idle=0),
        connection(6, "suspect", 610, in_flight=2, idle=0),
    )
    reason = "hotspot-plaza: connection lost: silent"
    why = ("1 of 2 connections", "1 suspect", "slow: p95 2950 ms", "a command waits since 7 s")
    figures = performance(commands=21_873, success=97.3, p50=0.41, p95=2.95, p99=4.8, retries=112, timeouts=19, drops=4)
    return RouterSnapshot(
        "hotspot-plaza", "10.0.7.3:8728", is_protected=False, health=Health(HealthStatus.WARNING, 0.41, why),
        pool=pool(connections, figures, queue=QueueStatistics(0, 1, 6, 2, 7.1), breaker=replace(_CLOSED, failures=3)),
        facts=RouterFacts("hotspot-plaza", "7.16.2", "hAP ax lite", 3 * 86_400, 98, before(95)),
        sync=SyncState(
            planned=37, deferred=37, seconds=10.2, reason=reason, finished_at=before(310), run=14, edits=37, owned=500
        ),
        latency=wave(1.9, 1.0, phase=40), latency_step=2.0,
        events=events(
            "hotspot-plaza",
            (620, "connection lost", "silent", 3),
            (300, "sync", f"deferred: {reason}"),
            (8, "connection suspect", "no answer to a health probe"),
        ),
    )  # fmt: skip


def tower_west() -> RouterSnapshot:
    """Behind an open circuit; it will be asked again in 41 s."""
    reason = "5 failures in a row, the last: cannot connect to 10.0.9.1:8728: connection refused"
    breaker = BreakerStatistics(
        BreakerState.OPEN, 5, 5, 3, 40.6, "connection refused", (Transition(9.0, BreakerState.OPEN, reason, 60.0),)
    )
    figures = performance(commands=40_112, success=99.1, retries=31, timeouts=2, drops=9)
    return RouterSnapshot(
        "tower-west", "10.0.9.1:8728", is_protected=False,
        health=Health(HealthStatus.OFFLINE, None, ("circuit open: connection refused",)),
        pool=pool((), figures, breaker=breaker),
        facts=RouterFacts("tower-west", "7.15.3", "RB3011UiAS", 9 * 86_400, 22, before(83)),
        sync=SyncState(
            planned=12, applied=12, seconds=1.1, finished_at=before(8040), run=11, edits=12, owned=310,
            paused="mast is being replaced",
        ),
        latency=wave(0.06, 0.03, silent=40), latency_step=2.0,
        events=events(
            "tower-west",
            (83, "connection lost", "reset by peer while reading"),
            (21, "connect failed", "connection refused", 5),
            (19, "circuit opened", reason),
        ),
        breaks=(Break(before(90_000), "isolated by hand", before(88_000)), Break(before(19), reason)),
    )  # fmt: skip


def tower_cerro() -> RouterSnapshot:
    """Refuses our login since it was replaced; nothing is known of it."""
    refusal = "invalid user name or password (6)"
    return RouterSnapshot(
        "tower-cerro-alto", "tower-cerro-alto.mgmt.isp-north.example:8729", is_protected=False,
        health=Health(HealthStatus.OFFLINE, None, (f"login refused: {refusal}",)),
        pool=pool((), performance(commands=0, success=None), auth_failed=refusal),
        facts=RouterFacts(), sync=SyncState(), latency=(), latency_step=2.0,
        events=events("tower-cerro-alto", (600, "login refused", refusal)),
    )  # fmt: skip


def counted(router: RouterSnapshot) -> RouterSnapshot:
    """A router with what follows from its events: how many within the hour, and since when it is in trouble."""
    ring = EventRing(router.name)
    for event in router.events:
        for _ in range(event.repeats):
            ring.add(event.at, event.kind, event.text)
    return replace(
        router, trouble_since=ring.trouble_since, within_the_hour=ring.within_the_hour(NOW),
        troubles_within_the_hour=ring.troubles_within_the_hour(NOW),
    )  # fmt: skip


def fleet() -> Snapshot:
    """The whole fleet at the recorded moment."""
    routers = (edge_1(), edge_2(), hotspot(), tower_west(), tower_cerro())
    return Snapshot(NOW, "isp-north", tuple(counted(router) for router in routers))


CHARTS: Final = {
    "edge-1": day_of(0.012), "edge-2": day_of(0.021), "hotspot-plaza": day_of(0.4),
    "tower-west": day_of(0.02, silent=30),
}  # fmt: skip
STEPS: Final = (
    TestStep("connect", ok=True, took=0.0021, text="10.0.0.1:8729 answers"),
    TestStep("login", ok=True, took=0.0384, text="logged in as mktui"),
    TestStep("identity", ok=True, took=0.0043, text="edge-1"),
    TestStep("version", ok=True, took=0.0048, text="RouterOS 7.20.8 (long-term) on CCR2004-1G-12S+2XS"),
    TestStep("round trip", ok=True, took=0.0206, text="4.1 ms a command"),
)


@dataclass
class RecordedServices:
    """Serves what was recorded and writes down what it is asked to do. ``refuses`` is raised by everything it does."""

    recorded: Snapshot = field(default_factory=fleet)
    asked: list[tuple[str, str]] = field(default_factory=list)
    refuses: MktuiError | None = None
    orders: list[Order] = field(default_factory=list)
    plans: dict[str, Planning] = field(default_factory=dict)
    will_plan: dict[str, Planning] = field(default_factory=dict)
    """What a plan that is asked for turns out to be."""
    reports: dict[str, Report] = field(default_factory=dict)
    is_billing_watched: bool = False
    log: ErrorLog = field(default_factory=ErrorLog)
    audit: tuple[Audited, ...] = ()
    config: Seen | None = None
    """The configuration's file; None as in the demo."""
    saves: list[str] = field(default_factory=list)
    console: RecordedConsole = field(default_factory=RecordedConsole)
    charts: dict[str, Chart] = field(default_factory=lambda: dict(CHARTS))
    newcomers: RecordedNewcomers = field(default_factory=RecordedNewcomers)
    customers: RecordedCustomers = field(init=False)
    billing: RecordedBilling = field(init=False)
    stability: RecordedStability = field(default_factory=RecordedStability)
    alerts: RecordedAlerts = field(default_factory=RecordedAlerts)
    schedule: RecordedSchedule = field(default_factory=RecordedSchedule)

    def __post_init__(self) -> None:
        self.customers = RecordedCustomers(self._note)
        self.billing = RecordedBilling(self._note)

    def snapshot(self) -> Snapshot:
        return self.recorded

    def chart(self, name: str) -> Chart:
        return self.charts.get(name, Chart())

    async def test(self, name: str, *, on_step: Callable[[TestStep], None] | None = None) -> TestReport:
        await self._do("test", name)
        for step in STEPS:
            if on_step is not None:
                on_step(step)
        verdict = f"{name} is fine: RouterOS 7.20.8 (long-term), 0.1 s"
        return TestReport(name, "10.0.0.1:8729", ok=True, steps=STEPS, verdict=verdict)

    async def reset(self, name: str) -> None:
        await self._do("reset", name)

    async def config_text(self) -> Seen | None:
        return self.config

    async def save_config(self, seen: Seen, text: str) -> Saved:
        await self._do("save", seen.file.name)
        self.saves.append(text)
        self.config = replace(seen, text=text)
        changed = differences(tomllib.loads(seen.text), tomllib.loads(text))
        live = tuple(each.setting.dotted for each in changed if each.setting.applies == "live")
        later = tuple(each.setting.dotted for each in changed if each.setting.applies != "live")
        return Saved(self.config, check_text(text, seen.file).config, live, later)

    async def isolate(self, name: str) -> None:
        await self._do("isolate", name)

    async def probe(self, name: str) -> None:
        await self._do("probe", name)

    def start_plan(self, name: str, order: Order | None = None) -> None:
        self.asked.append(("plan", name))
        self.orders.append(order or Order())
        if (ready := self.will_plan.get(name)) is not None:
            self.plans[name] = replace(ready, order=order or Order())

    def plan_of(self, name: str) -> Planning | None:
        return self.plans.get(name)

    def start_sync(self, name: str, order: Order | None = None) -> None:
        self._note("sync", name)
        self.orders.append(order or Order())

    def last_report(self, name: str) -> Report | None:
        return self.reports.get(name)

    def errors(self) -> ErrorLog:
        return self.log

    def watch_errors(self) -> None:
        pass

    def changes(self) -> tuple[Audited, ...]:
        return self.audit

    def watch_changes(self) -> None:
        pass

    def watch_billing(self) -> None:
        self.is_billing_watched = True

    async def hold(self, name: str, reason: str) -> None:
        await self._do(f"hold: {reason}", name)

    async def let_go(self, name: str) -> None:
        await self._do("let go", name)

    async def _do(self, what: str, name: str) -> None:
        await anyio.lowlevel.checkpoint()
        self._note(what, name)

    def _note(self, what: str, name: str) -> None:
        self.asked.append((what, name))
        if self.refuses is not None:
            raise self.refuses
