"""A logged-in socket with many tagged calls in flight: one reader task, one writer task, nothing else touches it.

``begin`` and ``cancel`` never wait: they put bytes into a buffer that the writer sends, so commands that are ready
together travel together. A caller's cancellation never reaches the socket. When anything is unclear the connection
ends, and every call under way ends with it.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio
from anyio.abc import SocketAttribute
from anyio.lowlevel import RunVar, checkpoint

from mktui import clock
from mktui.core.connection import login
from mktui.core.protocol.sentences import Command
from mktui.core.protocol.session import Call, Phase, Session
from mktui.errors import ConnectionLost, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import ByteStream, TaskStatus

    from mktui.core.protocol.sentences import Row

RECEIVE_BYTES: Final = 65536
SLICE_BYTES: Final = 16384
"""Decoded at a time before others get their turn: at 64 KiB the loop stalls four times as long, and gains nothing."""

SMALL_BYTES: Final = 2048
"""What is decoded at once without waiting for a turn."""
OUR_END: Final = "closed from this side"
"""Why a connection is down that nobody has lost: it was closed, or its program ends."""
HANG_UP_GRACE: Final = 0.5
"""Seconds that a router has to close its side of a session that we have closed."""
_ENDS: Final = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, OSError, NotImplementedError)
"""How closing in order may come to nothing; TLS has no half-closed state."""

_decode_turn: Final[RunVar[anyio.Lock]] = RunVar("mktui_decode_turn")


def _shared_decode_turn() -> anyio.Lock:
    """Return the loop's one decode turn: without it twenty big replies at once stall everybody."""
    turn = _decode_turn.get(None)
    if turn is None:
        turn = anyio.Lock(fast_acquire=True)
        _decode_turn.set(turn)
    return turn


@dataclass(slots=True)
class Traffic:
    """What passed over one connection. Times are the loop's."""

    opened_at: float
    heard_at: float
    commands: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    writes: int = 0


