"""The demo: three simulated routers on loopback, a small provider's books, and some work going on. Nothing is kept."""

from __future__ import annotations

import random
import secrets
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio
from pydantic import SecretStr

from mktui import clock
from mktui.background import background
from mktui.billing.demo import demo_books
from mktui.config.maintenance import Job, parse
from mktui.core.connection.options import RouterOptions
from mktui.core.pool.job import Priority
from mktui.core.pool.options import PoolOptions
from mktui.errors import RouterError
from mktui.services.fleet import Fleet, open_fleet
from mktui.services.router import RouterSetup
from mktui.services.timetable import Plan
from mktui.simulator.fleets import Served, demo_profiles, serve_fleet
from mktui.sync.options import SyncOptions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from anyio.abc import TaskStatus

    from mktui.monitor.snapshot import SeenEvent
    from mktui.services.router import RouterService
    from mktui.sync.run import Office

FAILING: Final = "tower-west"
_POOL: Final = PoolOptions(
    circuit_breaker_threshold=3, circuit_breaker_timeout=4, retry_delay=0.5, health_check_interval=5,
    connection_timeout=15, command_timeout=10,  # a test of the slow router takes 5 s
)  # fmt: skip
_JOBS: Final = {Job.CHECK: "hourly", Job.RESET: "sunday 04:00 on hotspot-*, tower-*", Job.SYNC: "daily 03:30"}
_READS: Final = ("/ppp/active", "/interface", "/queue/simple", "/ppp/secret", "/log")


@asynccontextmanager
async def open_demo(
    *, seed: int = 1, on_event: Callable[[SeenEvent], None] = lambda _event: None
) -> AsyncIterator[Fleet]:
    """Run the demo for the block."""
    async with background() as tasks:
        served: list[Served] = await tasks.start(_serve, seed)
        setups = [_setup(each) for each in served]
        opened = open_fleet(
            setups, title="demo", open_office=partial(_office, seed), on_event=on_event, maintenance=_plan()
        )
        async with opened as fleet, background() as work:
            for name in fleet.names:
                work.start_soon(_work, fleet.service(name), seed)
            yield fleet


def _plan() -> Plan:
    """Return what the demo does by itself."""
    return Plan({job: parse(words) for job, words in _JOBS.items()}, _JOBS)


async def _office(seed: int) -> Office:
    return await anyio.to_thread.run_sync(_filled, seed)


def _filled(seed: int) -> Office:
    """Return billing in memory, filled with the demo's customers."""
    from mktui.billing import ledger  # noqa: PLC0415 - loads the database
    from mktui.billing.store import Store  # noqa: PLC0415 - with it
    from mktui.sync.digests import Digests  # noqa: PLC0415 - with it
    from mktui.sync.run import Office  # noqa: PLC0415 - with it

    store = Store.open("sqlite://")
    profiles, subscribers = demo_books(seed=seed, now=clock.utc_now())
    with store.begin() as connection:
        for profile in profiles:
            ledger.save_profile(connection, profile, now=clock.utc_now())
        for subscriber in subscribers:
            ledger.save_subscriber(connection, subscriber, now=clock.utc_now())
    return Office(store, Digests(secrets.token_bytes(32)), SyncOptions(), store.installation())


async def _serve(seed: int, *, task_status: TaskStatus[list[Served]]) -> None:
    await serve_fleet(demo_profiles(seed), fails=frozenset({FAILING}), task_status=task_status)


def _setup(served: Served) -> RouterSetup:
    profile = served.router.profile
    options = RouterOptions(
        name=profile.name, host=served.host, port=served.port, username=profile.username,
        password=SecretStr(profile.password),
    )  # fmt: skip
    return RouterSetup(options, _POOL, is_protected=profile.name == "edge-1")


async def _work(service: RouterService, seed: int) -> None:
    """Read this and that, as screens and scripts would."""
    chance = random.Random(f"{seed} {service.name}")  # noqa: S311 - a demo's idle work
    while True:
        await anyio.sleep(chance.uniform(0.2, 1.2))
        try:
            await service.client.get(chance.choice(_READS), ("name",), priority=Priority.LOW)
        except RouterError:
            await anyio.sleep(1)
