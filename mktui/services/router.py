"""One router as the services see it: its client, what happened to it, what it says of itself, and its sync."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.client.client import Client, open_client
from mktui.core.connection import transport
from mktui.core.pool.actions import CommandSettled
from mktui.core.pool.job import Priority
from mktui.core.protocol.values import parse_duration
from mktui.errors import BillingError, RouterError
from mktui.monitor.events import EventRing
from mktui.monitor.snapshot import RouterFacts, RouterSnapshot, SyncState
from mktui.sync.order import Order
from mktui.sync.report import Report, RowReport, RowStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import TaskStatus

    from mktui.core.connection.options import RouterOptions
    from mktui.core.connection.transport import Connect
    from mktui.core.pool.actions import PoolEvent
    from mktui.core.pool.options import PoolOptions
    from mktui.monitor.snapshot import SeenEvent
    from mktui.services.office import LazyOffice
    from mktui.sync.plan import Plan

SAMPLE: Final = 2.0
"""Seconds between two points of the latency chart."""
SAMPLES: Final = 300
FACTS: Final = 10.0
"""Seconds between two questions to the router about itself."""
EVENTS_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class RouterSetup:
    """What is needed to start a router."""

    options: RouterOptions
    pool: PoolOptions
    is_protected: bool = False
    connect: Connect = transport.connect


class RouterService:
    """Owns one client for as long as ``run`` runs."""

    def __init__(self, setup: RouterSetup, on_event: Callable[[SeenEvent], None]) -> None:
        self.setup = setup
        self.name = setup.options.name
        self.sync_state = SyncState()
        self._events = EventRing(self.name)
        self._on_event = on_event
        self._facts = RouterFacts()
        self._latency: deque[float | None] = deque(maxlen=SAMPLES)
        self._syncing = anyio.Lock()
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        """The client; only while ``run`` runs."""
        assert self._client is not None, "the router service is not running"
        return self._client

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Hold the pool until cancelled."""
        setup = self.setup
        async with open_client(setup.options, setup.pool, connect=setup.connect, on_event=self._heard) as client:
            self._client = client
            task_status.started()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._sample)
                tasks.start_soon(self._ask_facts)

    def snapshot(self) -> RouterSnapshot:
        """Return how it is now."""
        client = self.client
        return RouterSnapshot(
            name=self.name,
            address=self.setup.options.address,
            is_protected=self.setup.is_protected,
            health=client.health(),
            pool=client.connection_stats().pool,
            facts=self._facts,
            sync=self.sync_state,
            latency=tuple(self._latency),
            latency_step=SAMPLE,
            events=self._events.latest(EVENTS_SHOWN),
        )

    async def make_plan(self, office: LazyOffice, order: Order | None = None) -> Plan:
        """Read the router and say what a sync would write.

        Raises:
            RouterError: It cannot be read.
            BillingError: Billing cannot be read.
        """
        from mktui.sync.run import Sync  # noqa: PLC0415 - loads the database

        return await Sync(await office.get(), self.client, self.name).plan(order or Order())

    async def sync(self, office: LazyOffice, order: Order | None = None) -> Report:
        """Bring the router into step; one sync at a time. A router that is down is deferred, never failed."""
        from mktui.sync.run import Sync  # noqa: PLC0415 - loads the database

        async with self._syncing:
            self.sync_state = SyncState(is_running=True)
            begun_at = clock.now()
            try:
                sync = Sync(await office.get(), self.client, self.name)
                report = await sync.run(order or Order(), on_row=self._row_settled, on_plan=self._planned)
            except (RouterError, BillingError) as error:
                report = Report(self.name, 0, (), reason=str(error))
            finally:
                seconds = clock.now() - begun_at
                self.sync_state = replace(
                    self.sync_state, is_running=False, finished_at=clock.utc_now(), seconds=seconds
                )
            self.sync_state = replace(self.sync_state, reason=report.reason)
            self.note("sync", _in_words(report))
            return report

    def _planned(self, plan: Plan) -> None:
        self.sync_state = replace(self.sync_state, planned=len(plan.changes), refused=len(plan.refused))

    def note(self, kind: str, text: str) -> None:
        """Put something into the router's history that did not come from its pool."""
        self._on_event(self._events.add(clock.utc_now(), kind, text))

    def _heard(self, event: PoolEvent) -> None:
        is_usual = isinstance(event, CommandSettled) and event.outcome is not None and not event.outcome.unknown
        if not is_usual:  # a write that is settled is no news; one that nobody knows of is
            self.note(event.kind.value, event.text)

    def _row_settled(self, row: RowReport) -> None:
        state = self.sync_state
        name = row.status.value
        self.sync_state = replace(state, **{name: getattr(state, name) + 1})

    async def _sample(self) -> None:
        while True:
            self._latency.append(self.client.connection_stats().pool.performance.response.p95)
            await anyio.sleep(SAMPLE)

    async def _ask_facts(self) -> None:
        while True:
            try:
                await self._read_facts()
            except RouterError:
                await anyio.sleep(FACTS / 5)  # what is known stays, with its age
            else:
                await anyio.sleep(FACTS)

    async def _read_facts(self) -> None:
        columns = ("version", "board-name", "uptime", "cpu-load")
        identity = await self.client.get("/system/identity", ("name",), max_age=0, priority=Priority.LOW)
        resource = await self.client.get("/system/resource", columns, max_age=0, priority=Priority.LOW)
        row = resource[0] if resource else {}
        load = row.get("cpu-load", "")
        self._facts = RouterFacts(
            identity=identity[0].get("name", "") if identity else "",
            version=row.get("version", "").partition(" ")[0],
            board=row.get("board-name", ""),
            uptime=_seconds(row.get("uptime", "")),
            cpu_percent=int(load) if load.isdecimal() else None,
            read_at=clock.utc_now(),
        )


def _seconds(text: str) -> float | None:
    try:
        seconds = parse_duration(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


def _in_words(report: Report) -> str:
    if report.reason:
        return f"deferred: {report.reason}"
    if not report.planned:
        return f"{report.held} changes held back by a guard" if report.held else "in step, nothing to do"
    parts = [f"{report.count(status)} {status.value}" for status in RowStatus if report.count(status)]
    held = f", {report.held} held back by a guard" if report.held else ""
    return f"{report.planned} planned: {', '.join(parts)}{held}"
