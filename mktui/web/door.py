"""The listening side: so many connections and no more, and none that is kept waiting by who does not read.

Who does not finish his request's head is closed by aiohttp's own keep-alive, who does not send its body by the API. A
connection is counted from its first moment on: one that never ends its TLS handshake has a place like any other.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast

from aiohttp import web

from mktui.services.rate import neighbourhood
from mktui.web.problems import problem_response
from mktui.web.seats import Seats

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from mktui.web.metrics import Served

KEEP_ALIVE: Final = 15.0
"""Seconds that a connection may be silent, or take for its request's head."""
SLOW: Final = 30.0
"""Seconds that somebody may take nothing of what is sent to him."""
HANDSHAKE: Final = 10.0
"""Seconds that TLS may take to begin."""


class Door:
    """Makes a protocol for each connection, as ``loop.create_server`` wants. ``tls`` None: plain."""

    def __init__(self, most: int, served: Served, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.served = served
        self.seats: Seats[_Guest] = Seats(most)
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
        speaker.guest = _Guest(self, speaker)
        return speaker.guest

    def let_in(self, guest: _Guest, address: str) -> bool:
        """Give somebody a place, if need be another's."""
        place = neighbourhood(address)
        if not self.seats.has_room(place):
            self.served.turned_away += 1
            other = self.seats.who_goes(place)
            if other is None:
                return False
            other.put_out()
        self.seats.come(guest, place)
        self.served.connections = len(self.seats)
        return True

    def let_go(self, guest: _Guest) -> None:
        """Take his place back."""
        self.seats.leave(guest)
        self.served.connections = len(self.seats)


def recognise(request: web.Request) -> None:
    """Keep the place of who asks: he has shown who he is."""
    guest = _guest_of(request)
    if guest is not None:
        guest.door.seats.known(guest)


@contextmanager
def being_answered(request: web.Request) -> Iterator[None]:
    """Keep the place of who asks for the block, if he is known."""
    guest = _guest_of(request)
    if guest is None:
        yield
        return
    guest.door.seats.asks(guest)
    try:
        yield
    finally:
        guest.door.seats.rests(guest)


def _guest_of(request: web.Request) -> _Guest | None:
    speaker = request.protocol
    return speaker.guest if isinstance(speaker, _Speaker) else None


class _Speaker(web.RequestHandler):
    """aiohttp's protocol, which logs and repeats what it cannot read: a token may stand in that."""

    __slots__ = ("guest",)
    guest: _Guest

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
    """Stands before one connection's protocol, and has its place."""

    def __init__(self, door: Door, inner: asyncio.Protocol) -> None:
        self.door = door
        self._inner = inner
        self._raw: asyncio.Transport | None = None
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._is_lost = False
        self._early: list[bytes] = []  # what came with the end of the handshake

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._raw = cast("asyncio.Transport", transport)
        if not self.door.let_in(self, _address_of(transport)):
            self._raw.abort()
        elif self.door.tls is None:
            self._welcome(self._raw)
        else:
            self._raw.pause_reading()  # what comes is for TLS
            self._handshake = asyncio.get_running_loop().create_task(self._secure(self._raw, self.door.tls))

    def put_out(self) -> None:
        """Make room for another one."""
        self.door.let_go(self)
        if self._handshake is not None:
            self._handshake.cancel()
        if self._raw is not None:
            self._raw.abort()

    async def _secure(self, raw: asyncio.Transport, tls: ssl.SSLContext) -> None:
        try:
            transport = await asyncio.get_running_loop().start_tls(
                raw, self, tls, server_side=True, ssl_handshake_timeout=HANDSHAKE
            )
        except (OSError, EOFError):  # what is no TLS, or too slow, or gone
            transport = None
        finally:
            self._handshake = None
        if transport is not None and not self._is_lost:
            self._welcome(transport)
        else:
            self.door.let_go(self)
            raw.abort()

    def _welcome(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._inner.connection_made(transport)
        for data in self._early:
            self._inner.data_received(data)
        self._early.clear()

    def data_received(self, data: bytes) -> None:
        if self._transport is not None:
            self._inner.data_received(data)
        elif self._handshake is not None:
            self._early.append(data)

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
        self._is_lost = True
        self.door.let_go(self)
        if self._transport is not None:
            self._transport = None
            self._inner.connection_lost(exc)

    def _forgive(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def _address_of(transport: asyncio.BaseTransport) -> str:
    name = transport.get_extra_info("peername")
    return str(name[0]) if isinstance(name, tuple) and name else ""