class Connection:
    """One session on any byte stream.

    Run it in a task of its own, then log in. The stream is closed when ``run`` ends, whatever ended it. ``on_down`` is
    told the reason once, before the calls under way end: nothing new must be begun from then on.
    """

    def __init__(
        self,
        stream: ByteStream,
        *,
        router: str,
        encoding: str = "utf-8",
        batch_size: int = 1000,
        on_down: Callable[[str], None] = lambda _reason: None,
    ) -> None:
        self.router = router
        self._on_down = on_down
        self.session = Session(encoding=encoding)
        self._clock = clock.of_this_loop()
        self.traffic = Traffic(self._clock.now(), self._clock.now())
        self.local_port: int = stream.extra(SocketAttribute.local_port, 0)  # noqa: S610 - a socket's, not Django's
        self.fault: ProtocolError | None = None
        """Why the router's bytes could not be understood, once they could not."""
        self._stream = stream
        self._buffer: list[tuple[bytes, Call]] = []
        self._batch_size = batch_size
        self._flush_at = math.inf
        self._something_to_send = anyio.Event()
        self._scope = anyio.CancelScope()

    def begin(
        self,
        command: Command,
        on_end: Callable[[Call], None],
        on_row: Callable[[Row], None] | None = None,
        *,
        window: float = 0.0,
    ) -> Call:
        """Start a call; its bytes leave with the writer's next turn. ``on_end`` is called exactly once.

        With a ``window`` they may wait that long for others to travel with; they go when a batch is full, when
        somebody who cannot wait comes, or when the router is heard.

        Raises:
            ProtocolError: The command cannot be said (now, or in this router's encoding). Nothing was sent.
        """
        call, framed = self.session.start(command, on_end, on_row)
        self._buffer.append((framed, call))
        may_wait = window and len(self._buffer) < self._batch_size
        self._flush_by(self._clock.now() + window if may_wait else -math.inf)
        self.traffic.commands += 1
        return call

    def cancel(self, call: Call, on_end: Callable[[Call], None]) -> bool:
        """Stop a call. True: its bytes had not left, it is gone, and its ``on_end`` will never be called.

        Otherwise ``/cancel`` is sent for its tag alone (a bare one would end every command of the session), the call
        goes on until its own ``!done``, and ``on_end`` gets the answer to ``/cancel`` itself.
        """
        if not call.left:
            self._buffer = [(framed, waiting) for framed, waiting in self._buffer if waiting is not call]
            self.session.withdraw(call)
            return True
        self.begin(Command("/cancel", {"tag": call.tag}), on_end)
        return False

    async def call(self, command: Command) -> Call:
        """Say one thing and wait for its end.

        Raises:
            ConnectionLost: The session ended first.
            ProtocolError: The command cannot be said.
        """
        ended = anyio.Event()
        call = self.begin(command, lambda _: ended.set())
        await ended.wait()
        if call.lost is not None:
            raise ConnectionLost(self.router, reason=call.lost, maybe_executed=call.left)
        return call

    async def log_in(self, username: str, password: str) -> None:
        """Log in, falling back to the challenge of old versions.

        Raises:
            LoginRefused: The router said no.
            ConnectionLost: It hung up before answering.
            ProtocolError: It does not speak the RouterOS API.
        """
        steps = login.conversation(self.router, username, password)
        command = next(steps)
        while True:
            answer = await self.call(command)
            try:
                command = steps.send(answer)
            except StopIteration:
                break
        self.session.logged_in()

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> str:
        """Read and write until the session ends; return the reason in words. Closes the stream.

        ``task_status`` is told at once: log in with ``log_in`` while this runs.
        """
        reason = OUR_END
        try:
            with self._scope:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self._write, name=f"{self.router} writer")
                    task_status.started()
                    reason = await self._read()
                    tasks.cancel_scope.cancel()
        finally:
            self._on_down(reason)
            self.session.end(reason)
            with anyio.CancelScope(shield=True):
                await self._hang_up()
        return reason

    async def _hang_up(self) -> None:
        """Close, and wait a moment until the router has closed too: only then its session is free again."""
        with anyio.move_on_after(HANG_UP_GRACE), suppress(*_ENDS):
            await self._stream.send_eof()
            while True:
                await self._stream.receive(RECEIVE_BYTES)
        await anyio.aclose_forcefully(self._stream)

    def close(self) -> None:
        """End the session: calls under way end as lost, and ``run`` returns soon."""
        self._scope.cancel()

    async def _read(self) -> str:
        """Feed the session until it ends, and say why it did."""
        while True:
            try:
                chunk = await self._stream.receive(RECEIVE_BYTES)
            except anyio.EndOfStream:
                return "the router closed the connection"
            except (anyio.BrokenResourceError, OSError) as error:
                return _reason_of(error, "while reading")
            except anyio.ClosedResourceError:
                return OUR_END
            self.traffic.bytes_in += len(chunk)
            self.traffic.heard_at = self._clock.now()
            if self._buffer:
                self._flush_by(-math.inf)
            try:
                if len(chunk) <= SMALL_BYTES:
                    self.session.receive(chunk)
                else:
                    await self._decode_in_turns(chunk)
            except ProtocolError as error:
                self.fault = error
                return f"not understood: {error}"
            if self.session.phase is Phase.CLOSED:
                return f"the router said: {self.session.fatal}"

    async def _decode_in_turns(self, chunk: bytes) -> None:
        turn = _shared_decode_turn()
        for at in range(0, len(chunk), SLICE_BYTES):
            async with turn:
                self.session.receive(chunk[at : at + SLICE_BYTES])
                await checkpoint()

    def _flush_by(self, at: float) -> None:
        if at < self._flush_at:
            self._flush_at = at
            self._something_to_send.set()

    async def _write(self) -> None:
        while True:
            await self._wait_for_batch()
            framed = self._take_batch()
            if not framed:  # everything in it was withdrawn
                continue
            try:
                await self._stream.send(framed)
            except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
                return  # the reader sees why
            self.traffic.bytes_out += len(framed)
            self.traffic.writes += 1

    def _take_batch(self) -> bytes:
        """Return what is sent next; from now on its calls may have been executed."""
        batch, self._buffer = self._buffer[: self._batch_size], self._buffer[self._batch_size :]
        self._flush_at = -math.inf if self._buffer else math.inf
        for _, call in batch:
            call.left = True
        return b"".join(part for part, _ in batch)

    async def _wait_for_batch(self) -> None:
        while self._flush_at > 0 and (wait := self._flush_at - self._clock.now()) > 0:
            self._something_to_send = self._clock.event()
            if wait == math.inf:
                await self._something_to_send.wait()
            else:
                with anyio.move_on_after(wait):
                    await self._something_to_send.wait()


def _reason_of(error: Exception, doing: str) -> str:
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    text = cause.strerror if isinstance(cause, OSError) and cause.strerror else "connection broken"
    return f"{text.lower()} {doing}"
