"""Rows that claim to be the same are all rejected: which of them is right is nothing to guess.

A row with other faults counts too, as far as its key could be read.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mktui.billing.model import Kind, Profile, Subscriber, SubscriberStatus
from mktui.billing.sources.rows import RowError, SourceRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mktui.billing.sources.fields import ReadRow
    from mktui.billing.sources.rows import What

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class _Key:
    """Something that only one row may have; ``field`` and ``value`` are its words."""

    what: What
    field: str
    value: str
    more: tuple[str, ...] = ()


def gather(read: Sequence[ReadRow], *, covers: Iterable[What]) -> SourceRows:
    """Return rows that are good and alone, with the faults of the others, in the source's order. Not complete yet."""
    twice = _twice(read)
    good = [row for index, row in enumerate(read) if row.row is not None and index not in twice]
    faults: list[RowError] = []
    for index, row in enumerate(read):
        faults += [*row.errors, *twice.get(index, ())]
    return SourceRows(
        complete=False,
        profiles=tuple(row.row for row in good if isinstance(row.row, Profile)),
        subscribers=tuple(row.row for row in good if isinstance(row.row, Subscriber)),
        errors=tuple(faults),
        covers=frozenset(covers),
        derived=frozenset((row.what, row.row.external_id) for row in good if row.derived and row.row),
        places={(row.what, row.row.external_id): row.where for row in good if row.row},
    )


def _twice(read: Sequence[ReadRow]) -> dict[int, list[RowError]]:
    """Return index -> faults of each row that shares a key with another."""
    seen: dict[_Key, list[int]] = {}
    for index, row in enumerate(read):
        for key in _keys(row):
            seen.setdefault(key, []).append(index)
    found: dict[int, list[RowError]] = {}
    for key, indexes in seen.items():
        for index in indexes if len(indexes) > 1 else ():
            named = [read[other].where for other in indexes[: _SHOWN + 1] if other != index][:_SHOWN]
            more = len(indexes) - 1 - len(named)  # all of them, for each of thousands, would fill a memory
            others = ", ".join(named) + (f" and {more} more" if more else "")
            problem = f"the same as in {others}; all of them are rejected"
            found.setdefault(index, []).append(
                RowError(read[index].where, key.field, key.value, problem, "keep the right one")
            )
    return found


def _keys(row: ReadRow) -> list[_Key]:
    values = row.values
    name_field = "name" if row.what == "profile" else "username"
    name = unicodedata.normalize("NFC", str(values.get(name_field, "")))
    keys = []
    if not row.derived and values.get("external_id"):
        keys.append(_Key(row.what, "external_id", str(values["external_id"])))
    if name and not {"kind", "hotspot_server"} & {error.field for error in row.errors}:
        keys.append(_Key(row.what, name_field, name, _place(values)))
    if values.get("static_ip") and values.get("status") != SubscriberStatus.DELETED:
        keys.append(_Key(row.what, "static_ip", str(values["static_ip"])))
    return keys


def _place(values: Mapping[str, object]) -> tuple[str, ...]:
    """Return where a name must be alone: among its kind, and for hotspots on its server."""
    kind = str(values.get("kind", Kind.PPP))
    return (kind, str(values.get("hotspot_server", "all"))) if kind == Kind.HOTSPOT else (kind,)
