"""How long the loop stands still while 50,000 rows arrive, and while their caller lets go of them all at once.

To free them is a matter of the one who drops them, mktui keeps none: measured to be known, without a target.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio

from mktui.core import PoolOptions, open_client
from tests.benchmarks.feeder import feeder
from tests.benchmarks.measure import Line, median
from tests.benchmarks.reading import router_on

if TYPE_CHECKING:
    from mktui.core import Client
    from mktui.core.protocol.sentences import Row

_TICK = 0.0005


def stall(*, quick: bool) -> list[Line]:
    """Measure the longest pause of a task that only wants to run, with one reader and with five."""
    rows, rounds = (1_000, 1) if quick else (50_000, 5)
    lines = []
    with feeder(rows) as port:
        for readers in (1, 5):
            arriving, freeing = (
                median(list(each)) for each in zip(*anyio.run(_stall, port, readers, rounds), strict=True)
            )
            work = f"loop stall, {rows:,} rows, {readers} at once"
            lines.append(
                Line(work, f"{1000 * arriving:.1f} ms", "–", 1000 * arriving, "<= 5 ms", arriving <= 0.005, rounds)
            )
            work = f"the caller drops {readers} x {rows:,} rows at once"
            lines.append(Line(work, f"{1000 * freeing:.1f} ms", "–", 1000 * freeing, "–", None, rounds))
    return lines


async def _stall(port: int, readers: int, rounds: int) -> list[tuple[float, float]]:
    """Return the longest pauses of each round: while rows arrived, and to free them."""
    worst: list[tuple[float, float]] = []
    options = PoolOptions(min_size=readers, max_size=readers, command_timeout=120)
    async with open_client(router_on(port), options) as client:
        while client.connection_stats().pool.ready < readers:  # noqa: ASYNC110 - a benchmark's warm-up
            await anyio.sleep(0.01)
        for _ in range(rounds):
            async with anyio.create_task_group() as ticking:
                lags: list[float] = []
                ticking.start_soon(_tick, lags)
                held: list[list[Row]] = []
                async with anyio.create_task_group() as tasks:
                    for _ in range(readers):
                        tasks.start_soon(_read, client, held)
                ticking.cancel_scope.cancel()
            begun = time.perf_counter()
            held.clear()
            worst.append((max(lags), time.perf_counter() - begun))
    return worst


async def _read(client: Client, held: list[list[Row]]) -> None:
    held.append(await client.run("/ppp/secret/print"))


async def _tick(lags: list[float]) -> None:
    while True:
        begun = time.perf_counter()
        await anyio.sleep(_TICK)
        lags.append(time.perf_counter() - begun - _TICK)
