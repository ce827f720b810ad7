"""Rows as a database gives them -> rows. Pure: numbers, dates and nothing are taken as what they are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mktui.billing.sources.fields import ReadRow, read_row, text_of
from mktui.billing.sources.rows import RowError
from mktui.billing.sources.units import Unreadable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from mktui.billing.sources.rows import What


@dataclass(frozen=True, slots=True)
class NativeRow:
    """One row, by field. ``errors``: what is already known to be wrong with it."""

    what: What
    where: str
    cells: Mapping[str, object] = field(repr=False)
    errors: tuple[RowError, ...] = ()


@dataclass(frozen=True, slots=True)
class Folded:
    """What another system's tables say, in our words."""

    rows: tuple[NativeRow, ...]
    notes: tuple[str, ...] = ()


def read_native(row: NativeRow, local: dt.tzinfo) -> ReadRow:
    """Read a row; a time without a zone is ``local``'s, nothing and the empty text are an empty cell."""
    texts: dict[str, str | None] = {}
    errors = list(row.errors)
    for name, value in row.cells.items():
        try:
            texts[name] = text_of(value) or None
        except Unreadable as error:
            errors.append(RowError(row.where, name, "", error.problem))
    read = read_row(row.what, texts, where=row.where, local=local)
    if not errors:
        return read
    faulty = {error.field for error in errors}
    found = (*errors, *(error for error in read.errors if error.field not in faulty))
    return replace(read, row=None, errors=found)
