"""What a bad network does between a client and a router, byte by byte: over TCP, or between two streams in memory.

Each direction has faults of its own, and both can be switched while bytes pass.
"""

from __future__ import annotations

import random
import socket
import struct
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import anyio
from anyio.abc import SocketAttribute

from mktui import clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.abc import ByteStream, SocketStream, TaskStatus
    from anyio.streams.memory import MemoryObjectReceiveStream

_RECEIVE_BYTES: Final = 65536
_HELD_PIECES: Final = 64
_KEPT: Final = 10_000
_ENDS: Final = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)


@dataclass(slots=True)
class DirectionFaults:
    """What happens to bytes on their way. All of it can be changed at any time."""

    latency: float = 0.0
    jitter: float = 0.0
    chunk_bytes: int | None = None
    """Pieces of this size at most."""
    pause: float = 0.0
    """Seconds between two pieces: with pieces of one byte, a drip that never ends."""
    swallows: bool = False
    """A black hole: bytes go in, none comes out."""
    is_blocked: bool = False
    """Nothing is read, so the sender's window closes."""
    inject: bytes = b""
    """Sent once, before the next bytes."""
    cut_after: int | None = None
    """Bytes that still pass; then the connection is cut, and this is None again."""
    resets: bool = False
    """A cut is a reset, not an end: what is still under way is lost."""

    def clear(self) -> None:
        """Be a good network again."""
        self.latency = self.jitter = self.pause = 0.0
        self.chunk_bytes = self.cut_after = None
        self.swallows = self.is_blocked = self.resets = False
        self.inject = b""


@dataclass(frozen=True, slots=True)
class NetworkFaultSeen:
    """Something that the network did, and when: refused, cut, reset, injected, swallowed, every connection cut."""

    at: float
    what: str


@dataclass(slots=True)
class FaultProxy:
    """A relay in front of one router. ``dial`` opens a stream to it."""

    dial: Callable[[], Awaitable[ByteStream]]
    seed: int = 1
    to_router: DirectionFaults = field(default_factory=DirectionFaults)
    to_client: DirectionFaults = field(default_factory=DirectionFaults)
    refuses: bool = False
    """New connections are closed at once; those that are open go on."""
    seen: deque[NetworkFaultSeen] = field(default_factory=lambda: deque(maxlen=_KEPT))
    """What went wrong so far, oldest first. Slowness is no event."""
    _scopes: set[anyio.CancelScope] = field(default_factory=set)

    async def serve(self, client: ByteStream) -> None:
        """Relay one connection to its end."""
        if self.refuses:
            self._saw("refused")
            await anyio.aclose_forcefully(client)
            return
        try:
            router = await self.dial()
        except OSError:
            await anyio.aclose_forcefully(client)
            return
        with anyio.CancelScope() as scope:
            self._scopes.add(scope)
            try:
                async with anyio.create_task_group() as tasks:
                    whole = tasks.cancel_scope
                    out = _Way(router, self.to_router, whole, ends_at_once=True)
                    tasks.start_soon(self._relay, client, out)
                    tasks.start_soon(self._relay, router, _Way(client, self.to_client, whole, ends_at_once=False))
            finally:
                self._scopes.discard(scope)
                with anyio.CancelScope(shield=True):
                    await anyio.aclose_forcefully(client)
                    await anyio.aclose_forcefully(router)

    async def serve_tcp(
        self, host: str = "127.0.0.1", port: int = 0, *, task_status: TaskStatus[int] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        """Relay TCP connections until cancelled; ``task_status`` gets the port."""
        listener = await anyio.create_tcp_listener(local_host=host, local_port=port)
        async with listener:
            task_status.started(listener.extra(SocketAttribute.local_port))  # noqa: S610 - a socket's, not Django's
            await listener.serve(self._serve_socket)

    def cut_all(self) -> None:
        """Cut every connection now."""
        if self._scopes:
            self._saw("every connection cut")
        for scope in list(self._scopes):
            scope.cancel()

    def clear(self) -> None:
        """Be a good network again, for what is open and for what comes."""
        self.to_router.clear()
        self.to_client.clear()
        self.refuses = False

    def _saw(self, what: str) -> None:
        self.seen.append(NetworkFaultSeen(clock.now(), what))

    async def _serve_socket(self, stream: SocketStream) -> None:
        await self.serve(stream)

    async def _relay(self, source: ByteStream, way: _Way) -> None:
        """Read one side and hand it on; the client's end is known at once, the router's after what it said."""
        send, receive = anyio.create_memory_object_stream[bytes](_HELD_PIECES)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._deliver, receive, way)
            with send, suppress(*_ENDS):
                while True:
                    while way.faults.is_blocked:  # noqa: ASYNC110 - a switch that a person or a test turns
                        await anyio.sleep(0.1)
                    await send.send(await source.receive(_RECEIVE_BYTES))
            if way.ends_at_once:
                way.whole.cancel()

    async def _deliver(self, chunks: MemoryObjectReceiveStream[bytes], way: _Way) -> None:
        faults, chance = way.faults, random.Random(self.seed)  # noqa: S311 - jitter, not cryptography
        with chunks, suppress(*_ENDS):
            async for chunk in chunks:
                if delay := faults.latency + chance.uniform(0, faults.jitter):
                    await anyio.sleep(delay)
                injected, faults.inject = faults.inject, b""
                if injected or faults.swallows:
                    self._saw("injected" if injected else "swallowed")
                if not await _pass_on(injected + chunk, way.target, faults):
                    self._saw("reset" if faults.resets else "cut")
                    if faults.resets:
                        _reset(way.target)
                    break
        way.whole.cancel()


@dataclass(frozen=True, slots=True)
class _Way:
    """One direction of one connection."""

    target: ByteStream
    faults: DirectionFaults
    whole: anyio.CancelScope
    ends_at_once: bool


def _reset(target: ByteStream) -> None:
    """Let the end of a socket be a reset; between streams in memory there is none."""
    raw = target.extra(SocketAttribute.raw_socket, None)  # noqa: S610 - a socket's, not Django's
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def _pass_on(chunk: bytes, target: ByteStream, faults: DirectionFaults) -> bool:
    """Send what the faults leave of a chunk; False: the connection is cut here."""
    while chunk:
        size = min(faults.chunk_bytes or len(chunk), len(chunk))
        if faults.cut_after is not None:
            size = min(size, faults.cut_after)
            faults.cut_after -= size
        piece, chunk = chunk[:size], chunk[size:]
        if piece and not faults.swallows:
            await target.send(piece)
        if faults.cut_after == 0:
            faults.cut_after = None
            return False
        if chunk and faults.pause:
            await anyio.sleep(faults.pause)
    return True
