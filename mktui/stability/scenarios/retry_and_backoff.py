"""Retry and backoff: is a read tried again, a write never, and does nobody come back in step with the others?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.errors import OutcomeUnknown
from mktui.simulator.faults import CutMoment, FaultRule
from mktui.stability import own_rows
from mktui.stability.stage import Scenario

if TYPE_CHECKING:
    from mktui.core.client.client import Client
    from mktui.stability.stage import Stage

_DELAY: Final = 0.3
"""Seconds: the longest pause before the first retry."""
_READ: Final = "/interface/print"
"""Not what a new connection asks by itself."""
_ROUNDS: Final = 8
_TOGETHER: Final = 3
"""Callers whose commands are cut in one moment: as many as the budget of retries always allows."""
_REFILL: Final = 18
"""Requests that fill the budget again."""
_RETRIES: Final = 2
_STORM: Final = 15
_SHARE: Final = 1.5
"""Attempts a request: a fifth of all requests may be tried again, and three besides."""


async def _play(stage: Stage) -> None:
    settings = {"min_size": 1, "max_size": 1, "retry_attempts": _RETRIES, "retry_delay": _DELAY, "max_retry_delay": 1.0,
                "circuit_breaker_threshold": 1000, "adaptive_in_flight": False}  # fmt: skip
    async with stage.client(**settings) as client:
        await _pauses(stage, client)
        stage.notes.progress(0.6)
        await _refill(client)
        await _writes(stage, client)
        stage.notes.progress(0.7)
        await _refill(client)
        await _all_cut(stage, client)


async def _pauses(stage: Stage, client: Client) -> None:
    """Cut some reads in one moment, again and again, and see when they come back."""
    notes, lane = stage.notes, stage.notes.lane("cut once")

    async def ask() -> None:
        with notes.asking("cut once"):
            await client.get("/interface", ("name",), max_age=0)

    for turn in range(_ROUNDS):
        await _refill(client)
        stage.box.faults.rules.append(FaultRule(CutMoment.BEFORE, _READ, left=1))
        async with anyio.create_task_group() as tasks:
            for _ in range(_TOGETHER):
                tasks.start_soon(ask)
        notes.progress(0.6 * (turn + 1) / _ROUNDS)
    least, most = lane.percentiles(0.0, 1.0)
    notes.saw("cut reads that were answered", lane.answered, least=_ROUNDS * _TOGETHER)
    notes.saw("longest pause with its answer", most, "s", most=_DELAY + 0.7)
    spread = None if least is None or most is None else most - least
    notes.saw("spread of the pauses", spread, "s", least=0.3 * _DELAY)


async def _refill(client: Client) -> None:
    """Ask until the budget of retries is full again: nothing that follows is spared for want of it."""
    for _ in range(_REFILL):
        await client.get("/system/identity", ("name",), max_age=0)


async def _writes(stage: Stage, client: Client) -> None:
    """Cut a write after it was done: its end is unknown, and it must not be done a second time."""
    box = stage.box
    path = f"{own_rows.MENU}/add"
    before = box.commands[path]
    box.faults.cut_on[path] = CutMoment.AFTER
    unknown = 0
    command = own_rows.adding(0, stage.mark)
    try:
        await client.run(command.path, command.attributes, timeout=5)
    except OutcomeUnknown:
        unknown = 1
    stage.notes.saw("times a lost write was done", box.commands[path] - before, least=1, most=1)
    stage.notes.saw("and its caller was told so", unknown, least=1)


async def _all_cut(stage: Stage, client: Client) -> None:
    """Cut every read: each is given up soon, and retries stay a small share of what is asked."""
    box, notes = stage.box, stage.notes
    rule = FaultRule(CutMoment.BEFORE, _READ)
    box.faults.rules.append(rule)
    cut_before = _cuts(stage)
    for number in range(_STORM):
        with notes.asking("always cut"):
            await client.get("/interface", ("name",), max_age=0, timeout=3)
        notes.progress(0.7 + 0.3 * number / _STORM)
    rule.ends_at = clock.now()
    notes.saw("attempts when all are cut", (_cuts(stage) - cut_before) / _STORM, "x", least=1, most=_SHARE)
    with notes.asking("afterwards"):
        await client.get("/interface", ("name",), max_age=0, timeout=5)
    notes.saw("answered afterwards", notes.lane("afterwards").answered, least=1)


def _cuts(stage: Stage) -> int:
    return sum(seen.path == _READ and seen.what is CutMoment.BEFORE for seen in stage.box.faults.seen)


SCENARIO: Final = Scenario(
    "retry-and-backoff",
    "Retry and backoff",
    "Cuts connections under reads and a write: reads come back after pauses of chance, a write is never repeated.",
    _play,
)
