"""One API session without its socket: which answer belongs to which call, and what may be said when.

Bytes in, events out; commands in, bytes out. A tag is a number that this session never uses twice, so a late or
doubled answer can reach nobody. An answer that nobody can place (untagged after login, garbage) makes the whole
session unusable: a connection whose state is unknown is never used again.
"""

from __future__ import annotations

import enum
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mktui.core.protocol.decoder import Decoder
from mktui.core.protocol.framing import encode
from mktui.core.protocol.sentences import Command, Fatal, Row, Trap, build_reply
from mktui.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Phase(enum.Enum):
    """Where a session is in its life."""

    LOGIN = "login"
    READY = "ready"
    CLOSED = "closed"


MAY_SAY: Final[dict[Phase, Callable[[Command], bool]]] = {
    Phase.LOGIN: lambda command: command.path == "/login",  # anything else gets "!fatal not logged in"
    Phase.READY: lambda command: command.path != "/login",
    Phase.CLOSED: lambda _: False,
}
"""What may be said when."""


@dataclass(slots=True, eq=False)
class Call:
    """One command under way, and what came back so far.

    ``on_row`` gets rows as they come (streams); without it they are kept in ``rows``. ``on_end`` is called once, with
    this call, when its ``!done`` has come or when the session ended (then ``lost`` says why).
    """

    tag: str
    command: Command
    on_end: Callable[[Call], None]
    on_row: Callable[[Row], None] | None = None
    rows: list[Row] = field(default_factory=list)
    traps: list[Trap] = field(default_factory=list)
    done: dict[str, str] | None = None
    lost: str | None = None
    left: bool = False
    """Its bytes were handed to the socket: from here on the router may have executed it."""

    @property
    def ret(self) -> str | None:
        """The ``=ret=`` of ``!done``: a new row's id, a count, a challenge."""
        return None if self.done is None else self.done.get("ret")


class Session:
    """The calls of one session. Pure: it never waits and never touches a socket.

    After ``receive`` or ``start`` raised, or a ``!fatal`` came, the phase is CLOSED and only ``end`` is left to call.
    """

    def __init__(self, *, encoding: str = "utf-8") -> None:
        self.phase = Phase.LOGIN
        self.fatal: str | None = None
        self.strays = 0
        """Tagged sentences that belong to no call under way: late or doubled answers, dropped."""
        self._encoding = encoding
        self._decoder = Decoder(encoding)
        self._tags: Iterator[int] = itertools.count(1)
        self._calls: dict[str, Call] = {}

    @property
    def calls(self) -> int:
        """How many calls are under way."""
        return len(self._calls)

    def logged_in(self) -> None:
        """Enter READY: the login's answer was yes."""
        self.phase = Phase.READY

    def start(
        self, command: Command, on_end: Callable[[Call], None], on_row: Callable[[Row], None] | None = None
    ) -> tuple[Call, bytes]:
        """Register a call and return it with the bytes to send.

        During login a call has no tag, as every version understands, and there is only one at a time.

        Raises:
            ProtocolError: The command may not be said now, or cannot be said in this router's encoding.
        """
        if not MAY_SAY[self.phase](command):
            raise ProtocolError(f"{command.path} cannot be said in phase {self.phase.value}")
        tag = str(next(self._tags)) if self.phase is Phase.READY else ""
        if tag in self._calls:
            raise ProtocolError("one login command at a time")
        framed = encode(command.words(tag), self._encoding)
        call = self._calls[tag] = Call(tag, command, on_end, on_row)
        return call, framed

    def withdraw(self, call: Call) -> None:
        """Forget a call whose bytes have never left."""
        del self._calls[call.tag]

    def receive(self, chunk: bytes) -> None:
        """Take bytes from the router; calls that they complete end here.

        Raises:
            ProtocolError: Garbage, or an answer that nobody can place.
        """
        try:
            for word, tag, attributes in self._decoder.feed(chunk):
                if word == "!re":
                    self._row(tag, attributes)
                else:
                    self._other(word, tag, attributes)
        except ProtocolError:
            self.phase = Phase.CLOSED
            raise

    def end(self, reason: str) -> None:
        """End the session: every call under way ends as lost."""
        self.phase = Phase.CLOSED
        calls, self._calls = list(self._calls.values()), {}
        for call in calls:
            call.lost = reason
            call.on_end(call)

    def _row(self, tag: str, row: Row) -> None:
        call = self._calls.get(tag)
        if call is None:
            self._stray(tag)
        elif call.on_row is None:
            call.rows.append(row)
        else:
            call.on_row(row)

    def _other(self, word: str, tag: str, attributes: Row) -> None:
        if word == "!fatal":
            fatal = build_reply(word, tag, attributes, attributes.get("", ""))
            assert isinstance(fatal, Fatal)
            self.fatal = fatal.reason
            self.phase = Phase.CLOSED
            return
        call = self._calls.get(tag)
        if call is None:
            self._stray(tag)
        elif word == "!trap":
            call.traps.append(Trap.of(attributes, tag))
        elif word == "!done":
            del self._calls[tag]
            call.done = attributes
            call.on_end(call)
        # !empty says what no row says; unknown words are tolerated

    def _stray(self, tag: str) -> None:
        if not tag:
            raise ProtocolError("an answer without a tag: whose it is, nobody can tell")
        self.strays += 1
