"""What is said of a router that was away for hours, while it is away and after it."""

from __future__ import annotations

import datetime as dt
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio
import pytest

from mktui import clock
from mktui.core.pool.options import PoolOptions
from mktui.monitor.diagnosis import diagnose
from mktui.services.fleet import open_fleet
from mktui.services.router import RouterSetup
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.virtual_time import backend
from tests.wiring import ROUTER, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from mktui.monitor.snapshot import RouterSnapshot

pytestmark = pytest.mark.anyio
AT: Final = dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC)
HOUR: Final = 3600


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    """Either loop, in virtual time."""
    return backend(request.param)


@asynccontextmanager
async def watched(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[tuple[SimulatedRouter, Callable[[], RouterSnapshot]]]:
    """A router that nobody asks anything but mktui itself, watched for an hour; and how it is seen now."""
    begun = clock.now()
    monkeypatch.setattr(clock, "utc_now", lambda: AT + dt.timedelta(seconds=clock.now() - begun))
    router = SimulatedRouter(RouterProfile(secrets=0, online=0))
    async with anyio.create_task_group() as tasks:
        async with open_fleet([RouterSetup(ROUTER, PoolOptions(), connect=wire(router, tasks))]) as fleet:
            await anyio.sleep(HOUR)
            yield router, lambda: fleet.snapshot().routers[0]
        tasks.cancel_scope.cancel()


def die(router: SimulatedRouter) -> None:
    """Take its power."""
    router.faults.is_down = True
    router.drop_sessions()


async def test_a_router_that_was_away_is_not_blamed_for_what_nobody_asked_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with watched(monkeypatch) as (router, seen):
        die(router)
        await anyio.sleep(6 * HOUR)
        away = seen()
        assert away.pool.performance.failing == 0, "its own questions wait until it is back"
        router.faults.is_down = False
        await anyio.sleep(1.5 * HOUR)
        back = seen()
        assert back.health.status.value == "healthy"
        assert back.pool.performance.success_percent is not None
        assert back.pool.performance.success_percent > 99
        assert diagnose(back, clock.utc_now()) == ()


async def test_since_when_it_is_away_is_known_for_as_long_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    async with watched(monkeypatch) as (router, seen):
        died_at = clock.utc_now()
        die(router)
        for _ in range(3):
            await anyio.sleep(2 * HOUR)
            since = seen().trouble_since
            assert since is not None
            assert abs((since - died_at).total_seconds()) < 60
            assert {each.rule for each in diagnose(seen(), clock.utc_now())} <= {"unreachable", "connection errors"}
        router.faults.is_down = False
        await anyio.sleep(HOUR)
        assert seen().trouble_since is None
