"""Whose row is it? A mark at the end of its comment says so: ``[mktui:INSTALLATION-ROW]``; the rest is not ours. Pure.

Where a menu has no comment, the registry alone knows.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

_ANY: Final = re.compile(r"\[mktui:([0-9a-f]{8})-([0-9a-f]{16})\]")
_AT_THE_END: Final = re.compile(rf"\s*{_ANY.pattern}\s*$")


@dataclass(frozen=True, slots=True)
class Mark:
    """``installation`` is whose it is, ``row`` which of his rows."""

    installation: str
    row: str

    def __str__(self) -> str:
        return f"[mktui:{self.installation}-{self.row}]"


def row_mark(installation: str, external_id: str) -> Mark:
    """Return the mark of a row of ours. 64 bits: among 50,000 rows two have the same once in ten billion times."""
    return Mark(installation, hashlib.blake2s(external_id.encode(), digest_size=8).hexdigest())


def read_mark(comment: str) -> Mark | None:
    """Return the mark in a comment: the last one, wherever somebody has moved it."""
    found = _ANY.findall(comment)
    return Mark(*found[-1]) if found else None


def with_mark(comment: str, mark: Mark) -> str:
    """Return a comment that ends with a mark; what stood before it stays as it was, to the byte."""
    rest = _AT_THE_END.sub("", comment)
    return type(comment)(f"{rest} {mark}" if rest else str(mark))  # its type knows in which encoding it goes back
