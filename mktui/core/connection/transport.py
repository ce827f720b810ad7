"""TCP as an anyio byte stream. The one place in the core that opens sockets; ``Connection`` takes any stream.

TCP_NODELAY is anyio's default: without it a small command waits up to 44 ms for the previous one's acknowledgement.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, TypeAlias

import anyio

from mktui.errors import ConnectFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.abc import ByteStream

    from mktui.core.connection.options import RouterOptions

Connect: TypeAlias = "Callable[[RouterOptions], Awaitable[ByteStream]]"
"""Opens a byte stream to a router: TCP, or a simulated router in the same loop."""


async def connect(router: RouterOptions) -> ByteStream:
    """Open a TCP stream to ``router``. The caller bounds it in time.

    Raises:
        ConnectFailed: The name cannot be resolved, nothing listens, or no way leads there.
    """
    try:
        return await anyio.connect_tcp(router.host, router.port_in_use)
    except OSError as error:
        raise ConnectFailed(router.name, address=router.address, reason=_in_words(error)) from error


def _in_words(error: OSError) -> str:
    causes = error.__cause__
    first = causes.exceptions[0] if isinstance(causes, ExceptionGroup) else causes
    cause = first if isinstance(first, OSError) else error
    if isinstance(cause, socket.gaierror):
        return "the name cannot be resolved"
    return (os.strerror(cause.errno) if cause.errno else str(cause)).lower()
