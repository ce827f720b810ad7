"""A terminal in a browser, without the browser."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Protocol

import aiohttp
import anyio
import pyte

from mktui.web.monitor import HOME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_UNKNOWN: Final = re.compile(r"\x1b\[[<>][0-9;]*u")


class Asked(Protocol):
    """A server, and what asks it."""

    @property
    def url(self) -> str:
        """Its address."""

    @property
    def http(self) -> aiohttp.ClientSession:
        """The browser."""


async def log_in(here: Asked, token: str, **headers: str) -> aiohttp.ClientResponse:
    """Send the form as a page of ours would."""
    return await here.http.post(
        f"{here.url}{HOME}/login", data={"token": token}, headers={"Origin": here.url} | headers, allow_redirects=False
    )


class Tab:
    """A browser's terminal, in memory."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)

    async def until(self, words: str) -> None:
        """Read until words are on the screen."""
        with anyio.move_on_after(30):
            while words not in self.shown():
                message = await self.socket.receive()
                assert message.type is aiohttp.WSMsgType.BINARY, message
                self._stream.feed(_UNKNOWN.sub("", message.data.decode()).encode())
        assert words in self.shown(), f"\n{self.shown()}"

    def shown(self) -> str:
        """Return what is on the screen."""
        return "\n".join(self._screen.display)

    async def until_closed(self) -> None:
        """Read until the server closes."""
        with anyio.fail_after(30):
            while not self.socket.closed:
                await self.socket.receive()

    async def press(self, *keys: str) -> None:
        """Press keys."""
        for key in keys:
            await self.socket.send_json(["stdin", key])


@asynccontextmanager
async def open_tab(here: Asked, **headers: str) -> AsyncIterator[Tab]:
    """Open a terminal for the block."""
    headers = {"Origin": here.url} | headers
    async with here.http.ws_connect(f"{here.url}{HOME}/ws?width=80&height=24", headers=headers) as socket:
        yield Tab(socket)
