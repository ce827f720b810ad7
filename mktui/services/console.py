"""One command on one router, typed by a person: read from a line, run at the lowest priority, and kept in the audit."""

from __future__ import annotations

import shlex
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from mktui import clock
from mktui.core.pool.effects import Effect, effect_of
from mktui.core.pool.job import Priority
from mktui.core.protocol.sentences import Command, Row
from mktui.errors import WrongUse
from mktui.services.command_words import in_words
from mktui.services.one_writer import alone

if TYPE_CHECKING:
    from mktui.services.chronicle import Chronicle
    from mktui.services.router import RouterService

_VERBS: Final = frozenset({
    "print", "add", "set", "unset", "remove", "enable", "disable", "move", "get", "getall", "find", "listen", "monitor",
})  # fmt: skip
"""Where a path surely ends: a bare word after one of these is a slip."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a router has answered, and how long it took, in seconds."""

    rows: tuple[Row, ...]
    took: float


def parse_line(line: str) -> Command:
    """Read what was typed: ``/ppp/secret/print .proplist=name ?service=pppoe``, or ``ppp secret print`` as on a router.

    Raises:
        WrongUse: It is no command; says what would be one.
    """
    try:
        words = shlex.split(line)
    except ValueError:
        raise WrongUse("a quotation mark is not closed") from None
    path: list[str] = []
    while words and not words[0].startswith("?") and "=" not in words[0] and (path[-1:] or [""])[0] not in _VERBS:
        path += [part for part in words.pop(0).split("/") if part]
    if len(path) < 2:
        raise WrongUse("a command is a menu and a verb, such as /ppp/active/print")
    attributes: dict[str, str] = {}
    for word in words:
        name, equals, value = word.removeprefix("=").partition("=")
        if word.startswith("?"):
            continue
        if not name or not equals:
            raise WrongUse(f"{word!r} is neither NAME=VALUE nor ?QUERY")
        attributes[name] = value
    return Command("/" + "/".join(path), attributes, tuple(word for word in words if word.startswith("?")))


def is_read(command: Command) -> bool:
    """Say whether a command changes nothing, as far as anybody can tell."""
    return effect_of(command) is Effect.READ


class Desk(Protocol):
    """The fleet whose routers are asked."""

    chronicle: Chronicle

    def service(self, name: str) -> RouterService:
        """Return a router."""


class Console:
    """Runs commands, after everything else that waits."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self, router: str, command: Command) -> Answer:
        """Run a command and return its rows.

        Raises:
            RouterError: The router could not be asked, said no, or nobody knows what became of it.
            BillingError: It is no read, and another one writes to this router, or may.
        """
        service = self._desk.service(router)
        client, begun_at = service.client, clock.now()
        address = service.setup.options.address
        async with nullcontext() if is_read(command) else alone(router, address, command.path):
            with self._desk.chronicle.audited(f"run {in_words(command)}", router):
                rows = await client.run(command.path, command.attributes, where=command.query, priority=Priority.LOW)
        return Answer(tuple(rows), clock.now() - begun_at)
