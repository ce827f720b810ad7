"""What is known of alerts, kept in a file: whole or not at all, and by one program at a time. Everything here blocks.

Who tells holds a lock on a file beside it; the kernel lets go of it when he dies, however he dies.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from mktui.folders import make_private
from mktui.monitor.alerts import Alert, Notice, Past  # noqa: TC001 - pydantic reads the annotations
from mktui.monitor.silences import MOST, Silence
from mktui.services.control.place import socket_of
from mktui.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SCHEMA: Final = "mktui.alerts/1"
_LONGEST: Final = 64 * 1024 * 1024
_TURN: Final = 5.0
"""Seconds that another one is given to write silences."""


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="after")
    def _has_times_of_a_zone(self) -> _Kept:
        _check_times(self.model_dump())
        return self


def _check_times(value: Any) -> None:  # Any: a model's parts
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    for each in parts:
        _check_times(each)
    if hasattr(value, "utcoffset") and value.utcoffset() is None:
        raise ValueError("a time without a zone")


K = TypeVar("K", bound=_Kept)


class KeptBox(_Kept):
    """What one receiver has still to be told."""

    waiting: tuple[Notice, ...] = ()
    open: frozenset[str] = frozenset()
    tried: int = 0
    left_out: int = 0
    told: int = 0


class Kept(_Kept):
    """Everything that a restart must not forget."""

    alerts: tuple[Alert, ...] = ()
    past: tuple[tuple[str, str, Past], ...] = ()
    boxes: dict[str, KeptBox] = {}


class KeptSilences(_Kept):
    """What is not told, and until when."""

    silences: tuple[Silence, ...] = ()


def file_of(config_file: Path) -> Path:
    """Return where the alerts of a configuration are kept."""
    socket = socket_of(config_file)
    return socket.with_name(f"{socket.stem.replace('control', 'alerts', 1)}.json")


class AlertFile:
    """The alerts of one configuration, and its silences beside them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.silences_path = path.with_name(f"{path.stem}-silences.json")
        self._lock = path.with_name(f"{path.name}.lock")
        self._handle: int | None = None

    def claim(self) -> str:
        """Become the one who tells; returns who does already, "" when it is us from now on.

        Where no lock can be made at all, everybody tells: twice is better than never.
        """
        if self._handle is not None:
            return ""
        try:
            make_private(self.path.parent)
            handle = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return ""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
            os.close(handle)
            return f"pid {holder}" if holder.isdecimal() else "another process"
        self._handle = handle
        with suppress(OSError):
            os.truncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        return ""

    def release(self) -> None:
        """Let another one tell."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def read(self) -> tuple[Kept, str]:
        """Return what was kept, and what is wrong with the file: it is set aside then, and nothing was kept."""
        return _read(self.path, Kept)

    def look(self) -> Kept:
        """Return what somebody else keeps there; nothing when it cannot be read."""
        try:
            return _parsed(self.path, Kept)
        except (OSError, ValueError):
            return Kept()

    def write(self, kept: Kept) -> None:
        """Keep it, in the place of what was there.

        Raises:
            OSError: It cannot be written; what was there still is.
        """
        _write(self.path, kept)

    def silences(self) -> tuple[Silence, ...]:
        """Return every silence, also those that are over; none when they cannot be read."""
        try:
            return _parsed(self.silences_path, KeptSilences).silences
        except (OSError, ValueError):
            return ()

    def change_silences(self, change: Callable[[tuple[Silence, ...]], tuple[Silence, ...]]) -> None:
        """Put other silences in the place of those that are kept; two who do this at once do it one after the other.

        Raises:
            OSError: They cannot be written.
        """
        make_private(self.path.parent)
        with _turn(self.silences_path.with_name(f"{self.silences_path.name}.lock")):
            kept, _problem = _read(self.silences_path, KeptSilences)
            _write(self.silences_path, KeptSilences(silences=change(kept.silences)[:MOST]))


@contextmanager
def _turn(lock: Path) -> Iterator[None]:
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until = monotonic() + _TURN
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if monotonic() > until:
                    raise
                sleep(0.02)
        yield
    finally:
        os.close(handle)


def _parsed(path: Path, kind: type[K]) -> K:
    """Read a file; one that is not there holds nothing.

    Raises:
        OSError, ValueError: It cannot be read; it is none.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST)
    except FileNotFoundError:
        return kind()
    try:
        document = json.loads(text)
        if not isinstance(document, dict) or document.pop("schema", None) != SCHEMA:
            raise ValueError("it is of another kind")
        return kind.model_validate(document)
    except (ValidationError, RecursionError):
        raise ValueError("it is damaged") from None


def _read(path: Path, kind: type[K]) -> tuple[K, str]:
    try:
        return _parsed(path, kind), ""
    except OSError as error:
        return kind(), f"{path}: {(error.strerror or 'cannot be read').lower()}"
    except ValueError:
        aside = path.with_name(f"{path.name}.broken")
        with suppress(OSError):
            path.replace(aside)
        return kind(), f"{path} is damaged; it is now {aside.name}, and what was in it is forgotten"


def _write(path: Path, kept: _Kept) -> None:
    """Write what only who holds the lock writes."""
    document = {"schema": SCHEMA, **kept.model_dump(mode="json")}
    make_private(path.parent)
    write_whole(path, json.dumps(document, separators=(",", ":")).encode("ascii"))
