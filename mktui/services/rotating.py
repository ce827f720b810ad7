"""A log file of bounded size that never complains: on stderr there may be a screen."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_FILE_BYTES: Final = 5 * 1024 * 1024
_FILES: Final = 5


class _Rotating(RotatingFileHandler):
    """Loses a line that cannot be written, and says nothing."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Go on."""


def rotating(path: Path) -> logging.Handler | None:
    """Return what writes lines to a file of 5 MB at most, with four before it; None: it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = _Rotating(
            path, maxBytes=_FILE_BYTES, backupCount=_FILES - 1, encoding="utf-8", errors="backslashreplace"
        )
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler
