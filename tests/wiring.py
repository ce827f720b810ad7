"""Client and simulated router in one loop, over a wire in memory: no sockets, and time that can jump."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from pydantic import SecretStr

from mktui import clock
from mktui.core import Client, PoolOptions, RouterOptions, open_client
from mktui.errors import ConnectFailed
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from mktui.simulator.streams import byte_stream_pair

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from anyio.abc import ByteStream, TaskGroup

    from mktui.core.connection.transport import Connect
    from mktui.core.pool.actions import PoolEvent

ROUTER = RouterOptions(name="edge-1", host="127.0.0.1", username="admin", password=SecretStr("secret"))


def wire(router: SimulatedRouter, tasks: TaskGroup, chunk_bytes: int | None = None) -> Connect:
    """Return a ``connect`` that leads to ``router``; a router that is down refuses."""

    async def connect(options: RouterOptions) -> ByteStream:
        await anyio.lowlevel.checkpoint()
        if router.faults.is_down or clock.now() < router.down_until:
            raise ConnectFailed(options.name, address=options.address, reason="connection refused")
        ours, theirs = byte_stream_pair(chunk_bytes)
        tasks.start_soon(router.serve, theirs)
        return ours

    return connect


@asynccontextmanager
async def client_and_router(
    options: PoolOptions | None = None,
    profile: RouterProfile | None = None,
    *,
    router_options: RouterOptions = ROUTER,
    chunk_bytes: int | None = None,
    on_event: Callable[[PoolEvent], None] = lambda _event: None,
) -> AsyncIterator[tuple[Client, SimulatedRouter]]:
    """Hold a client of a simulated router for the block."""
    router = SimulatedRouter(profile or RouterProfile(secrets=20))
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        connect = wire(router, tasks, chunk_bytes)
        try:
            async with open_client(router_options, options, connect=connect, on_event=on_event) as client:
                yield client, router
        except Exception as error:  # noqa: BLE001 - a failed claim is raised below, outside the group
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for a condition, 20 s at most."""
    with anyio.fail_after(20):
        while not is_so():  # noqa: ASYNC110 - conditions of many kinds, none with an event of its own
            await anyio.sleep(0.01)
