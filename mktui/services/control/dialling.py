"""The ways to a running mktui: its Unix socket, or ssh and a relay at the other end. No port is opened.

What ssh has to say goes into the error, never onto the screen; after the first connection it may ask nothing.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
from anyio.streams.stapled import StapledByteStream

from mktui.background import background
from mktui.errors import ControlError, NobodyServes
from mktui.services.control import unix

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from anyio.abc import ByteStream, Process

CONNECT: Final = 5.0
ASKING: Final = 120.0
"""Seconds for a person to answer what ssh asks."""
_SSH: Final = re.compile(
    r"ssh://(?:(?P<user>[\w.][\w.-]*)@)?(?P<host>\[[0-9a-fA-F:.%\w]+\]|[\w.][\w.-]*)(?::(?P<port>\d{1,5}))?(?P<path>/.*)?",
    re.ASCII,
)
_LAST_WORDS: Final = 2000
_PATIENCE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where a running mktui is asked: a socket here, or on a ``host``. ``socket`` None: the usual one there."""

    socket: Path | None
    host: str = ""
    port: str = ""

    def __str__(self) -> str:
        if not self.host:
            return str(self.socket)
        return f"ssh://{self.host}{f':{self.port}' if self.port else ''}{self.socket or ''}"

    @property
    def is_far(self) -> bool:
        """It is over a network."""
        return bool(self.host)

    def dial(self, *, first: bool) -> AbstractAsyncContextManager[ByteStream]:
        """Connect for the block; at the ``first`` time ssh may ask for a password."""
        return _over_ssh(self, may_ask=first) if self.host else _over_socket(self)


def target_of(text: str, usual: Path) -> Target:
    """Return what somebody means: nothing is the ``usual`` socket, else a socket's path, or ssh://[user@]host[:port].

    Raises:
        ControlError: It is neither.
    """
    if not text:
        return Target(usual)
    if "://" not in text:
        return Target(Path(text))
    found = _SSH.fullmatch(text)
    if found is None or not int(found["port"] or 22):
        raise ControlError("no place to attach to", place=text, remedy="a socket's path, or ssh://user@host")
    user = f"{found['user']}@" if found["user"] else ""
    path = found["path"] if found["path"] not in {None, "/"} else ""
    return Target(Path(path) if path else None, f"{user}{found['host'].strip('[]')}", found["port"] or "")


def ssh_command(target: Target, *, may_ask: bool) -> list[str]:
    """Return the command that runs a relay at the other end."""
    options = ["ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=3"]
    options += [] if may_ask else ["BatchMode=yes"]
    relay = ["mktui", "control-relay", *(["--socket", str(target.socket)] if target.socket else [])]
    return [
        "ssh", "-T", *(word for option in options for word in ("-o", option)),
        *(["-p", target.port] if target.port else []), "--", target.host, shlex.join(relay),
    ]  # fmt: skip


@asynccontextmanager
async def _over_socket(target: Target) -> AsyncIterator[ByteStream]:
    assert target.socket is not None
    async with await unix.connect(target.socket, CONNECT) as stream:
        yield stream


@asynccontextmanager
async def _over_ssh(target: Target, *, may_ask: bool) -> AsyncIterator[ByteStream]:
    try:
        process = await anyio.open_process(
            ssh_command(target, may_ask=may_ask), stderr=subprocess.PIPE, start_new_session=not may_ask
        )
    except OSError as error:
        raise ControlError(f"ssh cannot be run: {error.strerror}", place=str(target)) from None
    said = bytearray()
    async with background() as tasks:
        tasks.start_soon(_listen, process, said)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield StapledByteStream(process.stdin, process.stdout)
        except NobodyServes as error:
            await _end(process)
            raise NobodyServes(_last_words(said) or error.problem, place=str(target)) from None
        finally:
            await _end(process)


async def _listen(process: Process, said: bytearray) -> None:
    assert process.stderr is not None
    async for text in process.stderr:
        said += text
        del said[:-_LAST_WORDS]


def _last_words(said: bytearray) -> str:
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].removeprefix("mktui: ") if lines else ""


async def _end(process: Process) -> None:
    """Close what it reads, wait, then end it."""
    with anyio.CancelScope(shield=True):
        if process.stdin is not None:
            with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
                await process.stdin.aclose()
        for stop in (process.terminate, process.kill):
            with anyio.move_on_after(_PATIENCE):
                await process.wait()
                return
            with suppress(ProcessLookupError):
                stop()
        await process.wait()
