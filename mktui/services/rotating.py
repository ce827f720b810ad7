"""A log file of bounded size that never complains: on stderr there may be a screen.

The standard library's own handlers would do; to load them takes a status longer than to write its log.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TextIO

from mktui.folders import make_private

if TYPE_CHECKING:
    from pathlib import Path

_FILE_BYTES: Final = 5 * 1024 * 1024
_FILES: Final = 5


class _Rotating(logging.Handler):
    """Writes lines to a file, its owner's alone; loses a line that cannot be written, and says nothing."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._file: TextIO | None = self._opened()
        self._is_closed = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; the file that is full makes room before."""
        if self._is_closed:
            return
        line = f"{self.format(record)}\n"
        try:
            file = self._file or self._opened()  # it could not be opened again when there was no room
            # a pipe or a device has no size, and no other one can take its place
            if self._path.is_file() and file.tell() + len(line.encode(errors="replace")) > _FILE_BYTES:
                file = self._make_room(file)
            self._file = file
            file.write(line)
            file.flush()
        except (OSError, ValueError):  # a full disk, a file that was closed
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Go on."""

    def close(self) -> None:
        """Let go of the file."""
        self._is_closed = True
        if self._file is not None:
            with suppress(OSError):  # what was left in it cannot be written
                self._file.close()
            self._file = None
        super().close()

    def _opened(self) -> TextIO:
        return open(self._path, "a", encoding="utf-8", errors="backslashreplace", opener=_private)

    def _make_room(self, full: TextIO) -> TextIO:
        """Give each file the name of the one before it; the oldest is forgotten."""
        self._file = None
        full.close()
        places = [self._path, *(self._path.with_name(f"{self._path.name}.{number}") for number in range(1, _FILES))]
        for newer, older in reversed(list(pairwise(places))):
            if newer.exists():
                newer.replace(older)
        return self._opened()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def rotating(path: Path) -> logging.Handler | None:
    """Return what writes lines to a file of 5 MB at most, with four before it; None: it cannot be written."""
    try:
        make_private(path.parent)
        handler = _Rotating(path)
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler
