"""One command on one router, typed by a person: read from a line, run at the lowest priority, and kept in the audit."""

from __future__ import annotations

import shlex
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from mktui import clock
from mktui.core.pool.caller import asked_by
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
_PRINTS_ON: Final = frozenset({"follow", "follow-only", "follow-strict", "interval"})
"""With these a print goes on with what is new, or begins again and again."""
_ONCE: Final = ("once=", "duration=10")
_FOR_A_WHILE: Final = ("duration=10",)
_SO_OFTEN: Final = ("count=3", "duration=10")
_ENDED_BY: Final[dict[str, tuple[str, ...]]] = {
    "monitor": _ONCE, "monitor-traffic": _ONCE, "/ping": _SO_OFTEN, "/tool/ping": _SO_OFTEN,
    "/tool/traceroute": _SO_OFTEN, "/tool/torch": _FOR_A_WHILE, "/tool/profile": _FOR_A_WHILE,
    "/tool/bandwidth-test": _FOR_A_WHILE, "/tool/ip-scan": _FOR_A_WHILE, "/tool/mac-scan": _FOR_A_WHILE,
    "/tool/sniffer/quick": _FOR_A_WHILE, "scan": _FOR_A_WHILE, "snooper": _FOR_A_WHILE, "snoop": _FOR_A_WHILE,
    "spectral-scan": _FOR_A_WHILE, "spectral-history": _FOR_A_WHILE, "align": _FOR_A_WHILE, "cable-test": _ONCE,
    "/tool/ping-speed": _ONCE, "/tool/traffic-generator/quick": _FOR_A_WHILE,
}  # fmt: skip
"""Paths, and verbs of any menu, that go on until somebody ends them -> what makes them end, one of these.

Written by hand: the schema's menus are those that are synced or watched, and none of these is among them.
"""
_CONVERSATIONS: Final = frozenset({"/system/telnet", "/system/ssh", "/system/serial-terminal", "/tool/mac-telnet"})
"""Nothing makes these end but who types in them."""


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
    command = Command("/" + "/".join(path), attributes, tuple(word for word in words if word.startswith("?")))
    if why := endless(command):
        raise WrongUse(why)
    return command


def endless(command: Command) -> str:
    """Return why a command would never end, and what to do about it; "": it ends by itself. Pure."""
    path, given = command.path, set(command.attributes)
    if command.verb == "listen":
        return f"{path} never ends: {command.menu}/print has what there is now"
    if command.verb == "print":
        on_and_on = sorted(given & _PRINTS_ON)
        return f"{path} never ends with {on_and_on[0]}: leave it out" if on_and_on else ""
    if path in _CONVERSATIONS:
        return f"{path} is a conversation, which cannot be held here: log in to the router itself"
    ends = _ENDED_BY.get(path) or _ENDED_BY.get(command.verb, ())
    if not ends or given.intersection(word.partition("=")[0] for word in ends):
        return ""
    return f"{path} never ends by itself: add {' or '.join(ends)}"


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
            WrongUse: It would never end.
            RouterError: The router could not be asked, said no, or nobody knows what became of it.
            BillingError: It is no read, and another one writes to this router, or may.
        """
        if why := endless(command):
            raise WrongUse(why)
        service = self._desk.service(router)
        client, begun_at = service.client, clock.now()
        address = service.setup.options.address
        async with nullcontext() if is_read(command) else alone(router, address, command.path):
            with self._desk.chronicle.audited(f"run {in_words(command)}", router), asked_by("somebody, by hand"):
                rows = await client.run(command.path, command.attributes, where=command.query, priority=Priority.LOW)
        return Answer(tuple(rows), clock.now() - begun_at)
