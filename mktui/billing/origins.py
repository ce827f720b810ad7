"""Which source a row of billing came from, and whether that source still has it.

A row that a complete source no longer has stays in billing, and is marked: a sync takes it for absent, which alone
changes nothing on any router. A row that was typed in by hand has no origin, and is never missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from mktui.billing import tables

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mktui.billing.sources.rows import SourceRows, What


def note_read(connection: sa.Connection, source: str, rows: SourceRows, *, is_complete: bool, now: datetime) -> int:
    """Note what a source has said; return how many rows it has lost since the last time that it was complete."""
    table = tables.origins
    read: set[tuple[What, str]] = {("profile", row.external_id) for row in rows.profiles}
    read |= {("subscriber", row.external_id) for row in rows.subscribers}
    known = {(row.what, row.external_id): row for row in connection.execute(sa.select(table))}
    fresh = [key for key in read if key not in known or known[key].source != source or known[key].missing_since]
    _forget(connection, fresh)
    if fresh:
        values = [{"what": what, "external_id": external_id, "source": source} for what, external_id in sorted(fresh)]
        connection.execute(table.insert(), values)
    if not is_complete:
        return 0
    lost = [
        key for key, row in known.items()
        if row.source == source and row.what in rows.covers and key not in read and row.missing_since is None
    ]  # fmt: skip
    if lost:
        connection.execute(
            table.update().where(table.c.what == sa.bindparam("of_what"), table.c.external_id == sa.bindparam("of_id"))
            .values(missing_since=now),
            [{"of_what": what, "of_id": external_id} for what, external_id in lost],
        )  # fmt: skip
    return len(lost)


def missing(connection: sa.Connection) -> frozenset[tuple[str, str]]:
    """Return what and external id of the rows that their sources no longer have."""
    table = tables.origins
    query = sa.select(table.c.what, table.c.external_id).where(table.c.missing_since.is_not(None))
    return frozenset((str(what), str(external_id)) for what, external_id in connection.execute(query))


def _forget(connection: sa.Connection, keys: Iterable[tuple[str, str]]) -> None:
    table = tables.origins
    values = [{"of_what": what, "of_id": external_id} for what, external_id in keys]
    if values:
        connection.execute(
            table.delete().where(table.c.what == sa.bindparam("of_what"), table.c.external_id == sa.bindparam("of_id")),
            values,
        )
