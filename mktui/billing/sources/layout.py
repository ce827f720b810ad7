"""How a table of somebody else's is laid out: what a person looks at to say which column is which. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mktui.billing.sources.header import IGNORED, guess, known, match_columns
from mktui.billing.sources.rows import SECRET_FIELDS
from mktui.billing.sources.synonyms import is_secret
from mktui.errors import SourceUnreadable
from mktui.letters import cut, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mktui.billing.sources.rows import What

LOOKED_AT: Final = 200
"""Lines that samples are taken from."""
MASKED: Final = "••••••"
_SAMPLES: Final = 3
_LONGEST: Final = 24
_DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written. ``samples``: of each column, its first different values, short."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    samples: tuple[tuple[str, ...], ...] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.encoding}, columns apart by {_DELIMITERS.get(self.delimiter, repr(self.delimiter))}"


class How(enum.StrEnum):
    """Why a column is taken for a field."""

    NAMED = "by its name"
    CHOSEN = "chosen"
    GUESSED = "a guess"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of theirs. ``meant``: our field; ``-``: it is passed over; "": nobody knows."""

    name: str
    meant: str
    how: How
    samples: tuple[str, ...] = field(repr=False)


def samples_of(header: Sequence[str], rows: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Return the first different values of each column; what looks like a password is masked."""
    found: list[dict[str, None]] = [{} for _ in header]
    for row in rows:
        for values, name, cell in zip(found, header, row, strict=False):
            if cell.strip() and len(values) < _SAMPLES:
                values[MASKED if is_secret(name) else _short(cell)] = None
    return tuple(tuple(values) for values in found)


def _short(cell: str) -> str:
    return cut(printable(cell.strip()), _LONGEST)


def columns_of(layout: Layout, what: What, mapped: Mapping[str, str], offered: Mapping[str, str]) -> list[Column]:
    """Return the columns that have a name. ``mapped``: as they are taken; ``offered``: those that are a guess."""
    found = []
    for name, samples in zip(layout.header, layout.samples, strict=True):
        if not name.strip():
            continue
        meant = known(name, what, mapped) or ""
        how = How.GUESSED if name in offered else How.CHOSEN if name in mapped else How.NAMED if meant else How.UNKNOWN
        shown = (MASKED,) if meant in SECRET_FIELDS and samples else samples
        found.append(Column(name, meant, how, shown))
    return found


def offer(layout: Layout, what: What, mapped: Mapping[str, str]) -> dict[str, str]:
    """Return a guess for each column that is not known, where there is one."""
    return guess(layout.header, what, mapped)


def why_not(layout: Layout, what: What, mapped: Mapping[str, str]) -> str:
    """Return why the columns will not do yet, in a few words; "": they will."""
    unknown = [name.strip() for name in layout.header if name.strip() and known(name, what, mapped) is None]
    if unknown:
        return f"not known yet: {', '.join(unknown)} ({IGNORED} passes one over)"
    try:
        match_columns(layout.header, what, mapped, line=1)
    except SourceUnreadable as error:
        return error.problem
    return ""
