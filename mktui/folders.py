"""Folders that are their owner's alone: passwords' digests, journals, sockets and logs are in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def make_private(folder: Path) -> None:
    """Make a folder for its owner alone, and those above it that are missing; one that is there stays as it is.

    ``Path.mkdir(parents=True, mode=...)`` gives its mode to the last one only.

    Raises:
        OSError: It cannot be made, or it is no folder.
    """
    try:
        folder.mkdir(mode=0o700)
    except FileNotFoundError:
        if folder.parent.is_dir():  # it is there, and takes no folder: /proc
            raise
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:  # it is there; or only it is, and above it nothing may be made
        if not folder.is_dir():
            raise
