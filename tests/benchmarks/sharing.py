"""What tags are worth: 200 commands of 50 ms on 5 connections, against a plain pool of 5."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import anyio
from librouteros import async_connect

from mktui.core import Command, PoolOptions, open_client
from tests.benchmarks.measure import Line, median, ms, timed_async
from tests.benchmarks.reading import router_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from librouteros.api import AsyncApi

POOL = PoolOptions(min_size=5, max_size=5, max_in_flight=8, adaptive_in_flight=False)


@contextmanager
def slow_router(latency_ms: float) -> Iterator[int]:
    """Run a simulated router in a process of its own; gives its port."""
    words = ["simulate", "--latency-ms", str(latency_ms), "--secrets", "10"]
    with subprocess.Popen([sys.executable, "-m", "mktui", *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["port"]
        finally:
            process.kill()


def slots(*, quick: bool) -> list[Line]:
    """Share five connections."""
    count, rounds = (20, 1) if quick else (200, 5)
    with slow_router(50) as port:
        ours, theirs = anyio.run(_slots, port, count, rounds)
    mine, other = median(ours), median(theirs)
    work = f"{count} commands x 50 ms on 5 connections, against a plain pool of 5"
    return [Line(work, ms(mine), ms(other), other / mine, ">= 7x", other / mine >= 7, rounds)]


async def _slots(port: int, count: int, rounds: int) -> tuple[list[float], list[float]]:
    apis = [await async_connect(host="127.0.0.1", username="admin", password="secret", port=port) for _ in range(5)]
    ours: list[float] = []
    theirs: list[float] = []

    async def plain() -> None:
        waiting = iter(range(count))

        async def work(api: AsyncApi) -> None:
            for _ in waiting:
                [row async for row in api("/system/identity/print")]

        await asyncio.gather(*(work(api) for api in apis))

    async with open_client(router_on(port), POOL) as client:
        while client.connection_stats().pool.ready < 5:  # noqa: ASYNC110 - a benchmark's warm-up
            await anyio.sleep(0.01)

        async def tagged() -> None:
            outcomes = await client.execute_batch([Command("/system/identity/print")] * count)
            assert all(outcome.ok for outcome in outcomes)

        for _ in range(rounds):
            theirs.append(await timed_async(plain))
            ours.append(await timed_async(tagged))
    for api in apis:
        await api.close()
    return ours, theirs
