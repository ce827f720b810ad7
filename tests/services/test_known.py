"""When a router is known well enough to be told of: as soon as anything has come of asking it, and no later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from mktui import clock
from mktui.core.pool.options import PoolOptions
from mktui.services.fleet import open_fleet
from mktui.services.router import RouterSetup
from mktui.simulator.faults import FaultRule, ReplyFault
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.virtual_time import backend
from tests.wiring import ROUTER, wire

if TYPE_CHECKING:
    from mktui.monitor.snapshot import RouterSnapshot

pytestmark = pytest.mark.anyio
POOL = PoolOptions(min_size=2, connection_timeout=15)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    """Either loop, in virtual time."""
    return backend(request.param)


async def known(router: SimulatedRouter) -> tuple[float, RouterSnapshot]:
    """Return after how many seconds it was known, and how it was then."""
    async with anyio.create_task_group() as tasks:
        async with open_fleet([RouterSetup(ROUTER, POOL, connect=wire(router, tasks))]) as fleet:
            began_at = clock.now()
            with anyio.fail_after(20):
                await fleet.service("edge-1").known()
            took, (seen,) = clock.now() - began_at, fleet.snapshot().routers
        tasks.cancel_scope.cancel()
    return took, seen


async def test_a_router_is_known_when_all_its_connections_are_there_and_it_has_said_what_it_is() -> None:
    _, seen = await known(SimulatedRouter(RouterProfile(secrets=0, latency=0.2)))
    assert (seen.pool.ready, seen.facts.version) == (2, "7.20.8")


async def test_for_sessions_that_a_router_does_not_allow_nobody_waits() -> None:
    took, seen = await known(SimulatedRouter(RouterProfile(secrets=0, max_sessions=1)))
    assert took < 1
    assert (seen.pool.ready, seen.pool.ceiling, seen.facts.version) == (1, 1, "7.20.8")


async def test_a_router_that_cannot_be_reached_is_known_at_the_first_failure() -> None:
    router = SimulatedRouter(RouterProfile(secrets=0))
    router.faults.is_down = True
    took, seen = await known(router)
    assert took < 1
    assert seen.health.status.value == "offline"


async def test_a_router_that_refuses_the_login_is_known_when_it_has() -> None:
    router = SimulatedRouter(RouterProfile(secrets=0))
    router.faults.refuse_logins = True
    took, seen = await known(router)
    assert took < 1
    assert seen.pool.ready == 0


async def test_a_router_that_will_not_say_what_it_is_has_answered_all_the_same() -> None:
    router = SimulatedRouter(RouterProfile(secrets=0))
    router.faults.rules.append(FaultRule(ReplyFault.TRAPS, "/system/resource/print"))
    took, seen = await known(router)
    assert took < 1
    assert (seen.pool.ready, seen.facts.read_at) == (2, None)
