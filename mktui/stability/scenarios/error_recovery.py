"""Error recovery: after each kind of trouble, how soon is the router usable again, and was any answer wrong?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.client.query import Key
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
"""Seconds from the beginning of a trouble until each caller has a good answer to what he has asked since."""
_GIVEN_UP: Final = 1.25 * _MOST
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
    """What the callers have heard: how many wrong answers, and who was answered rightly since the last trouble."""

    wrong: int = 0
    since: float = 0.0
    answered: set[str] = field(default_factory=set)

    def everybody(self) -> bool:
        """Each caller has asked after the trouble, and was answered."""
        return len(self.answered) == _CALLERS


async def _play(stage: Stage) -> None:
    notes, heard = stage.notes, _Heard()
    names = [row.values["name"] for row in stage.box.tables["/ppp/secret"]]

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
            heard.since, heard.answered = clock.now(), set()
            make(stage.box)
            notes.saw(f"after {name}", await seconds_until(heard.everybody, most=_GIVEN_UP), "s", most=_MOST)
            stage.box.faults.clear()
            notes.progress((number + 1) / len(TROUBLES))
        tasks.cancel_scope.cancel()
    lane = notes.lane()
    notes.saw("wrong answers", heard.wrong, most=0)
    notes.saw("answered meanwhile", lane.answered, "reads")
    notes.saw("failed meanwhile", lane.failed, "reads")


async def _ask_on(stage: Stage, client: Client, names: list[str], heard: _Heard) -> None:
    """Ask for one name after another, and see whether it is that one that comes."""
    while True:
        for name in names:
            with stage.notes.asking():
                asked_at = clock.now()
                rows = await client.get("/ppp/secret", ("name",), Key("name") == name, max_age=0, timeout=4)
                if [row.get("name") for row in rows] != [name]:
                    heard.wrong += 1
                elif asked_at >= heard.since:
                    heard.answered.add(names[0])
            await anyio.sleep(0.02)


SCENARIO: Final = Scenario(
    "error-recovery",
    "Error recovery",
    "Cuts, spoils and reboots while callers ask on: how soon there are good answers again, and that none is wrong.",
    _play,
    profile=RouterProfile(secrets=120, latency=0.01, jitter=0.01),
)
