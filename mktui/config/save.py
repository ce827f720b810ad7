"""Writes a configuration file whole or not at all, and never over what somebody else has written meanwhile.

The text goes to a file of its own beside it, to the disk, and then into its place in one step: whoever is killed in
between leaves the old file or the new one. What stood there before is kept as ``config.toml.bak``.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import stat
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from mktui.config.load import check_text
from mktui.errors import ConfigError
from mktui.folders import make_private
from mktui.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_OWN: Final = 0o600
"""A file that may hold secrets is its owner's; one that is closed even to him stays so."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a file held when it was read, and when it had been written."""

    digest: str
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was read: its text, and by what it is known again. ``print``: None when there was no file."""

    file: Path
    text: str
    print: Fingerprint | None


def look(path: Path) -> Seen:
    """Read a file that may be saved later; one that is not there is empty.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        status, content = os.stat(path), path.read_bytes()  # noqa: PTH116 - its time before its text, never after
    except FileNotFoundError:
        return Seen(path, "", None)
    except OSError as error:
        raise _refused(error, path, "cannot be read") from None
    try:
        return Seen(path, content.decode("utf-8"), _print(content, status))
    except UnicodeDecodeError as error:
        raise ConfigError(f"not UTF-8 text (byte {error.start})", file=path) from None


def save(seen: Seen, text: str) -> Seen:
    """Put a text in the place of what was seen, and return the file as it is then. A link is followed.

    Raises:
        ConfigError: Something in the text is wrong, the file was changed underneath, or it cannot be written. The file
            is as it was.
    """
    check_text(text, seen.file)
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ConfigError(f"a letter that cannot be written: {error.object[error.start]!r}", file=seen.file) from None
    try:
        target = seen.file.resolve()
        make_private(target.parent)
        with _alone_in(target.parent) as folder:
            _replace(seen, target, content, folder)
    except OSError as error:
        raise _refused(error, seen.file, "cannot be written") from None
    return look(seen.file)


def save_secret(path: Path, secret: str) -> bool:
    """Put a secret into a file that only its owner may read; True when it was made, False when it held it already.

    Raises:
        ConfigError: It cannot be written, or the file holds something else: nothing is written over.
    """
    target, content = path.expanduser(), f"{secret}\n".encode()
    try:
        if target.exists():
            if target.read_bytes().rstrip(b"\r\n") == content.rstrip(b"\r\n"):
                return False
            raise ConfigError("holds something else already, and is left as it is", file=path,
                              remedy="name another file, or leave the password empty to use what is in it")  # fmt: skip
        make_private(target.parent)
        write_whole(target, content, prepare=partial(_resemble, like=target))
    except OSError as error:
        raise _refused(error, path, "cannot be written") from None
    return True


def _replace(seen: Seen, target: Path, content: bytes, folder: int) -> None:
    now = look(target)
    if now.print != seen.print:
        raise ConfigError(
            "was changed underneath, and is left as it is", file=seen.file, remedy="open it again, then change it"
        )
    if now.print is not None:
        backup = target.with_name(f"{target.name}.bak")
        write_whole(backup, now.text.encode("utf-8"), prepare=partial(_resemble, like=target))
    write_whole(target, content, prepare=partial(_resemble, like=target))
    os.fsync(folder)


def _resemble(handle: int, like: Path) -> None:
    """Give a new file the owner of another, and of its rights those that are its owner's."""
    try:
        status = like.stat()
    except FileNotFoundError:
        os.fchmod(handle, _OWN)
        return
    if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(PermissionError):
            os.fchown(handle, status.st_uid, status.st_gid)
    os.fchmod(handle, stat.S_IMODE(status.st_mode) & _OWN)


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[int]:
    """Hold the folder against another mktui that saves at the same moment."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def _print(content: bytes, status: os.stat_result) -> Fingerprint:
    return Fingerprint(hashlib.sha256(content).hexdigest(), status.st_mtime_ns)


def _refused(error: OSError, path: Path, otherwise: str) -> ConfigError:
    return ConfigError((error.strerror or otherwise).lower(), file=path)
