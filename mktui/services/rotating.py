"""A log file of bounded size that never complains: on stderr there may be a screen."""

from __future__ import annotations

import logging
import os
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, Final

from mktui.folders import make_private

if TYPE_CHECKING:
    from pathlib import Path

_FILE_BYTES: Final = 5 * 1024 * 1024
_FILES: Final = 5


class _Rotating(RotatingFileHandler):
    """Loses a line that cannot be written, and says nothing."""

    def _open(self) -> TextIOWrapper:
        """Open it for its owner alone, as every file of a name of its own is made here."""
        stream = open(  # noqa: SIM115 - the handler closes it; Path.open takes no opener
            self.baseFilename, self.mode, encoding=self.encoding, errors=self.errors, opener=_private
        )  # fmt: skip
        assert isinstance(stream, TextIOWrapper)
        return stream

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Go on."""


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def rotating(path: Path) -> logging.Handler | None:
    """Return what writes lines to a file of 5 MB at most, with four before it; None: it cannot be written."""
    try:
        make_private(path.parent)
        handler = _Rotating(
            path, maxBytes=_FILE_BYTES, backupCount=_FILES - 1, encoding="utf-8", errors="backslashreplace"
        )
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler
