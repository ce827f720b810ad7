"""The socket that a running mktui is asked over: 0600, the peer's user checked, everything bounded.

Each connection has tasks of its own. One that does not read holds up itself: its next picture is made when the last one
has left, so what it missed is not sent later; and when nothing has left for a while it is dropped. Nothing here can end
the fleet: garbage, a bug and a lost peer end a line or a connection.
"""

from __future__ import annotations

import os
import socket as sockets
import struct
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import anyio

from mktui.errors import ControlError, ControlRefused, MktuiError
from mktui.monitor.recording import PICTURES
from mktui.services.control import unix, wire
from mktui.services.control.credentials import Credentials, Peer
from mktui.services.control.feed import Feed
from mktui.services.control.forms import error_document
from mktui.services.control.messages import Hello, Refusal, Subscribe, parse
from mktui.services.control.till import Tills
from mktui.services.control.visitor import Visitor
from mktui.services.log import write_crash

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anyio.abc import ByteStream, TaskGroup, TaskStatus

    from mktui.services.control.badges import Badges
    from mktui.services.control.events import EventRow
    from mktui.services.control.messages import Request
    from mktui.services.control.unix import UnixStream
    from mktui.services.fleet import Fleet

STALL: Final = 20.0
"""Seconds after which who takes nothing is dropped."""
CLIENTS: Final = 32
AT_ONCE: Final = 32
"""Requests of one connection that are under way; one more is refused."""
_LOST: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, OSError)
_IN_A_ROW: Final = 10
_BREATH: Final = 0.02
_PEER_CREDENTIALS: Final = "3i"


@dataclass(slots=True)
class _Marks:
    """Numbers that rise when a plan or a report is another one: so they are asked for only then."""

    of: dict[str, tuple[int, int]] = field(default_factory=dict)
    _seen: dict[str, tuple[object, object]] = field(default_factory=dict)

    def look(self, fleet: Fleet) -> dict[str, tuple[int, int]]:
        """Return router -> plan's number, report's number."""
        for name in fleet.names:
            now = (fleet.plan_of(name), fleet.last_report(name))
            before = self._seen.get(name, (None, None))
            plan, report = self.of.get(name, (0, 0))
            self.of[name] = (plan + (now[0] is not before[0]), report + (now[1] is not before[1]))
            self._seen[name] = now
        return dict(self.of)


class ControlServer:
    """Serves one fleet at one socket. ``say`` hears of trouble with a connection, ``on_request`` who asks what."""

    def __init__(
        self, fleet: Fleet, socket: Path, events: EventRow, *, may_write: bool = True, badges: Badges | None = None,
        say: Callable[[str], None] = lambda _text: None,
        on_request: Callable[[str, str], None] = lambda _who, _what: None,
    ) -> None:  # fmt: skip
        self.clients = 0
        self._fleet = fleet
        self._socket = socket
        self._events = events
        self._credentials = partial(Credentials, may_write=may_write, badges=badges)
        self._say = say
        self.on_request = on_request
        self._marks = _Marks()
        self._tills = Tills(fleet)

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled; the place must be claimed.

        Raises:
            ControlError: The socket cannot be made.
        """
        try:
            raw = unix.listening(self._socket)
        except OSError as error:
            raise ControlError((error.strerror or "cannot be used").lower(), place=str(self._socket)) from None
        with raw:
            task_status.started()
            await unix.serve(raw, self._serve)

    async def _serve(self, stream: UnixStream) -> None:
        async with stream:
            peer = peer_of(stream.raw)
            if peer.uid not in {os.getuid(), 0}:
                await self._turn_away(stream, f"user {peer.uid} may not ask here")
            elif self.clients >= CLIENTS:
                await self._turn_away(stream, f"{CLIENTS} are connected already")
            else:
                self.clients += 1
                visitor = Visitor(self._fleet, self._credentials(peer), self._tills)
                try:
                    await self.converse(stream, visitor)
                finally:
                    self.clients -= 1
                    visitor.leave()

    async def _turn_away(self, stream: ByteStream, why: str) -> None:
        self._say(f"turned away: {why}")
        with anyio.move_on_after(STALL):
            await _Line(stream).send(wire.answer(None, error={"kind": "Refused", "text": why}))

    async def converse(self, stream: ByteStream, visitor: Visitor) -> None:
        """Answer a connection until it ends."""
        line = _Line(stream)
        try:
            async with anyio.create_task_group() as tasks:
                conversation = _Conversation(self, line, visitor, tasks)
                await conversation.read(stream)
                await conversation.finish()
                tasks.cancel_scope.cancel()
        except* _LOST:
            pass
        if line.is_dropped:
            self._say(f"{visitor.actor} took nothing for {STALL:.0f} s and was dropped")

    async def news(self, feed: Feed, number: int | None) -> dict[str, Any]:  # Any: JSON
        """Return what a subscriber has to be told; ``number``: of the last event that he knows, None: he wants none."""
        news: dict[str, Any] = {}
        for index, news in enumerate(feed.news(self._fleet.snapshot())):  # noqa: B007 - the last one is the whole
            if index % _IN_A_ROW == 0:  # hundreds of routers take a while, and pools come first
                await anyio.lowlevel.checkpoint()
        news["marks"] = self._marks.look(self._fleet)
        if number is not None:
            after = self._events.after(number)
            news["events"] = [[each, PICTURES.plain(event)] for each, event in after]
        return news

    @property
    def last_event(self) -> int:
        """The number of the last event."""
        return self._events.number

    def greeting(self) -> dict[str, Any]:  # Any: JSON
        """Return what everybody is told first."""
        return {"pid": os.getpid()}


class _Line:
    """One connection's way out: whole lines, one after the other, and not for ever."""

    def __init__(self, stream: ByteStream) -> None:
        self.is_dropped = False
        self._stream = stream
        self._turn = anyio.Lock()

    async def send(self, text: bytes) -> None:
        """Send a line when those before it have left.

        Raises:
            BrokenResourceError: Nobody takes it.
        """
        async with self._turn:
            if self.is_dropped:
                raise anyio.BrokenResourceError
            with anyio.move_on_after(STALL) as scope:
                await self._stream.send(text)
            if scope.cancelled_caught:  # half a line may have left: there is no way on
                self.is_dropped = True
                raise anyio.BrokenResourceError


class _Conversation:
    """What is under way with one connection."""

    def __init__(self, server: ControlServer, line: _Line, visitor: Visitor, tasks: TaskGroup) -> None:
        self._server = server
        self._line = line
        self._visitor = visitor
        self._tasks = tasks
        self._under_way = 0
        self._subscription: anyio.CancelScope | None = None

    async def read(self, stream: ByteStream) -> None:
        """Take lines until the other side has closed."""
        try:
            async for text in wire.lines(stream, wire.LONGEST_REQUEST):
                await self._take(text)
        except ValueError as error:
            await self._refuse(None, "ProtocolError", f"{error}: the connection ends")

    async def finish(self) -> None:
        """Let what was asked come to its end, though nothing more will be: ``echo … | mktui control-relay``."""
        if self._subscription is not None:
            self._subscription.cancel()
        with anyio.move_on_after(STALL):
            while self._under_way:  # noqa: ASYNC110 - seldom, and short
                await anyio.sleep(_BREATH)

    async def _take(self, text: bytes) -> None:
        try:
            request = parse(text)
        except Refusal as refusal:
            await self._refuse(refusal.number, refusal.kind, refusal.text)
            return
        router = getattr(request, "router", "")
        self._server.on_request(str(self._visitor.actor), f"{request.do} {router}".strip())
        if isinstance(request, Subscribe):
            self._subscribe(request)
        elif isinstance(request, Hello):  # in its turn: what follows is done by who he is then
            await self._answer(request)
        elif self._under_way >= AT_ONCE:
            await self._refuse(request.id, "Overloaded", f"{AT_ONCE} requests are under way already")
        else:
            self._under_way += 1
            self._tasks.start_soon(self._answer_counted, request, name=f"control {request.do}")

    async def _answer_counted(self, request: Request) -> None:
        try:
            await self._answer(request)
        finally:
            self._under_way -= 1

    async def _answer(self, request: Request) -> None:
        async def on_step(step: Any) -> None:  # Any: JSON
            await self._line.send(wire.answer(request.id, step=step))

        try:
            done = await self._visitor.do(request, on_step)
            if isinstance(request, Hello):
                done |= self._server.greeting()
            text = _fitting(wire.answer(request.id, done=done), request.do)
        except ControlRefused as error:
            text = wire.answer(request.id, error={"kind": error.kind, "text": str(error)})
        except MktuiError as error:
            text = wire.answer(request.id, error=error_document(error))
        except _LOST:
            raise
        except Exception as error:  # noqa: BLE001 - a bug in one answer must end neither the others nor the fleet
            told = f"a bug in mktui: {type(error).__name__}; please report {write_crash(error)}"
            text = wire.answer(request.id, error={"kind": "Bug", "text": told})
        await self._line.send(text)

    async def _refuse(self, number: int | None, kind: str, text: str) -> None:
        await self._line.send(wire.answer(number, error={"kind": kind, "text": text}))

    def _subscribe(self, request: Subscribe) -> None:
        """Begin to tell; who subscribes again is told by his last wish only."""
        if self._subscription is not None:
            self._subscription.cancel()
        self._subscription = anyio.CancelScope()
        self._tasks.start_soon(self._tell, request, self._subscription, name="control subscription")

    async def _tell(self, request: Subscribe, scope: anyio.CancelScope) -> None:
        feed = Feed()
        number = self._server.last_event if request.events else None
        with scope:
            while True:
                news = await self._server.news(feed, number)
                if news.get("events"):
                    number = news["events"][-1][0]
                with anyio.CancelScope(shield=True):  # a line leaves whole, or the connection ends
                    await self._line.send(wire.answer(request.id, news=news))
                await anyio.sleep(request.every)


def _fitting(text: bytes, do: str) -> bytes:
    if len(text) > wire.LONGEST_ANSWER:
        raise ControlRefused("TooLong", f"{do}: the answer is longer than a line may be")
    return text


def peer_of(raw: sockets.socket) -> Peer:
    """Return who is at the other end, by the kernel's word; where it gives none, the socket's folder is the guard."""
    option = getattr(sockets, "SO_PEERCRED", None)
    if option is None:
        return Peer(os.getuid())
    size = struct.calcsize(_PEER_CREDENTIALS)
    pid, uid, _gid = struct.unpack(_PEER_CREDENTIALS, raw.getsockopt(sockets.SOL_SOCKET, option, size))
    return Peer(uid, pid)
