"""Load: a steady rate of mixed commands, each counted from when it should have been asked."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.pool.job import Priority
from mktui.simulator.profile import RouterProfile
from mktui.stability.stage import Reach, Scenario

if TYPE_CHECKING:
    from mktui.core.client.client import Client
    from mktui.stability.stage import Stage

MIX: Final = (
    ("/system/identity", ("name",), Priority.NORMAL, 5),
    ("/interface", ("name", "running"), Priority.NORMAL, 3),
    ("/system/resource", ("cpu-load", "uptime"), Priority.LOW, 2),
)
"""What is read, how urgently, and how often among ten. Nothing is written."""
_SUCCESS: Final = 99.0
_KEEPS_UP: Final = 0.85
"""Of the rate: the last answers come when nothing more is asked."""
_SLOW: Final = 2.0
"""The 95th percentile may be this many times what the pool's settings call slow."""


async def _play(stage: Stage) -> None:
    notes = stage.notes
    chance = random.Random(1)  # noqa: S311 - a mix, not cryptography
    weights = [each[3] for each in MIX]
    count = max(1, round(stage.rate * stage.duration))
    async with stage.client() as client:
        await client.get("/system/identity", ("name",), max_age=0)
        begun = clock.now()

        async def ask(due: float, kind: int) -> None:
            path, columns, priority, _ = MIX[kind]
            with notes.asking(since=due):
                await client.get(path, columns, max_age=0, priority=priority)

        async with anyio.create_task_group() as tasks:
            for number in range(count):
                due = begun + number / stage.rate
                await anyio.sleep(max(0.0, due - clock.now()))
                tasks.start_soon(ask, due, chance.choices(range(len(MIX)), weights)[0])
                notes.progress(number / count)
        _judge(stage, client, clock.now() - begun)


def _judge(stage: Stage, client: Client, seconds: float) -> None:
    notes, lane = stage.notes, stage.notes.lane()
    p50, p95, p99, worst = lane.percentiles(0.5, 0.95, 0.99, 1.0)
    pool = client.connection_stats().pool
    notes.saw("asked", lane.asked, "commands")
    notes.saw("rate that was asked for", stage.rate, "1/s")
    notes.saw("rate that was answered", lane.answered / max(seconds, 0.001), "1/s", least=_KEEPS_UP * stage.rate)
    notes.saw("success", 100 * lane.answered / max(1, lane.asked), "%", least=_SUCCESS)
    notes.saw("p50", p50, "s")
    notes.saw("p95", p95, "s", most=_SLOW * client.options.slow_response)
    notes.saw("p99", p99, "s")
    notes.saw("slowest", worst, "s")
    notes.saw("retries", pool.performance.retries)
    notes.saw("connections lost", pool.performance.drops)


SCENARIO: Final = Scenario(
    "load",
    "Load",
    "Asks a mix of reads at a steady rate, and counts each from the moment it was due: waiting is seen, not hidden.",
    _play,
    Reach.READS,
    RouterProfile(secrets=200, latency=0.02, jitter=0.04),
)
