"""Circuit breaker: is a router that is down left alone, and taken back when it answers?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.pool.breaker import JITTER, BreakerState
from mktui.errors import CircuitOpen, MktuiError
from mktui.simulator.faults import Mishap
from mktui.stability.stage import Scenario
from mktui.stability.waiting import seconds_until

if TYPE_CHECKING:
    from mktui.core.client.client import Client
    from mktui.simulator.router import SimulatedRouter
    from mktui.stability.stage import Stage

_THRESHOLD: Final = 3
_BREAK: Final = 1.0
_DOWN: Final = 2.0
_LEFT_ALONE: Final = _BREAK * (1 - JITTER)
"""Seconds: the shortest first break."""
_AT_ONCE: Final = 0.05
"""Seconds within which a command is refused while the circuit is open."""
_EVERY: Final = 0.02


async def _play(stage: Stage) -> None:
    notes, box = stage.notes, stage.box
    async with stage.client(
        min_size=1, max_size=2, circuit_breaker_threshold=_THRESHOLD, circuit_breaker_timeout=_BREAK,
        retry_attempts=0, retry_delay=0.05, max_retry_delay=0.1, connection_timeout=1, acquire_timeout=2,
    ) as client:  # fmt: skip
        await client.get("/system/identity", ("name",), max_age=0)
        lost = 1 if box.sessions else 0  # all that are lost in one moment are one failure
        cut_at = clock.now()
        box.faults.is_down = True
        box.drop_sessions()
        notes.saw("opened after", await _opened(client, most=8.0), "s", most=8.0)
        refused = _refused(box)
        notes.saw("failures before it opened", lost + len(refused), most=_THRESHOLD, least=_THRESHOLD)
        notes.progress(0.3)
        await _ask_in_vain(stage, client)
        probes = _refused(box)[len(refused) :]
        last = max(refused, default=cut_at)
        notes.saw("left alone for", probes[0] - last if probes else None, "s", least=_LEFT_ALONE)
        notes.saw("connections tried while open", len(probes), most=_DOWN / _BREAK)
        box.faults.is_down = False
        back = await seconds_until(
            lambda: client.connection_stats().pool.circuit_breaker.state is BreakerState.CLOSED, most=8 * _BREAK
        )
        notes.saw("closed again after", back, "s", most=6 * _BREAK)
        notes.progress(0.9)
        with notes.asking("afterwards"):
            await client.get("/system/identity", ("name",), max_age=0, timeout=2)
        notes.saw("answered afterwards", notes.lane("afterwards").answered, least=1)


def _refused(box: SimulatedRouter) -> list[float]:
    """Return when the router has refused a connection: what it saw of the pool, whatever the pool says of itself."""
    return [seen.at for seen in box.faults.seen if seen.what is Mishap.DOWN]


async def _opened(client: Client, *, most: float) -> float | None:
    """Ask until the circuit is open; return how long that took."""
    begun = clock.now()
    while clock.now() - begun < most:
        try:
            await client.get("/system/identity", ("name",), max_age=0, timeout=0.5)
        except CircuitOpen:
            return clock.now() - begun
        except MktuiError:
            pass
        await anyio.sleep(_EVERY)
    return None


async def _ask_in_vain(stage: Stage, client: Client) -> None:
    """Ask while the router is down, as callers do who do not know it."""
    slowest = None
    notes, until = stage.notes, clock.now() + _DOWN
    while clock.now() < until:
        at = clock.now()
        with notes.asking("while open"):
            await client.get("/system/identity", ("name",), max_age=0, timeout=0.5)
        slowest = max(slowest or 0.0, clock.now() - at)
        await anyio.sleep(_EVERY)
    lane = notes.lane("while open")
    notes.saw("refused at once", lane.errors["CircuitOpen"], "commands", least=10)
    notes.saw("asked all the same", lane.asked - lane.errors["CircuitOpen"], "commands", most=2)
    notes.saw("slowest refusal", slowest, "s", most=_AT_ONCE)


SCENARIO: Final = Scenario(
    "circuit-breaker",
    "Circuit breaker",
    "Takes the router down, asks on, and brings it back: commands are refused at once, and the router is left alone.",
    _play,
)
