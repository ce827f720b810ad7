"""A router whose memory leaks is warned of by the services that watch it."""

from __future__ import annotations

import anyio
import pytest

from mktui.core.pool.options import PoolOptions
from mktui.monitor import outlook
from mktui.services import router as router_service
from mktui.services.fleet import open_fleet
from mktui.services.router import RouterSetup
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.wiring import ROUTER, until, wire

pytestmark = pytest.mark.anyio


async def test_a_leak_is_seen_by_what_is_asked_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router_service, "SAMPLE", 0.01)
    monkeypatch.setattr(router_service, "FACTS", 0.01)
    monkeypatch.setattr(outlook, "MINUTE", 0.0)  # each look ends a minute
    router = SimulatedRouter(RouterProfile(secrets=0, online=0))
    resource = next(iter(router.tables["/system/resource"]))

    async def leak() -> None:
        for percent in range(30, 80):
            resource.change({"total-memory": "1000000", "free-memory": str(10_000 * (100 - percent))})
            await anyio.sleep(0.04)

    async with anyio.create_task_group() as tasks:
        setup = RouterSetup(ROUTER, PoolOptions(min_size=1, max_size=1), connect=wire(router, tasks))
        async with open_fleet([setup]) as fleet:
            tasks.start_soon(leak)

            def said() -> dict[str, float]:  # on a busy machine an answer's time may seem to rise too
                return {each.figure: each.limit for each in fleet.snapshot().routers[0].forecasts}

            await until(lambda: "memory_percent" in said())
            assert said()["memory_percent"] == 90.0
            memory = fleet.snapshot().routers[0].facts.memory_percent
            assert memory is not None
            assert 30 <= memory < 80
        tasks.cancel_scope.cancel()
