"""Error recovery: after each kind of trouble, how soon is the router usable again, and was any answer wrong?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.client.query import Key
from mktui.errors import MktuiError
from mktui.simulator.faults import ReplyFault
from mktui.simulator.profile import RouterProfile
from mktui.stability.stage import Scenario
from mktui.stability.waiting import seconds_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.core.client.client import Client
    from mktui.simulator.router import SimulatedRouter
    from mktui.stability.stage import Stage

_MOST: Final = 6.0
"""Seconds from the beginning of a trouble to the next good answer."""
_CALLERS: Final = 6
_REBOOT: Final = 1.0
_SPOILT: Final = 4
"""Answers that each spoilt reply hits."""
_READ: Final = "/ppp/secret/print"


def _reply(fault: ReplyFault) -> Callable[[SimulatedRouter], None]:
    def spoil(box: SimulatedRouter) -> None:
        box.faults.replies[_READ] = fault
        box.faults.replies_left = _SPOILT

    return spoil


TROUBLES: Final[tuple[tuple[str, Callable[[SimulatedRouter], None]], ...]] = (
    ("every connection cut", lambda box: box.drop_sessions()),
    ("an answer for nobody", _reply(ReplyFault.UNKNOWN_TAG)),
    ("an answer without its tag", _reply(ReplyFault.DONE_UNTAGGED)),
    ("a !fatal", _reply(ReplyFault.FATAL)),
    ("bytes that are no reply", _reply(ReplyFault.CONTROL_BYTE)),
    ("an answer that never ends", _reply(ReplyFault.DONE_MISSING)),
    ("a reboot", lambda box: box.reboot(_REBOOT)),
)


@dataclass(slots=True)
class _Heard:
    """What the callers have heard: how many wrong answers, and which of them (by the first name) were answered."""

    wrong: int = 0
    answered: set[str] = field(default_factory=set)


async def _play(stage: Stage) -> None:
    notes = stage.notes
    names = [row.values["name"] for row in stage.box.tables["/ppp/secret"]]
    heard = _Heard()

    async with (
        stage.client(
            min_size=2, max_size=3, retry_delay=0.1, max_retry_delay=0.5, connection_timeout=1, command_timeout=1.5,
            acquire_timeout=2, health_check_interval=1, circuit_breaker_threshold=5, circuit_breaker_timeout=0.5,
        ) as client,
        anyio.create_task_group() as tasks,
    ):  # fmt: skip
        await client.get("/system/identity", ("name",), max_age=0)
        for number in range(_CALLERS):
            tasks.start_soon(_ask_on, stage, client, names[number::_CALLERS], heard)
        for number, (name, make) in enumerate(TROUBLES):
            await anyio.sleep(0.2)
            make(stage.box)
            notes.saw(f"after {name}", await _recovered(client, names[0]), "s", most=_MOST)
            stage.box.faults.clear()
            notes.progress((number + 1) / len(TROUBLES))
        heard.answered.clear()
        await seconds_until(lambda: len(heard.answered) == _CALLERS, most=_MOST)
        tasks.cancel_scope.cancel()
    lane = notes.lane()
    notes.saw("wrong answers", heard.wrong, most=0)
    notes.saw("callers answered at the end", len(heard.answered), least=_CALLERS)
    notes.saw("answered meanwhile", lane.answered, "reads")
    notes.saw("failed meanwhile", lane.failed, "reads")


async def _ask_on(stage: Stage, client: Client, names: list[str], heard: _Heard) -> None:
    """Ask for one name after another, and see whether it is that one that comes."""
    while True:
        for name in names:
            with stage.notes.asking():
                rows = await client.get("/ppp/secret", ("name",), Key("name") == name, max_age=0, timeout=4)
                heard.wrong += [row.get("name") for row in rows] != [name]
                heard.answered.add(names[0])
            await anyio.sleep(0.02)


async def _recovered(client: Client, name: str) -> float | None:
    """Return the seconds until there are three good answers in a row; None: not in time."""
    begun, good = clock.now(), 0
    while good < 3:
        if clock.now() - begun > _MOST:
            return None
        try:
            await client.get("/ppp/secret", ("name",), Key("name") == name, max_age=0, timeout=2)
        except MktuiError:
            good = 0
        else:
            good += 1
        await anyio.sleep(0.05)
    return clock.now() - begun


SCENARIO: Final = Scenario(
    "error-recovery",
    "Error recovery",
    "Cuts, spoils and reboots while callers ask on: how soon there are good answers again, and that none is wrong.",
    _play,
    profile=RouterProfile(secrets=120, latency=0.01, jitter=0.01),
)
