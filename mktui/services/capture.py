"""Records a real router so that it can be replayed: read only, gently, and with nobody's name in it.

One session, one command at a time, of the lowest priority, and after each a pause as long as it took. Of a menu no more
than a sample is read: what comes after that is cancelled. Nothing but ``print`` and ``get`` is ever sent.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.client.client import open_client
from mktui.core.pool.effects import Effect, effect_of
from mktui.core.pool.job import Priority
from mktui.core.protocol import schema
from mktui.core.protocol.sentences import Command
from mktui.errors import CircuitOpen, CommandTrapped
from mktui.services.masking import Masks
from mktui.simulator.recorded import Capture, Measured, Said

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mktui.core.client.client import Client
    from mktui.core.protocol.sentences import Row
    from mktui.services.router import RouterSetup

SAMPLE: Final = 50
"""Rows of one menu, unless somebody wants another number."""
_PAUSE: Final = 0.02
"""Seconds between two commands at least."""
_SMALL: Final = 5
"""Times that the smallest command is measured."""
_OURS: Final = frozenset({"/log", "/user/active"})
"""Menus that change because we are looking."""
_IDENTITY: Final = Command("/system/identity/print", {".proplist": "name"})
PROBES: Final = (
    Command("/mktui-no-such-menu/print"),
    Command("/ppp/secret/print", {"mktui-no-such-argument": "1"}),
    Command("/ppp/secret/get", {"number": "*FFFFFFF0", "value-name": "name"}),
    Command("/ppp/secret/get"),
)
"""Reads that a router refuses: how it says no to what does not exist."""


@dataclass(slots=True)
class _Heard:
    """What was heard so far, as it was said."""

    said: list[Said] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)


async def capture(
    setup: RouterSetup,
    *,
    sample: int = SAMPLE,
    menus: Sequence[str] | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Capture:
    """Record a router. ``sample``: most rows of one menu; ``on_progress`` hears how many commands of how many are done.

    Raises:
        RouterError: It cannot be reached, or was lost on the way.
    """
    wanted = [path for path in (schema.menus() if menus is None else menus) if path not in _OURS]
    pool = setup.pool.model_copy(
        update={"min_size": 1, "max_size": 1, "max_in_flight": 1, "circuit_breaker_threshold": 1, "cache_ttl": 0.0}
    )
    heard, probed, small = _Heard(), _Heard(), []
    async with open_client(setup.options, pool, connect=setup.connect) as client:
        try:
            of = len(wanted) + len(PROBES) + _SMALL
            for done in range(_SMALL):
                on_progress(done, of)
                small.append(await _timed(client))
            for done, path in enumerate(wanted, _SMALL):
                on_progress(done, of)
                await _print(client, path, sample, heard)
            for done, probe in enumerate(PROBES, _SMALL + len(wanted)):
                on_progress(done, of)
                await _probe(client, probe, probed)
        except CircuitOpen as error:  # one try is all there is: say what happened, not what the breaker makes of it
            raise client.last_error or error from None
    return _masked(heard, probed, small)


async def _timed(client: Client) -> float:
    begun_at = clock.now()
    await client.run(_IDENTITY.path, _IDENTITY.attributes, priority=Priority.LOW)
    took = clock.now() - begun_at
    await anyio.sleep(max(_PAUSE, took))
    return took


async def _print(client: Client, path: str, sample: int, heard: _Heard) -> None:
    """Read the first rows of a menu; the rest of a big one is cancelled, and counted."""
    rows: list[Row] = []
    is_more = False
    begun_at = clock.now()
    command = _reading(Command(f"{path}/print"))
    try:
        async with client.stream(command.path, priority=Priority.LOW) as coming:
            async for row in coming:
                if is_more := len(rows) >= sample:
                    break
                rows.append(row)
        said = Said(command.path, rows=tuple(row for row in rows if row.get("connection") != "true"))
    except CommandTrapped as error:
        said = Said(command.path, refusal=error.text, category=error.category)
    took = clock.now() - begun_at
    heard.said.append(said)
    heard.seconds.append(took)
    if is_more:
        counted = await client.run(command.path, {"count-only": ""}, priority=Priority.LOW)
        heard.totals[path] = int(counted[-1].get("ret", "0") or 0) if counted else 0
    await anyio.sleep(max(_PAUSE, took))


async def _probe(client: Client, command: Command, heard: _Heard) -> None:
    """Ask for what is not there, and keep the words in which that is refused; who does not refuse says nothing."""
    _reading(command)
    try:
        await client.run(command.path, command.attributes, priority=Priority.LOW)
    except CommandTrapped as error:
        heard.said.append(Said(command.path, command.attributes, (), error.text, error.category))
    await anyio.sleep(_PAUSE)


def _reading(command: Command) -> Command:
    """Return a command that only reads: nothing else leaves this module."""
    assert effect_of(command) is Effect.READ, command.path
    return command


def _masked(heard: _Heard, probed: _Heard, small: list[float]) -> Capture:
    masks = Masks()
    for said in heard.said:
        masks.learn(said.rows)
    menus = tuple(
        Said(said.path, {}, tuple(masks.row(said.path.rpartition("/")[0], row) for row in said.rows),
             masks.text(said.refusal), said.category)
        for said in heard.said
    )  # fmt: skip
    probes = tuple(
        Said(said.path, said.attributes, (), masks.text(said.refusal), said.category) for said in probed.said
    )
    version = next((said.rows[0].get("version", "") for said in menus if said.path == "/system/resource/print"
                    and said.rows), "")  # fmt: skip
    return Capture(version.partition(" ")[0], menus, probes, _measured(heard, small), heard.totals)


def _measured(heard: _Heard, small: list[float]) -> Measured:
    """Return what a command takes, and what each row adds to it."""
    command = statistics.median(small)
    rows = sum(len(said.rows) for said in heard.said)
    beyond = sum(max(0.0, took - command) for took, said in zip(heard.seconds, heard.said, strict=True) if said.rows)
    return Measured(command, beyond / rows if rows else 0.0)
