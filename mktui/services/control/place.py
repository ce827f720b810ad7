"""Where a running mktui is asked: one socket for each configuration, in the state folder, which is its owner's alone.

Who serves holds a lock on a file beside the socket; the kernel lets go of it when he dies, however he dies. So a socket
that was left behind is known from one that lives, and two can never serve one configuration.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mktui.config.load import default_path
from mktui.config.serve import LONGEST_SOCKET
from mktui.errors import ControlError, ServedAlready
from mktui.folders import make_private
from mktui.services.office import state_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SOCKET: Final = "MKTUI_SOCKET"
"""The variable that says where a running mktui is asked."""
_MOST: Final = 64
"""Bytes of a lock that are looked at."""
_ELSEWHERE: Final = "give another by --socket"


def place_of(
    config_file: Path, configured: str, environment: Mapping[str, str] = os.environ, *, given: Path | None = None
) -> Path:
    """Return where whoever runs this configuration is asked; everybody who serves or asks finds it by this.

    What an option has ``given`` wins, then the environment, then what is ``configured``, then the usual socket.
    """
    if given is not None:
        return given
    said = environment.get(SOCKET) or configured
    return Path(os.path.expanduser(said)) if said else socket_of(config_file)  # noqa: PTH111 - a strange ~name stays


def socket_of(config_file: Path) -> Path:
    """Return the usual socket of a configuration; the user's own has the plain name."""
    whole = config_file.resolve()
    if whole == default_path().resolve():
        return state_folder() / "control.sock"
    digest = hashlib.sha256(str(whole).encode("utf-8", "surrogateescape")).hexdigest()
    return state_folder() / f"control-{digest[:8]}.sock"


@contextmanager
def claimed(socket: Path) -> Iterator[None]:
    """Be the only one who serves at a socket for the block; what a dead one left there is taken away.

    Raises:
        ServedAlready: Somebody serves there, and lives.
        ControlError: The place cannot be used, or is taken by something else, which is left as it is.
    """
    if len(os.fsencode(socket)) > LONGEST_SOCKET:
        problem = f"the path of a socket has {LONGEST_SOCKET} bytes at most"
        raise ControlError(problem, place=str(socket), remedy=_ELSEWHERE)
    lock = _lock_of(socket)
    try:
        make_private(socket.parent)
        _check_socket(socket)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ControlError((error.strerror or "cannot be used").lower(), place=str(lock)) from None
    try:
        _check_lock(handle, lock)
        _take(handle, socket, lock)
        try:
            yield
        finally:
            _remove(socket)
    finally:
        os.close(handle)


def _check_socket(socket: Path) -> None:
    """See that nothing is there, or what a dead mktui of ours has left: everything else is somebody's."""
    try:
        found = socket.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise ControlError("this is no socket; it is left as it is", place=str(socket), remedy=_ELSEWHERE)
    if found.st_uid != os.getuid():
        raise ControlError("this is another user's socket", place=str(socket), remedy=_ELSEWHERE)


def _check_lock(handle: int, lock: Path) -> None:
    """See that it is a lock: there is nothing in it but the number of a process."""
    is_file = stat.S_ISREG(os.fstat(handle).st_mode)
    if not is_file or os.pread(handle, _MOST, 0).strip(b"0123456789\n"):
        raise ControlError("this is no lock of mktui's; it is left as it is", place=str(lock), remedy=_ELSEWHERE)


def _remove(socket: Path) -> None:
    with suppress(OSError):
        if stat.S_ISSOCK(socket.lstat().st_mode):
            socket.unlink()


def _take(handle: int, socket: Path, lock: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise ServedAlready(place=str(socket), pid=_pid_in(lock)) from None
    os.truncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    _remove(socket)


def _lock_of(socket: Path) -> Path:
    return socket.with_name(f"{socket.name}.lock")


def _pid_in(lock: Path) -> int:
    with suppress(OSError, ValueError):
        return int(lock.read_text(encoding="ascii"))
    return 0
