"""Files that are written whole or not at all. Beside ``folders``, since a status writes none and need not load this."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def write_whole(file: Path, content: bytes, *, prepare: Callable[[int], None] = lambda _handle: None) -> None:
    """Write a file beside its place and move it there: whoever reads sees the old one or the new one, power cut or not.

    It is its owner's alone, but for what ``prepare`` does to its handle before anything is in it.

    Raises:
        OSError: It cannot be written; what was there is left, and nothing beside it.
    """
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".tmp", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as opened:
            prepare(opened.fileno())
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
