"""A table's first line -> which field each column is. Shared by files and by queries.

Names match without regard to case, spaces, ``_`` and ``-``. Whatever else a column is called has to be mapped, to a
field or to ``-`` (ignore it): a column that is not understood is never left out in silence.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

from mktui.billing.sources.fields import COLUMNS, REQUIRED
from mktui.errors import SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mktui.billing.sources.rows import What

IGNORED: Final = "-"
"""What a column is mapped to that says nothing here."""


def plain(name: str) -> str:
    """Return a column's name as names are compared."""
    return "".join(letter for letter in name.casefold() if letter not in " _-\t")


def known(name: str, what: What, mapped: Mapping[str, str]) -> str | None:
    """Return the field that a column is, ``-`` when it is ignored, None when that is not known."""
    their = {plain(theirs): field for theirs, field in mapped.items()}
    found = mapped.get(name.strip(), their.get(plain(name), ""))
    return found or {plain(field): field for field in COLUMNS[what]}.get(plain(name))


def match_columns(header: Sequence[str], what: What, mapped: Mapping[str, str], *, line: int | None) -> list[str]:
    """Return the field of each column; ``-`` for one that is ignored or has no name.

    Raises:
        SourceUnreadable: A column is unknown, missing or there twice, or the map names what is not there.
    """
    _check_map(header, what, mapped, line)
    fields = [known(name, what, mapped) if name.strip() else IGNORED for name in header]
    unknown = [_suggested(name, what) for name, field in zip(header, fields, strict=True) if field is None]
    if unknown:
        remedy = "map each to a field, or to - to ignore it: --map 'Their Name=username'"
        raise SourceUnreadable(f"unknown column {', '.join(unknown)}", line=line, remedy=remedy)
    found = [field for field in fields if field is not None]
    used = [field for field in found if field != IGNORED]
    twice = sorted({field for field in used if used.count(field) > 1})
    if twice:
        raise SourceUnreadable(f"more than one column is {', '.join(twice)}", line=line, remedy="keep one of them")
    if {"price", "price_minor"} <= set(used):
        raise SourceUnreadable("both price and price_minor are there", line=line, remedy="map one of them to -")
    missing = [field for field in REQUIRED[what] if field not in used]
    if missing:
        remedy = f"a {what} has at least {', '.join(REQUIRED[what])}: --map 'Their Name={missing[0]}'"
        raise SourceUnreadable(f"column {', '.join(missing)} is missing", line=line, remedy=remedy)
    return found


def _check_map(header: Sequence[str], what: What, mapped: Mapping[str, str], line: int | None) -> None:
    present = {plain(name) for name in header}
    for theirs, field in mapped.items():
        if field != IGNORED and field not in COLUMNS[what]:
            raise SourceUnreadable(
                f"the map says {theirs!r} is {_suggested(field, what)}, which is no field of a {what}"
            )
        if plain(theirs) not in present:
            raise SourceUnreadable(f"the map names a column {theirs!r} that is not there", line=line)


def _suggested(name: str, what: What) -> str:
    near = difflib.get_close_matches(plain(name), [plain(field) for field in COLUMNS[what]], n=1)
    field = next((field for field in COLUMNS[what] if near and plain(field) == near[0]), "")
    shown = name.strip()[:40]
    return f"{shown!r} (is it {field}?)" if field else repr(shown)
