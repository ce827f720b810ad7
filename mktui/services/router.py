"""One router as the services see it: its client, what happened to it, what it says of itself, and its sync."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import anyio
from pydantic import SecretStr

from mktui import clock
from mktui.core.client.client import Client, open_client
from mktui.core.connection import transport
from mktui.core.pool.actions import CommandSettled
from mktui.core.pool.breaker import BreakerState
from mktui.core.pool.caller import asked_by
from mktui.core.pool.job import Priority
from mktui.core.protocol.values import parse_duration
from mktui.errors import CommandTrapped, RouterError
from mktui.monitor.breaks import Breaks
from mktui.monitor.events import EventRing
from mktui.monitor.percentiles import Percentiles
from mktui.monitor.snapshot import RouterFacts, RouterSnapshot, SyncState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from anyio.abc import TaskStatus
    from pydantic import BaseModel

    from mktui.core.connection.options import RouterOptions
    from mktui.core.connection.transport import Connect
    from mktui.core.pool.actions import PoolEvent
    from mktui.core.pool.options import PoolOptions
    from mktui.monitor.snapshot import SeenEvent
    from mktui.monitor.steps import Step
    from mktui.services.chronicle import Chronicle
    from mktui.services.course import Course
    from mktui.services.office import LazyOffice
    from mktui.services.syncing import RouterSyncs

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
    is_automatic: bool = False
    """It is synced without being asked."""


class RouterService:
    """Owns one client for as long as ``run`` runs."""

    def __init__(
        self, setup: RouterSetup, office: LazyOffice, on_event: Callable[[SeenEvent], None], chronicle: Chronicle
    ) -> None:
        self.setup = setup
        self._chronicle = chronicle
        self.name = setup.options.name
        self._office = office
        self._events = EventRing(self.name)
        self._on_event = on_event
        self._facts = RouterFacts()
        self._breaks = Breaks()
        self.percentiles = Percentiles()
        self._latency: deque[float | None] = deque(maxlen=SAMPLES)
        self._course: Course | None = None
        self.has_past = not chronicle.keeps_steps
        """What was seen of it before is in its charts and trends, as far as it was kept; nothing more is to come."""
        self._client: Client | None = None
        self._syncs: RouterSyncs | None = None
        self._has_answered = False
        self._has_news = anyio.Event()

    @property
    def client(self) -> Client:
        """The client; only while ``run`` runs."""
        assert self._client is not None, "the router service is not running"
        return self._client

    @property
    def syncs(self) -> RouterSyncs:
        """Its syncs, made when they are first asked for; only while ``run`` runs."""
        from mktui.services.syncing import RouterSyncs  # noqa: PLC0415 - who only watches needs no sync

        if self._syncs is None:
            setup = self.setup
            self._syncs = RouterSyncs(
                self.client, self.name, self._office, self.note, self._chronicle, is_automatic=setup.is_automatic
            )
        return self._syncs

    @property
    def course(self) -> Course:
        """Where its figures are heading; made with the first of them."""
        from mktui.services.course import Course  # noqa: PLC0415 - a status is over by then

        if self._course is None:
            self._course = Course(self.name)
        return self._course

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Hold the pool until cancelled."""
        setup = self.setup
        async with open_client(setup.options, setup.pool, connect=setup.connect, on_event=self._heard) as client:
            self._client = client
            task_status.started()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._sample)
                tasks.start_soon(self._ask_facts)

    async def reconfigure(self, setup: RouterSetup) -> None:
        """Take other settings, another address or login, and replace every connection; nothing under way is cut.

        How it is connected to, and whether it is synced by itself, stays as it is.
        """
        before, client = self.setup, self.client
        self.setup = replace(setup, connect=before.connect, is_automatic=before.is_automatic)
        if setup.options != client.router:
            self._facts = RouterFacts()
            self.note("address or login", differences_in_words(client.router, setup.options))
        if setup.pool != client.options:
            self.note("pool settings", differences_in_words(client.options, setup.pool))
        await client.reconfigure(setup.pool, setup.options)

    async def known(self) -> None:
        """Wait until it has answered what it is, or its first connect has come to nothing; only while ``run`` runs."""
        while not self._is_known():
            await self._has_news.wait()

    def _is_known(self) -> bool:
        pool = self.client.connection_stats().pool
        allowed = pool.min_size if pool.ceiling is None else min(pool.min_size, pool.ceiling)
        if pool.ready < allowed:
            return self.client.last_error is not None
        return self._has_answered

    def _tell_news(self) -> None:
        self._has_news.set()
        self._has_news = anyio.Event()

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
            sync=self._sync_state(),
            latency=tuple(self._latency),
            latency_step=SAMPLE,
            events=self._events.latest(EVENTS_SHOWN),
            slow_response=client.options.slow_response,
            forecasts=() if self._course is None else self._course.forecasts,
            breaks=self._breaks.seen(),
            trouble_since=self._events.trouble_since,
            within_the_hour=self._events.within_the_hour(clock.utc_now()),
            troubles_within_the_hour=self._events.troubles_within_the_hour(clock.utc_now()),
        )

    def _sync_state(self) -> SyncState:
        return SyncState(is_automatic=self.setup.is_automatic) if self._syncs is None else self._syncs.state

    def note(self, kind: str, text: str) -> None:
        """Put something into the router's history that did not come from its pool."""
        self._on_event(self._events.add(clock.utc_now(), kind, text))

    def recall(self, past: Iterable[Step]) -> None:
        """Take in what was seen of it before, by another program or by this one."""
        now, past = clock.now(), list(past)
        self.percentiles.recall(now, past)
        self.course.recall(now, past, self.client.options)
        self.has_past = True

    def _heard(self, event: PoolEvent) -> None:
        self._chronicle.heard(self.name, event)
        self._breaks.heard(event.kind, event.text, clock.utc_now())
        is_usual = isinstance(event, CommandSettled) and event.outcome is not None and not event.outcome.unknown
        if not is_usual:  # a write that is settled is no news; one that nobody knows of is
            self.note(event.kind.value, event.text.removeprefix(f"{self.name}: "))
        self._tell_news()

    async def _sample(self) -> None:
        await anyio.sleep(SAMPLE)
        course = self.course
        try:
            while True:
                pool, now = self.client.connection_stats().pool, clock.now()
                self._latency.append(pool.performance.response.p95)
                hour, steps = course.take(pool, self._facts, self._sync_state(), self.client.options)
                self._chronicle.hour_over(hour)
                self._chronicle.steps_over(self.name, [*self.percentiles.add(now, pool.performance.response), *steps])
                await anyio.sleep(SAMPLE)
        finally:
            self._chronicle.hour_over(course.end())
            self._chronicle.steps_over(self.name, self.percentiles.end(clock.now()))

    async def _ask_facts(self) -> None:
        while True:
            pause = FACTS / 5
            if not self._is_away():  # of a router that is away nobody has to be asked
                try:
                    with asked_by("mktui itself"):
                        await self._read_facts()
                except RouterError as error:  # what is known stays, with its age
                    self._has_answered = self._has_answered or isinstance(error, CommandTrapped)
                else:
                    pause = FACTS
                    self._has_answered = True
                self._tell_news()
            await anyio.sleep(pause)

    def _is_away(self) -> bool:
        """Say whether a question would be refused at once, or stand in line for nothing."""
        pool = self.client.connection_stats().pool
        return not pool.ready and (bool(pool.auth_failed) or pool.circuit_breaker.state is not BreakerState.CLOSED)

    async def _read_facts(self) -> None:
        columns = ("version", "board-name", "uptime", "cpu-load", "free-memory", "total-memory")
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
            memory_percent=_memory_percent(row.get("free-memory", ""), row.get("total-memory", "")),
        )


