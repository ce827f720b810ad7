"""Somebody who is told over HTTP, on loopback, and may behave as badly as one likes."""

from __future__ import annotations

import json
import socket
import struct
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import anyio
import h11
from anyio.abc import SocketAttribute
from anyio.streams.tls import TLSStream

from mktui.background import background
from mktui.config.alerts import WebhookConfig
from mktui.monitor.alerts import Notice, Status
from mktui.monitor.outbox import message

if TYPE_CHECKING:
    import datetime as dt
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable

    from anyio.abc import ByteStream

    Behaviour = Callable[["Listener", ByteStream], Awaitable[None]]

_ENDS: Final = (
    anyio.BrokenResourceError, anyio.EndOfStream, anyio.ClosedResourceError, OSError, h11.ProtocolError,
)  # fmt: skip
OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Listener:
    """``heard``: every message that was read whole; ``taken``: those that were answered with 200."""

    port: int
    behaviour: Behaviour
    scheme: str = "http"
    heard: list[dict[str, Any]] = field(default_factory=list)  # Any: JSON
    taken: list[dict[str, Any]] = field(default_factory=list)  # Any: JSON
    headers: list[dict[str, str]] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    visits: int = 0

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"{self.scheme}://localhost:{self.port}/hook"

    def settings(self, **changes: Any) -> WebhookConfig:  # Any: fields of the settings
        """Return what a configuration says of it."""
        return WebhookConfig.model_validate({"name": "noc", "url": self.url, "timeout": 5.0} | changes)

    def statuses(self, *, of: str = "edge-1") -> list[str]:
        """Return the statuses that were taken of a router, in order."""
        return [alert["status"] for body in self.taken for alert in body["alerts"] if alert["labels"]["router"] == of]

    async def read(self, stream: ByteStream) -> dict[str, Any]:  # Any: JSON
        """Read a request whole."""
        http, body = h11.Connection(h11.SERVER), b""
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await stream.receive())
            elif isinstance(event, h11.Request):
                self.headers.append({name.decode(): value.decode() for name, value in event.headers})
                self.targets.append(f"{event.method.decode()} {event.target.decode()}")
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                assert isinstance(event, h11.EndOfMessage), event
                document: dict[str, Any] = json.loads(body)
                self.heard.append(document)
                return document


async def well(listener: Listener, stream: ByteStream) -> None:
    """Takes everything."""
    body = await listener.read(stream)
    listener.taken.append(body)
    await stream.send(OK)


def answering(head: str) -> Behaviour:
    """Answers so."""

    async def answer(listener: Listener, stream: ByteStream) -> None:
        await listener.read(stream)
        await stream.send(f"HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n".encode())

    return answer


async def hanging(_listener: Listener, _stream: ByteStream) -> None:
    """Accepts, and neither reads nor answers."""
    await anyio.sleep_forever()


async def dripping(listener: Listener, stream: ByteStream) -> None:
    """Sends a byte every 20 ms, for ever: each of them in time, the whole never."""
    await listener.read(stream)
    await stream.send(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        await stream.send(b"x")
        await anyio.sleep(0.02)


async def resetting(listener: Listener, stream: ByteStream) -> None:
    """Breaks the connection once it has heard all."""
    await listener.read(stream)
    raw: socket.socket = stream.extra(SocketAttribute.raw_socket)  # noqa: S610 - a stream's attribute, not Django's
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await stream.aclose()


async def hanging_up(listener: Listener, stream: ByteStream) -> None:
    """Closes once it has heard all."""
    await listener.read(stream)


async def chattering(listener: Listener, stream: ByteStream) -> None:
    """Takes it, and talks on for ever."""
    listener.taken.append(await listener.read(stream))
    await stream.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        await stream.send(b"x" * 65536)


async def swelling(listener: Listener, stream: ByteStream) -> None:
    """Its head has no end."""
    await listener.read(stream)
    await stream.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await stream.send(b"X-Y: " + b"y" * 4096 + b"\r\n")


async def babbling(_listener: Listener, stream: ByteStream) -> None:
    """Speaks no HTTP."""
    await stream.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    await anyio.sleep_forever()


async def hurrying(listener: Listener, stream: ByteStream) -> None:
    """Answers before it has heard anything, after two words that are no answer yet."""
    await stream.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + OK)
    listener.taken.append(await listener.read(stream))


@asynccontextmanager
async def listening(behaviour: Behaviour = well, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Listener]:
    """Listen for the block; its ``behaviour`` may be changed meanwhile."""
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as server:
        port: int = server.extra(SocketAttribute.local_port)  # noqa: S610 - a listener's attribute, not Django's
        listener = Listener(port, behaviour, "https" if tls else "http")

        async def serve(stream: ByteStream) -> None:
            listener.visits += 1
            try:
                async with stream:
                    secure = await TLSStream.wrap(stream, ssl_context=tls) if tls else stream
                    await listener.behaviour(listener, secure)
            except _ENDS:
                return

        async with background() as tasks:
            tasks.start_soon(server.serve, serve)
            yield listener


def notice(status: Status, router: str, at: dt.datetime, *, is_repeat: bool = False) -> Notice:
    """One notice of a router."""
    ends_at = at if status is Status.RESOLVED else None
    return Notice(status, "router_down", router, "critical", at, f"{router} is down", "", ends_at, is_repeat)


def body_of(*notices: Notice) -> dict[str, Any]:  # Any: JSON
    """What is sent of them."""
    return message(notices, "noc", "")
