"""One terminal in a browser: a Textual program as a child, its screen out, keys in. Its socket's end is its end.

The words between server and program are textual-serve's, whose ``AppService`` speaks them. Ours is stricter where it
has to be: no shell, an environment without secrets, nothing printed, and a child that does not end is made to.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import anyio
from aiohttp import WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

if TYPE_CHECKING:
    from mktui.web.options import Launch

_KEPT: Final = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "SSL_CERT_FILE",
})  # fmt: skip
_KEPT_PREFIXES: Final = ("LC_", "XDG_")
_PACKET_BYTES: Final = 8 * 1024 * 1024
"""A screen is far smaller; whoever says more speaks another language."""
_START: Final = 20.0
_MEANS_WELL: Final = 3.0
"""Seconds that a program has to end by itself, and again after SIGTERM."""
_TAKES_KEYS: Final = 10.0
"""Seconds within which a program takes what was typed; one that hangs is ended."""
MESSAGE_BYTES: Final = 256 * 1024
"""Longest message of a browser: what somebody pastes."""


class Program(AppService):
    """The child of one tab."""

    def __init__(self, launch: Launch, socket: web.WebSocketResponse) -> None:
        super().__init__(
            "", write_bytes=socket.send_bytes, write_str=socket.send_str, close=self._nothing,
            download_manager=DownloadManager(),
        )  # fmt: skip
        self._launch = launch
        self.process: asyncio.subprocess.Process | None = None

    async def open(self, width: int, height: int) -> None:
        """Start it, in a group of its own.

        Raises:
            OSError: It cannot be started.
        """
        environment = self._build_environment(width, height) | dict(self._launch.environment)
        self.process = await asyncio.create_subprocess_exec(
            *self._launch.words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, env=environment, start_new_session=True,
        )  # fmt: skip
        self._stdin = self.process.stdin

    async def show(self) -> None:
        """Carry its screen to the browser until it ends. What it says beside that (files, addresses) is not wanted."""
        assert self.process is not None
        out = self.process.stdout
        assert out is not None
        with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            with anyio.fail_after(_START):
                await out.readuntil(b"__GANGLION__\n")
            while True:
                head = await out.readexactly(5)
                size = int.from_bytes(head[1:], "big")
                if size > _PACKET_BYTES:
                    return
                payload = await out.readexactly(size)
                if head[:1] == b"D":
                    await self.remote_write_bytes(payload)
                elif head[:1] == b"M" and b'"exit"' in payload:
                    return

    async def close(self) -> None:
        """End it: by its own word, then by signals. It is gone afterwards."""
        process = self.process
        if process is None:
            return
        with suppress(TimeoutError):
            with anyio.fail_after(_MEANS_WELL):
                await self.send_meta({"type": "quit"})
                await process.wait()
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with anyio.move_on_after(_MEANS_WELL):
                await process.wait()

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        """Leave out what is not needed: the server's own environment may hold routers' passwords."""
        whole = super()._build_environment(width, height)
        ours = {"COLUMNS", "ROWS", "TERM_PROGRAM", "TERM_PROGRAM_VERSION"}
        return {
            name: value for name, value in whole.items()
            if name in _KEPT | ours or name.startswith(("TEXTUAL_", *_KEPT_PREFIXES))
        }  # fmt: skip

    async def _nothing(self) -> None:
        """The tab closes its own socket."""


async def run_tab(program: Program, socket: web.WebSocketResponse, *, lasts: float, size: tuple[int, int]) -> None:
    """Hold a program for a browser: until either ends, or ``lasts`` seconds, when the session is over."""
    try:
        await program.open(*size)
        with anyio.move_on_after(lasts):
            async with anyio.create_task_group() as tasks:
                for each in (program.show, lambda: _listen(program, socket)):
                    tasks.start_soon(_until_it_ends, each, tasks.cancel_scope)
    except (OSError, TimeoutError):
        await socket.close(code=1011, message=b"the program did not start")
    finally:
        with anyio.CancelScope(shield=True):
            await program.close()


async def _until_it_ends(work: Any, scope: anyio.CancelScope) -> None:  # Any: a function that takes nothing
    try:
        await work()
    finally:
        scope.cancel()


async def _listen(program: Program, socket: web.WebSocketResponse) -> None:
    """Hand on keys and sizes; whoever speaks another language is left."""
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            return
        try:
            with anyio.fail_after(_TAKES_KEYS):
                await _hand_on(message.json(), program, socket)
        except (ValueError, LookupError, TypeError, TimeoutError, ConnectionError):
            return


async def _hand_on(words: Any, program: Program, socket: web.WebSocketResponse) -> None:  # Any: JSON
    match words:
        case ["stdin", str(keys)]:
            await program.send_bytes(keys.encode("utf-8", "replace"))
        case ["resize", {"width": int(width), "height": int(height)}]:
            await program.set_terminal_size(*bounded(width, height))
        case ["ping", str(when)] if len(when) <= 32:
            await socket.send_json(["pong", when])
        case ["blur"]:
            await program.blur()
        case ["focus"]:
            await program.focus()
        case _:
            raise ValueError("nothing that a terminal says")


def bounded(width: int, height: int) -> tuple[int, int]:
    """Return a size that a screen can have: nobody makes a program draw a billion cells."""
    return min(max(width, 10), 500), min(max(height, 3), 300)
