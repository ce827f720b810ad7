"""Pool initialisation: are the connections there soon, and gone afterwards?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui.core.pool.job import Priority
from mktui.stability.stage import FEW, Reach, Scenario
from mktui.stability.waiting import seconds_until

if TYPE_CHECKING:
    from mktui.stability.stage import Stage

_FIRST: Final = 2.0
_ALL: Final = 5.0
_GONE: Final = 2.0
_ROUNDS: Final = 5


async def _play(stage: Stage) -> None:
    notes, box = stage.notes, stage.simulated
    async with stage.client(min_size=FEW, max_size=FEW) as client:
        first = await seconds_until(lambda: client.connection_stats().pool.ready >= 1, most=_ALL)
        rest = None
        if first is not None:
            rest = await seconds_until(lambda: client.connection_stats().pool.ready >= FEW, most=_ALL)
        notes.progress(0.5)
        for _ in range(_ROUNDS):
            with notes.asking():
                await client.get("/system/identity", ("name",), max_age=0, priority=Priority.HIGH, timeout=_ALL)
        connections, sessions = client.connection_stats().pool.ready, box.sessions if box is not None else 0
    notes.saw("first connection after", first, "s", most=_FIRST)
    notes.saw(f"all {FEW} after", None if first is None or rest is None else first + rest, "s", most=_ALL)
    notes.saw("connections", connections, least=FEW, most=FEW)
    notes.saw("answered at once", notes.lane().answered, "reads", least=_ROUNDS)
    notes.saw("median answer", notes.lane().percentiles(0.5)[0], "s")
    if box is not None:
        notes.saw("sessions at the router", sessions, least=FEW, most=FEW)
        await seconds_until(lambda: box.sessions == 0, most=_GONE)
        notes.saw("sessions left behind", box.sessions, most=0)


SCENARIO: Final = Scenario(
    "pool-initialisation",
    "Pool initialisation",
    f"Opens a pool of {FEW} connections, asks something over it at once, and closes it.",
    _play,
    Reach.READS,
)
