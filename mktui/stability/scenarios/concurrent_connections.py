"""Concurrent connections: does each of many callers get his own answer, over few connections?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.client.query import Key
from mktui.simulator.profile import RouterProfile
from mktui.stability.stage import Reach, Scenario

if TYPE_CHECKING:
    from mktui.core.client.client import Client
    from mktui.stability.stage import Stage

_CALLERS: Final = 50
_EACH: Final = 6
_FEW_CALLERS: Final = 10
"""On a real router."""
_LATENCY: Final = 0.03
_PATIENCE: Final = 8.0
"""Seconds that a caller waits at most."""


async def _play(stage: Stage) -> None:
    notes, box = stage.notes, stage.simulated
    callers = _CALLERS if box is not None else _FEW_CALLERS
    wrong = 0
    names = [row.values["name"] for row in box.tables["/ppp/secret"]] if box is not None else []

    async def call(client: Client, number: int) -> None:
        nonlocal wrong
        for turn in range(_EACH):
            with notes.asking():
                wrong += not await _is_answered(client, names, number + turn * callers)
            notes.progress(notes.lane().asked / (callers * _EACH))

    async with stage.client() as client:
        begun = clock.now()
        async with anyio.create_task_group() as tasks:
            for number in range(callers):
                tasks.start_soon(call, client, number)
        seconds = clock.now() - begun
        used, allowed = client.connection_stats().pool.size, client.options.max_size
    lane = notes.lane()
    median, p95 = lane.percentiles(0.5, 0.95)
    notes.saw("callers at once", callers)
    notes.saw("answered", lane.answered, "reads", least=callers * _EACH)
    notes.saw("wrong answers", wrong, most=0)
    notes.saw("connections used", used, least=1, most=allowed)
    notes.saw("median", median, "s")
    notes.saw("p95", p95, "s", most=5.0)
    if box is not None:
        one_by_one = callers * _EACH * _LATENCY
        notes.saw("times as fast as one by one", one_by_one / max(seconds, 0.001), "x", least=4)
        notes.saw("sessions at the router", box.peak_sessions, most=allowed)


async def _is_answered(client: Client, names: list[str], number: int) -> bool:
    """Ask something that only one answer is right for; on a real router there is only its name."""
    if not names:
        rows = await client.get("/system/identity", ("name",), max_age=0, timeout=_PATIENCE)
        return len(rows) == 1
    name = names[number % len(names)]
    rows = await client.get("/ppp/secret", ("name",), Key("name") == name, max_age=0, timeout=_PATIENCE)
    return [row.get("name") for row in rows] == [name]


SCENARIO: Final = Scenario(
    "concurrent-connections",
    "Concurrent connections",
    "Lets many callers ask at the same moment, each for something else, and looks at who got whose answer.",
    _play,
    Reach.READS,
    RouterProfile(secrets=300, latency=_LATENCY),
)
