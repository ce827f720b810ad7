"""What the core costs a command: no socket, an answer on the loop's next turn, against one future handed over."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import anyio

from mktui import clock
from mktui.core import Command, PoolOptions
from mktui.core.connection.connection import Traffic
from mktui.core.pool.pool import Pool
from mktui.core.protocol.session import Call
from tests.benchmarks.measure import Line, median, timed_async
from tests.benchmarks.reading import router_on

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.abc import ByteStream, TaskGroup

    from mktui.core.connection.options import RouterOptions
    from mktui.core.pool.actions import Open
    from mktui.core.pool.actions import Write as WriteAction

COMMAND = Command("/system/identity/print")
OPTIONS = PoolOptions(min_size=3, max_size=3, adaptive_in_flight=False, max_waiting=100_000)


class StubPool(Pool):
    """A pool whose connections are always up and answer on the next turn."""

    def _start_link(self, action: Open) -> None:
        now = clock.now()
        connected = self.dispatcher.connected
        asyncio.get_running_loop().call_soon(
            lambda: self.perform(connected(action.link, Traffic(now, now), 0, clock.now()))
        )

    def _write(self, action: WriteAction) -> None:
        job = action.job
        call = job.call = Call("1", job.command, lambda _: None)
        call.left, call.done = True, {}
        asyncio.get_running_loop().call_soon(self._ended, job, call)


async def _no_connect(_router: RouterOptions) -> ByteStream:
    raise NotImplementedError


async def with_pool(work: Callable[[StubPool], Awaitable[None]]) -> None:
    """Run ``work`` with a pool whose connections are up."""
    async with anyio.create_task_group() as tasks:
        await _in_group(tasks, work)
        tasks.cancel_scope.cancel()


async def _in_group(tasks: TaskGroup, work: Callable[[StubPool], Awaitable[None]]) -> None:
    pool = StubPool(router_on(1), OPTIONS, _no_connect, tasks, lambda _event: None)
    tasks.start_soon(pool.run)
    while pool.dispatcher.roster.ready < OPTIONS.min_size:  # noqa: ASYNC110 - a benchmark's warm-up
        await anyio.sleep(0.001)
    await work(pool)


async def callers(width: int, count: int, work: Callable[[], Awaitable[object]]) -> None:
    """Run ``work`` so many times, by ``width`` callers at once."""
    turns = iter(range(count))

    async def call() -> None:
        for _ in turns:
            await work()

    async with anyio.create_task_group() as tasks:
        for _ in range(width):
            tasks.start_soon(call)


async def _hand_over() -> None:
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_soon(future.set_result, 1)
    await future


def overhead(*, quick: bool) -> list[Line]:
    """Compare with a hand-over: one caller, a hundred; and a long queue with a short one."""
    count, rounds = (200, 1) if quick else (10_000, 7)
    times: dict[str, list[float]] = {}

    async def measure(pool: StubPool) -> None:
        async def ours() -> None:
            assert (await pool.execute(COMMAND)).ok

        runs: dict[str, tuple[int, Callable[[], Awaitable[object]]]] = {
            "floor": (1, _hand_over), "ours 1": (1, ours), "ours 100": (100, ours),
            "queued 10": (34, ours), "queued 1000": (1024, ours),
        }  # fmt: skip
        for _ in range(rounds):
            for name, (width, work) in runs.items():
                took = await timed_async(partial(callers, width, count, work))
                times.setdefault(name, []).append(took / count)

    anyio.run(with_pool, measure)
    middle = {name: median(each) for name, each in times.items()}

    def line(work: str, ours: str, theirs: str, most: float) -> Line:
        mine, other = middle[ours], middle[theirs]
        ratio = mine / other
        return Line(work, _micros(mine), _micros(other), ratio, f"<= {most:g}x", ratio <= most, rounds)

    return [
        line("core overhead a command, serial", "ours 1", "floor", 3.5),
        line("core overhead a command, 100 callers", "ours 100", "floor", 4.0),
        line("the same with 1,000 queued, against 10", "queued 1000", "queued 10", 2.5),
    ]


def _micros(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} µs"
