"""TCP, or TLS over it, as an anyio byte stream. The one place in the core that opens sockets.

TCP_NODELAY is anyio's default: without it a small command waits up to 44 ms for the previous one's acknowledgement.
Keepalive and the user timeout let the kernel notice a peer that has gone without a word.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Final, TypeAlias

import anyio
from anyio.abc import SocketAttribute

from mktui.core.connection import tls
from mktui.errors import ConnectFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.abc import ByteStream, SocketStream

    from mktui.core.connection.options import RouterOptions

Connect: TypeAlias = "Callable[[RouterOptions], Awaitable[ByteStream]]"
"""Opens a byte stream to a router: TCP, or a simulated router in the same loop."""

_KEEPALIVE: Final = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 30_000}
"""Seconds, and milliseconds for the last; a system sets those that it knows."""


async def connect(router: RouterOptions) -> ByteStream:
    """Open a stream to ``router``. The caller bounds it in time.

    Raises:
        ConnectFailed: The name cannot be resolved, nothing listens, no way leads there, or TLS says no.
    """
    stream = await open_tcp(router)
    if router.tls == "off":
        return stream
    try:
        return await tls.secure(stream, router)
    except BaseException:
        await anyio.aclose_forcefully(stream)
        raise


async def resolve(router: RouterOptions) -> list[str]:
    """Return the addresses that the host's name stands for.

    Raises:
        ConnectFailed: It stands for none.
    """
    try:
        found = await anyio.getaddrinfo(router.host, router.port_in_use, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ConnectFailed(router.name, address=router.address, reason=_in_words(error)) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def open_tcp(router: RouterOptions) -> SocketStream:
    """Open a TCP stream.

    Raises:
        ConnectFailed: The name cannot be resolved, nothing listens, or no way leads there.
    """
    try:
        stream = await anyio.connect_tcp(router.host, router.port_in_use)
    except OSError as error:
        raise ConnectFailed(router.name, address=router.address, reason=_in_words(error)) from error
    raw = stream.extra(SocketAttribute.raw_socket)  # noqa: S610 - a stream's attribute, not Django's
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        option = getattr(socket, name, None)
        if option is not None:
            raw.setsockopt(socket.IPPROTO_TCP, option, value)
    return stream


def _in_words(error: OSError) -> str:
    causes = error.__cause__
    first = causes.exceptions[0] if isinstance(causes, ExceptionGroup) else causes
    cause = first if isinstance(first, OSError) else error
    if isinstance(cause, socket.gaierror):
        return "the name cannot be resolved"
    return (os.strerror(cause.errno) if cause.errno else str(cause)).lower()
