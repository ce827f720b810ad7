"""Finds themes/ and sample_configs/: inside a wheel, in an editable install, or in a bare checkout.

In the wheel they lie beside the code under ``mktui/_data``; in a checkout beside the package.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Return the folder of shipped files called ``name`` (``themes`` or ``sample_configs``).

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"mktui is installed without its {name} folder")


def files(name: str, suffix: str) -> list[Path]:
    """Return the shipped files of a folder that end in ``suffix``, sorted by name."""
    return sorted(path for path in folder(name).iterdir() if path.suffix == suffix)
