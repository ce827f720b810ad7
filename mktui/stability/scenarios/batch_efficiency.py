"""Batch efficiency: what is it worth to hand over many writes at once?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui import clock
from mktui.simulator.profile import RouterProfile
from mktui.stability import own_rows
from mktui.stability.stage import Reach, Scenario

if TYPE_CHECKING:
    from mktui.core.client.client import Client
    from mktui.stability.stage import Stage

_SINGLE: Final = 10
_BATCH: Final = own_rows.MOST - _SINGLE
_GAIN: Final = 2.0
_LATENCY: Final = 0.03


async def _play(stage: Stage) -> None:
    try:
        async with stage.client() as client:
            await _measure(stage, client)
    finally:
        left = await own_rows.tidy(stage, stage.mark)
    stage.notes.saw("rows left behind", left, most=0)


async def _measure(stage: Stage, client: Client) -> None:
    notes = stage.notes
    await client.get("/system/identity", ("name",), max_age=0)
    begun = clock.now()
    for number in range(_SINGLE):
        command = own_rows.adding(number, stage.mark)
        with notes.asking("one by one"):
            await client.run(command.path, command.attributes)
    single = (clock.now() - begun) / _SINGLE
    notes.progress(0.4)
    commands = [own_rows.adding(_SINGLE + number, stage.mark) for number in range(_BATCH)]
    begun, writes_before = clock.now(), _writes(client)
    outcomes = await client.execute_batch(commands)
    together = (clock.now() - begun) / _BATCH
    writes = _writes(client) - writes_before
    notes.progress(0.8)
    there = sum(mark == stage.mark for _, mark in await own_rows.marked(client))
    notes.saw("rows a second, one by one", 1 / max(single, 1e-6))
    notes.saw("rows a second, in a batch", 1 / max(together, 1e-6))
    gain = single / max(together, 1e-6)
    notes.saw("a batch is faster by", gain, "x", least=_GAIN if stage.simulated is not None else None)
    notes.saw("commands in one write", _BATCH / writes if writes else None)
    notes.saw("not applied", sum(not outcome.ok for outcome in outcomes) + notes.lane("one by one").failed, most=0)
    notes.saw("rows on the router", there, least=own_rows.MOST, most=own_rows.MOST)


def _writes(client: Client) -> int:
    return sum(each.writes for each in client.connection_stats().pool.connections)


SCENARIO: Final = Scenario(
    "batch-efficiency",
    "Batch efficiency",
    f"Adds {own_rows.MOST} marked rows to an address list that nobody names, one by one and in a batch; removes them.",
    _play,
    Reach.WRITES,
    RouterProfile(secrets=20, latency=_LATENCY),
)
