"""How long the loop stands still while 50,000 rows arrive, the caller letting go of them included."""

from __future__ import annotations

import time

import anyio

from mktui.core import PoolOptions, open_client
from tests.benchmarks.feeder import feeder
from tests.benchmarks.measure import Line, median
from tests.benchmarks.reading import router_on

_TICK = 0.0005


def stall(*, quick: bool) -> list[Line]:
    """Measure the longest pause of a task that only wants to run, with one reader and with five."""
    rows, rounds = (1_000, 1) if quick else (50_000, 5)
    lines = []
    with feeder(rows) as port:
        for readers in (1, 5):
            worst = median(anyio.run(_stall, port, readers, rounds))
            shown = f"{1000 * worst:.1f} ms"
            work = f"loop stall, {rows:,} rows, {readers} at once"
            lines.append(Line(work, shown, "–", 1000 * worst, "<= 5 ms", worst <= 0.005, rounds))
    return lines


async def _stall(port: int, readers: int, rounds: int) -> list[float]:
    worst: list[float] = []
    options = PoolOptions(min_size=readers, max_size=readers, command_timeout=120)
    async with open_client(router_on(port), options) as client:
        while client.connection_stats().pool.ready < readers:  # noqa: ASYNC110 - a benchmark's warm-up
            await anyio.sleep(0.01)
        for _ in range(rounds):
            async with anyio.create_task_group() as ticking:
                lags: list[float] = []
                ticking.start_soon(_tick, lags)
                async with anyio.create_task_group() as tasks:
                    for _ in range(readers):
                        tasks.start_soon(client.run, "/ppp/secret/print")
                ticking.cancel_scope.cancel()
            worst.append(max(lags))
    return worst


async def _tick(lags: list[float]) -> None:
    while True:
        begun = time.perf_counter()
        await anyio.sleep(_TICK)
        lags.append(time.perf_counter() - begun - _TICK)
