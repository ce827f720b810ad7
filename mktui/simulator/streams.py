"""Two ends of a wire in memory: byte streams with the manners of sockets, for client and router in one loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import anyio
from anyio.abc import ByteStream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

_IN_TRANSIT: Final = 16
"""Pieces that may be under way before a sender has to wait, as with a full socket buffer."""


class MemoryByteStream(ByteStream):
    """One end. ``chunk_bytes`` cuts what is sent into pieces of that size at most."""

    def __init__(
        self,
        send: MemoryObjectSendStream[bytes],
        receive: MemoryObjectReceiveStream[bytes],
        chunk_bytes: int | None,
    ) -> None:
        self._send = send
        self._receive = receive
        self._chunk_bytes = chunk_bytes
        self._left_over = b""

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """Return what has come, or raise EndOfStream."""
        piece = self._left_over or await self._receive.receive()
        self._left_over = piece[max_bytes:]
        return piece[:max_bytes]

    async def send(self, item: bytes) -> None:
        """Send, waiting while the other end does not read."""
        size = self._chunk_bytes or len(item) or 1
        for at in range(0, len(item), size):
            await self._send.send(item[at : at + size])

    async def send_eof(self) -> None:
        """Say that nothing more will come."""
        self._send.close()

    async def aclose(self) -> None:
        """Close both directions."""
        self._send.close()
        self._receive.close()
        await anyio.lowlevel.checkpoint()

    @property
    def extra_attributes(self) -> Mapping[Any, Callable[[], Any]]:
        """None: there is no socket."""
        return {}


def byte_stream_pair(chunk_bytes: int | None = None) -> tuple[MemoryByteStream, MemoryByteStream]:
    """Return both ends of a wire."""
    send_a, receive_b = anyio.create_memory_object_stream[bytes](_IN_TRANSIT)
    send_b, receive_a = anyio.create_memory_object_stream[bytes](_IN_TRANSIT)
    return MemoryByteStream(send_a, receive_a, chunk_bytes), MemoryByteStream(send_b, receive_b, chunk_bytes)