def setup_differences(before: RouterSetup, after: RouterSetup) -> str:
    """Say what is different between two setups, as the operator may choose it; "": nothing. A secret is not shown."""
    told = [
        differences_in_words(before.options, after.options),
        differences_in_words(before.pool, after.pool),
        "" if before.is_protected == after.is_protected else f"protected {_flag(before)} → {_flag(after)}",
    ]
    return ", ".join(filter(None, told))


def _flag(setup: RouterSetup) -> str:
    return "yes" if setup.is_protected else "no"


def differences_in_words(before: BaseModel, after: BaseModel) -> str:
    """Say what is different between two settings of one kind; a secret is not shown."""
    old, new = before.model_dump(), after.model_dump()
    return ", ".join(_difference(name, old[name], new[name]) for name in new if old[name] != new[name])


def _difference(name: str, old: object, new: object) -> str:
    return f"another {name}" if isinstance(new, SecretStr) else f"{name} {_short(old)} → {_short(new)}"


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value) if value not in {None, ""} else "–"


def _memory_percent(free: str, total: str) -> float | None:
    """Return the memory in use, of two counts of bytes."""
    if not (free.isdecimal() and total.isdecimal() and int(total)):
        return None
    return round(100.0 * (1 - int(free) / int(total)), 1)


def _seconds(text: str) -> float | None:
    try:
        seconds = parse_duration(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None
