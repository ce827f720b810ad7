"""Callers that leave at every possible moment: no slot leaks, no neighbour is hurt, cancellation always surfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest
from anyio.lowlevel import checkpoint

from mktui import clock
from mktui.core import PoolOptions
from mktui.errors import CommandTimeout
from tests.core.storm import OPTIONS, bench
from tests.virtual_time import backend
from tests.wiring import client_and_router

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mktui.core import Client

pytestmark = pytest.mark.anyio
ONE = PoolOptions(min_size=1, max_size=1, adaptive_in_flight=False, max_in_flight=4)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    return backend(request.param)


VERBS: dict[str, Callable[[Client], Awaitable[object]]] = {
    "read": lambda client: client.get("/ppp/secret", ("name",), max_age=0),
    "shared read": lambda client: client.get("/ppp/secret", ("name",)),
    "write": lambda client: client.set("/ppp/secret", "*1", {"comment": "x"}),
    "batch": lambda client: client.execute_batch([]),
    "test": lambda client: client.test_connection(),
    "reset": lambda client: client.reset(),
}


@pytest.mark.parametrize("verb", VERBS)
async def test_a_caller_may_be_cancelled_at_every_await_point(verb: str) -> None:
    """Let the caller run a little longer each time, until it comes to its end: every point in between was hit."""
    async with client_and_router(ONE) as (client, router):
        router.faults.extra_latency = 0.001
        await client.get("/ppp/profile", max_age=0)
        for patience in range(400):
            if await _ended_within(client, verb, patience):
                break
        else:
            pytest.fail("it never came to its end")
        assert patience > 0 or verb == "batch"
        await anyio.sleep(5)
        stats = client.connection_stats()
        assert (stats.pool.slots_used, stats.queue.length, len(client._pool.dispatcher.rows)) == (0, 0, 0)
        assert stats.performance.errors == {} or set(stats.performance.errors) <= {"OutcomeUnknown"}
        assert len(await client.get("/ppp/secret", ("name",), max_age=0)) == 20
        assert router.peak_sessions <= ONE.max_size + (verb == "test")


async def _ended_within(client: Client, verb: str, checkpoints: int) -> bool:
    ended = False

    async def call() -> None:
        nonlocal ended
        await VERBS[verb](client)
        ended = True

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        for _ in range(checkpoints % 40):
            await checkpoint()
        await anyio.sleep(checkpoints // 40 * 0.002)
        tasks.cancel_scope.cancel()
    return ended


async def test_a_slot_granted_in_the_tick_in_which_its_caller_leaves_is_given_on() -> None:
    async with client_and_router(ONE.model_copy(update={"max_in_flight": 1})) as (client, router):
        await client.get("/ppp/profile", max_age=0)
        router.faults.extra_latency = 0.01
        answered = 0

        async def ask(scope: anyio.CancelScope) -> None:
            nonlocal answered
            with scope:
                await client.get("/ppp/profile", max_age=0)
                answered += 1

        for _ in range(50):
            scopes = [anyio.CancelScope() for _ in range(4)]
            async with anyio.create_task_group() as tasks:
                for scope in scopes:
                    tasks.start_soon(ask, scope)
                await anyio.sleep(0.01)  # the first answer and this wake in one tick
                scopes[1].cancel()
                await anyio.sleep(0.01)
                scopes[2].cancel()
        await anyio.sleep(3)
        assert answered >= 100
        assert client.connection_stats().pool.slots_used == 0


async def test_a_slot_granted_exactly_at_the_deadline_leaks_nothing() -> None:
    async with client_and_router(ONE.model_copy(update={"max_in_flight": 1})) as (client, router):
        await client.get("/ppp/profile", max_age=0)
        router.faults.extra_latency = 1.0
        ends: list[float] = []

        async def ask(timeout: float) -> None:
            begun_at = clock.now()
            try:
                await client.get("/ppp/profile", max_age=0, timeout=timeout)
            except CommandTimeout:
                ends.append(clock.now() - begun_at - timeout)

        async with anyio.create_task_group() as tasks:
            for timeout in (5.0, 1.0, 2.0, 1.0, 3.0, 2.0):
                tasks.start_soon(ask, timeout)
        assert ends
        assert max(ends) < 1e-6
        router.faults.extra_latency = 0.0
        await anyio.sleep(5)
        assert client.connection_stats().pool.slots_used == 0
        await client.get("/ppp/profile", max_age=0)


async def test_a_storm_of_cancellations_leaves_nothing_behind() -> None:
    async with bench(OPTIONS) as b:
        for round_ in range(20):
            with anyio.move_on_after(0.003 * round_):
                await b.storm(60, timeout=8)
        await anyio.sleep(5)
        b.added.clear()  # their callers have left: nobody was told anything
        await b.storm(60, timeout=8)
        await anyio.sleep(5)
        b.check()
        assert b.client.connection_stats().pool.slots_used == 0
        assert not len(b.client._pool.dispatcher.rows)
