"""Long quiet, many routers, big answers, and the proxy over real sockets: what a storm of one router does not show."""

from __future__ import annotations

import gc
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import anyio
import pytest
from pydantic import SecretStr

from mktui import clock
from mktui.core import Client, PoolOptions, RouterOptions, open_client
from mktui.core.pool.breaker import BreakerState
from mktui.errors import Overloaded, RouterError
from mktui.simulator.profile import RouterProfile
from mktui.simulator.proxy import FaultProxy
from mktui.simulator.router import SimulatedRouter
from tests.virtual_time import backend
from tests.wiring import ROUTER, client_and_router, until, wire

if TYPE_CHECKING:
    from anyio.abc import ByteStream

pytestmark = pytest.mark.anyio
QUICK = PoolOptions(
    min_size=1,
    max_size=2,
    circuit_breaker_threshold=3,
    circuit_breaker_timeout=5,
    retry_delay=0.5,
    connection_timeout=5,
)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    return backend(request.param)


async def test_an_hour_of_idleness_grows_nothing() -> None:
    async with client_and_router(PoolOptions(min_size=2)) as (client, router):
        await until(lambda: client.connection_stats().pool.ready == 2)
        await anyio.sleep(60)
        tasks, deadlines = len(anyio.get_running_tasks()), len(client._pool.dispatcher._deadlines._heap)
        connects, asked = client.connection_stats().performance.connects, router.commands.total()
        await anyio.sleep(3600)
        assert len(anyio.get_running_tasks()) == tasks
        assert len(client._pool.dispatcher._deadlines._heap) <= deadlines
        assert client.connection_stats().performance.connects == connects
        probes = router.commands.total() - asked
        assert probes <= 2 * 3600 / client.options.health_check_interval + 2, "one for each silence"
        assert (await client.health_status()).status == "healthy"


async def test_a_hundred_routers_that_die_together_come_back_together() -> None:
    routers = [SimulatedRouter(RouterProfile(name=f"r{number}", secrets=2)) for number in range(100)]
    async with anyio.create_task_group() as tasks, AsyncExitStack() as stack:
        clients: list[Client] = []
        for number, router in enumerate(routers):
            address = ROUTER.model_copy(update={"name": f"r{number}"})
            clients.append(await stack.enter_async_context(open_client(address, QUICK, connect=wire(router, tasks))))
        for client in clients:
            assert len(await client.get("/ppp/secret", max_age=0)) == 2
        for router in routers:
            router.faults.is_down = True
            router.drop_sessions()
        await anyio.sleep(20)
        assert {client.connection_stats().circuit_breaker.state for client in clients} <= {
            BreakerState.OPEN,
            BreakerState.HALF_OPEN,
        }
        retries = {round(client.connection_stats().circuit_breaker.retry_after or 0, 2) for client in clients}
        assert len(retries) > 50, "they do not knock in step"
        for router in routers:
            router.faults.is_down = False
        await anyio.sleep(60)
        for number, client in enumerate(clients):
            rows = await client.get("/ppp/secret", ("name",), max_age=0)
            assert len(rows) == 2, number
        assert max(router.peak_sessions for router in routers) <= QUICK.max_size


async def test_fifty_thousand_rows_for_a_slow_reader_hold_up_nobody_else() -> None:
    profile = RouterProfile(secrets=50_000, online=0)
    async with client_and_router(PoolOptions(min_size=2, max_size=2), profile) as (client, router):
        await until(lambda: client.connection_stats().pool.ready == 2)
        async with client.stream("/ppp/secret/listen") as changes:
            await anyio.sleep(0.01)
            table = router.tables["/ppp/secret"]
            for row in list(table)[:9_000]:
                table.change(row, {"comment": "changed"})
            assert len(await client.get("/ppp/secret", ("name",), max_age=0)) == 50_000
            begun_at = clock.now()
            await client.run("/system/identity/print")
            assert clock.now() - begun_at < 0.2
            assert (await changes.receive())["comment"] == "changed"


async def test_a_reader_that_is_too_slow_loses_its_stream_and_nothing_else() -> None:
    async with client_and_router(PoolOptions(min_size=2, max_size=2), RouterProfile(secrets=50)) as (client, router):
        await client.get("/ppp/profile")
        with pytest.raises(Overloaded):
            await _read_too_slowly(client, router)
        assert len(await client.get("/ppp/secret", ("name",), max_age=0)) == 50
        assert client.connection_stats().performance.drops == 0


async def _read_too_slowly(client: Client, router: SimulatedRouter) -> None:
    async with client.stream("/ppp/secret/listen") as changes:
        await anyio.sleep(0.01)
        table = router.tables["/ppp/secret"]
        row = next(iter(table))
        for round_ in range(30):
            for number in range(500):
                table.change(row, {"comment": f"{round_} {number}"})
            await anyio.sleep(0.01)
        async for _ in changes:
            pass


async def test_a_reboot_in_the_middle_of_a_cancel_leaks_nothing() -> None:
    async with client_and_router(QUICK.model_copy(update={"circuit_breaker_threshold": 1000})) as (client, router):
        await client.get("/ppp/profile")
        router.faults.slow["/ppp/secret/print"] = 30
        with anyio.move_on_after(1):
            await client.get("/ppp/secret", max_age=0)
        router.reboot(2)
        await anyio.sleep(20)
        router.faults.clear()
        assert client.connection_stats().pool.slots_used == 0
        assert len(await client.get("/ppp/secret", max_age=0)) == 20


@pytest.mark.realtime
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_the_proxy_over_real_sockets_cuts_swallows_and_lets_go_again() -> None:
    router = SimulatedRouter(RouterProfile(secrets=300))
    async with anyio.create_task_group() as tasks:
        port = await tasks.start(router.serve_tcp)

        async def dial() -> ByteStream:
            return await anyio.connect_tcp("127.0.0.1", port)

        proxy = FaultProxy(dial)
        front = await tasks.start(proxy.serve_tcp)
        address = RouterOptions(name="r", host="127.0.0.1", port=front, password=SecretStr("secret"))
        options = PoolOptions(
            min_size=1, max_size=2, retry_delay=0.05, max_retry_delay=0.1, circuit_breaker_threshold=2,
            circuit_breaker_timeout=0.3, connection_timeout=0.3, command_timeout=0.3,
        )  # fmt: skip
        async with open_client(address, options) as client:
            assert len(await client.get("/ppp/secret", max_age=0)) == 300
            proxy.to_client.cut_after = 700
            assert len(await client.get("/ppp/secret", max_age=0, timeout=5)) == 300
            proxy.to_router.swallows = True
            begun_at = clock.now()
            with pytest.raises(RouterError):
                await client.get("/ppp/secret", max_age=0, timeout=0.3)
            assert clock.now() - begun_at < 0.8
            proxy.clear()
            await until(lambda: client.connection_stats().pool.ready >= 1 and client._pool.dispatcher.breaker.allows)
            assert len(await client.get("/ppp/secret", max_age=0, timeout=5)) == 300
        tasks.cancel_scope.cancel()
    gc.collect()
    assert router.peak_sessions <= 2
