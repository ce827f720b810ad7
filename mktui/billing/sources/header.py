"""A table's first line -> which field each column is. Shared by files and by queries.

Names match without regard to case, spaces, ``_`` and ``-``. Whatever else a column is called has to be mapped, to a
field or to ``-`` (ignore it): a column that is not understood is never left out in silence.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

from mktui.billing.sources.fields import COLUMNS, REQUIRED
from mktui.billing.sources.synonyms import guessed
from mktui.errors import SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mktui.billing.sources.rows import What

IGNORED: Final = "-"
"""What a column is mapped to that says nothing here."""
_SHOWN: Final = 40


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
    unknown = [name for name, field in zip(header, fields, strict=True) if field is None]
    if unknown:
        told = ", ".join(_suggested(name, what) for name in unknown)
        raise SourceUnreadable(f"unknown column {told}", line=line, remedy=_naming(header, what, mapped, line))
    found = [field for field in fields if field is not None]
    used = [field for field in found if field != IGNORED]
    twice = sorted({field for field in used if used.count(field) > 1})
    if twice:
        raise SourceUnreadable(f"more than one column is {', '.join(twice)}", line=line, remedy="keep one of them")
    if {"price", "price_minor"} <= set(used):
        raise SourceUnreadable("both price and price_minor are there", line=line, remedy="map one of them to -")
    missing = [field for field in REQUIRED[what] if field not in used]
    if missing:
        how = f"--map 'Their Name={missing[0]}'" if line else f"SELECT ... AS {missing[0]}"
        remedy = f"a {what} has at least {', '.join(REQUIRED[what])}: {how}"
        raise SourceUnreadable(f"column {', '.join(missing)} is missing", line=line, remedy=remedy)
    return found


def guess(header: Sequence[str], what: What, mapped: Mapping[str, str]) -> dict[str, str]:
    """Return column -> field for columns that are not known, as far as others call a field so: to be offered only."""
    fields = {name: known(name, what, mapped) for name in header if name.strip()}
    taken = [field for field in fields.values() if field is not None]
    return guessed([name for name, field in fields.items() if field is None], what, taken)


def _naming(header: Sequence[str], what: What, mapped: Mapping[str, str], line: int | None) -> str:
    """Return how the unknown columns of a file, or of a query, are named, ready to be used."""
    found = guess(header, what, mapped)
    unknown = [name.strip() for name in header if name.strip() and known(name, what, mapped) is None]
    fields = {name.strip(): field for name, field in found.items()}
    if line is None:
        return "name each as a field in the query: SELECT theirs AS username"
    options = " ".join(f"--map '{name[:_SHOWN]}={fields.get(name, '...')}'" for name in unknown)
    return f"say which field each is, or - to pass it over: {options}"


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
    shown = name.strip()[:_SHOWN]
    return f"{shown!r} (is it {field}?)" if field else repr(shown)
