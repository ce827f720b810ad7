"""A Unix socket as a byte stream.

Of our own, for one reason: anyio's, cancelled in the moment in which bytes arrive, lets the event loop complain on
stderr, and there may be a screen.
"""

from __future__ import annotations

import errno
import os
import pwd
import socket as sockets
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import anyio
from anyio.abc import ByteStream

from mktui.errors import ControlError, ControlRefused, NobodyServes

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

_CHUNK: Final = 65536
_WAITING: Final = 64
_BREATH: Final = 0.1
_PASSING: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED})
"""What keeps one connection from being taken, and goes over."""


class UnixStream(ByteStream):
    """One connection."""

    def __init__(self, raw: sockets.socket) -> None:
        raw.setblocking(False)
        self.raw = raw

    async def receive(self, max_bytes: int = _CHUNK) -> bytes:
        """Return what has come."""
        await anyio.lowlevel.checkpoint()
        while True:
            self._check()
            try:
                data = self.raw.recv(max_bytes)
            except BlockingIOError:
                await anyio.wait_readable(self.raw)
            except OSError as error:
                raise anyio.BrokenResourceError from error
            else:
                if not data:
                    raise anyio.EndOfStream
                return data

    async def send(self, item: bytes) -> None:
        """Send it all."""
        await anyio.lowlevel.checkpoint()
        left = memoryview(item)
        while left:
            self._check()
            try:
                left = left[self.raw.send(left) :]
            except BlockingIOError:
                await anyio.wait_writable(self.raw)
            except OSError as error:
                raise anyio.BrokenResourceError from error

    async def send_eof(self) -> None:
        """Say that nothing more comes."""
        await anyio.lowlevel.checkpoint()
        self._check()
        self.raw.shutdown(sockets.SHUT_WR)

    async def aclose(self) -> None:
        """Close it; who waits for it is told."""
        if self.raw.fileno() >= 0:
            anyio.notify_closing(self.raw)
            self.raw.close()
        await anyio.lowlevel.checkpoint()

    def _check(self) -> None:
        if self.raw.fileno() < 0:
            raise anyio.ClosedResourceError


def listening(path: Path) -> sockets.socket:
    """Return a socket that listens, for its owner only.

    Raises:
        OSError: It cannot be made there.
    """
    raw = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
    try:
        raw.setblocking(False)
        raw.bind(str(path))
        path.chmod(0o600)
        raw.listen(_WAITING)
    except OSError:
        raw.close()
        raise
    return raw


async def serve(raw: sockets.socket, handle: Callable[[UnixStream], Coroutine[Any, Any, None]]) -> None:
    """Hand each connection to a task of its own, until cancelled."""
    async with anyio.create_task_group() as tasks:
        while True:
            try:
                taken, _address = raw.accept()
            except BlockingIOError:
                await anyio.wait_readable(raw)
            except OSError as error:
                if error.errno not in _PASSING:
                    raise
                await anyio.sleep(_BREATH)
            else:
                tasks.start_soon(handle, UnixStream(taken))


async def connect(path: Path, within: float) -> UnixStream:
    """Connect to a socket; one that has too many waiting is tried again for ``within`` seconds.

    Raises:
        NobodyServes: Nobody listens there.
        ControlRefused: It is another user's.
        ControlError: It cannot be used.
    """
    ends_at = time.monotonic() + within
    while True:
        raw = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
        raw.setblocking(False)
        try:
            raw.connect(str(path))
        except BlockingIOError:
            raw.close()
            if time.monotonic() > ends_at:
                raise NobodyServes("who serves here takes no connection", place=str(path)) from None
            await anyio.sleep(_BREATH)
        except (FileNotFoundError, ConnectionRefusedError):
            raw.close()
            raise NobodyServes("nobody serves here", place=str(path), remedy="mktui serve does") from None
        except PermissionError:
            raw.close()
            raise denied(path) from None
        except OSError as error:
            raw.close()
            problem = error.strerror or str(error) or "cannot be used"
            raise ControlError(problem.lower(), place=str(path)) from None
        else:
            return UnixStream(raw)


def denied(path: Path) -> ControlRefused:
    """Say whose a socket is that we may not use: its own owner, or that of the folder that hides it."""
    for each in (path, *path.parents):
        with suppress(OSError):
            user = _user(each.stat().st_uid)
            return ControlRefused(
                "Denied", f"{path}: permission denied to user {_user(os.geteuid())}: only user {user}, and root, may "
                f"ask here (sudo -u {user} mktui ..., with the same configuration)",
            )  # fmt: skip
    return ControlRefused("Denied", f"{path}: permission denied")


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"{uid}"
