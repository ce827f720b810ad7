"""The listening side: so many connections and no more, and none that is kept waiting by who does not read.

Who does not finish his request's head is closed by aiohttp's own keep-alive, who does not send its body by the API.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast

from aiohttp import web

from mktui.web.problems import problem_response

if TYPE_CHECKING:
    from mktui.web.metrics import Served

KEEP_ALIVE: Final = 15.0
"""Seconds that a connection may be silent, or take for its request's head."""
SLOW: Final = 30.0
"""Seconds that somebody may take nothing of what is sent to him."""


class Door:
    """Makes a protocol for each connection, as ``loop.create_server`` wants."""

    def __init__(self, most: int, served: Served) -> None:
        self.most = most
        self.served = served
        self._server: web.Server | None = None

    def lead_to(self, server: web.Server) -> None:
        """Say who answers behind it; before that nobody comes in."""
        self._server = server

    def __call__(self) -> asyncio.Protocol:  # noqa: D102 - the class says it
        assert self._server is not None, "nobody is let in before somebody answers"
        speaker = _Speaker(
            self._server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # none, as aiohttp's own runner says it
            keepalive_timeout=KEEP_ALIVE,
            auto_decompress=False,
        )
        return _Guest(self, speaker)


class _Speaker(web.RequestHandler):
    """aiohttp's protocol, which logs and repeats what it cannot read: a token may stand in that."""

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer what is no request in the one shape of refusals, and close the connection."""
        del request, exc, message
        response = problem_response(HTTPStatus.BAD_REQUEST if status < 500 else status, "this is no HTTP request")
        response.headers["Server"] = "mktui"
        response.force_close()
        return response


class _Guest(asyncio.Protocol):
    """Stands before one connection's protocol, and counts it."""

    def __init__(self, door: Door, inner: asyncio.Protocol) -> None:
        self._door = door
        self._inner = inner
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        served = self._door.served
        if served.connections >= self._door.most:
            served.turned_away += 1
            cast("asyncio.Transport", transport).abort()
            return
        served.connections += 1
        self._transport = cast("asyncio.Transport", transport)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._transport is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._transport is not None else None

    def pause_writing(self) -> None:
        if self._transport is not None:
            self._patience = asyncio.get_running_loop().call_later(SLOW, self._transport.abort)
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._forgive()
        if self._transport is not None:
            self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forgive()
        if self._transport is not None:
            self._door.served.connections -= 1
            self._transport = None
            self._inner.connection_lost(exc)

    def _forgive(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
