"""Right after a login: who is this router, and since when has it been up? A few small questions in one round trip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.protocol.sentences import Command
from mktui.core.protocol.values import parse_duration
from mktui.errors import ConnectionLost

if TYPE_CHECKING:
    from mktui.core.connection.connection import Connection
    from mktui.core.protocol.session import Call

_QUESTIONS: Final = (
    Command("/system/identity/print", {".proplist": "name"}),
    Command("/system/resource/print", {".proplist": "uptime,version,board-name"}),
    Command("/system/routerboard/print", {".proplist": "serial-number"}),
    Command("/system/license/print", {".proplist": "software-id,system-id"}),  # what a router without a board has
)


async def introduce(connection: Connection) -> dict[str, str]:
    """Return what the router says: name, uptime, version, board-name, serial; what it does not tell is missing.

    Raises:
        ConnectionLost: The session ended first.
    """
    calls: list[Call] = []
    answered = anyio.Event()

    def ended(_call: Call) -> None:
        if all(call.done is not None or call.lost is not None for call in calls) and len(calls) == len(_QUESTIONS):
            answered.set()

    for question in _QUESTIONS:
        calls.append(connection.begin(question, ended))  # noqa: PERF401 - ended() looks at the list while it grows
    await answered.wait()
    lost = next((call.lost for call in calls if call.lost is not None), None)
    if lost is not None:
        raise ConnectionLost(connection.router, reason=lost, maybe_executed=False)
    told: dict[str, str] = {}
    for call in calls:
        told |= call.rows[0] if call.rows else {}
    serial = told.get("serial-number") or told.get("software-id") or told.get("system-id") or ""
    return told | ({"serial": serial} if serial else {})


def booted_at(told: dict[str, str]) -> float | None:
    """Return when it booted, in the loop's time; None when it did not say."""
    try:
        return clock.now() - parse_duration(told["uptime"])
    except (KeyError, ValueError):
        return None
