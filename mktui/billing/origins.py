"""Which source a row of billing came from, and whether that source still has it.

A row that a complete source no longer has stays in billing, and is marked: a sync takes it for absent, which alone
changes nothing on any router. A row that was typed in by hand has no origin, and is never missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from mktui.billing import ledger, tables
from mktui.billing.records import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mktui.billing.sources.preview import ImportPreview
    from mktui.billing.sources.rows import What


def note_read(connection: sa.Connection, source: str, read: ImportPreview, *, is_complete: bool, now: datetime) -> int:
    """Note what a source has said; return how many rows it has lost since the last time that it was complete.

    Who is lost or comes back is a change like any other: it stands in the outbox.
    """
    table = tables.origins
    known = {(row.what, row.external_id): row for row in connection.execute(sa.select(table))}
    fresh = [key for key in read.seen if key not in known or known[key].source != source or known[key].missing_since]
    _tell(connection, [key for key in fresh if key in known and known[key].missing_since], now)
    _forget(connection, fresh)
    if fresh:
        values = [{"what": what, "external_id": external_id, "source": source} for what, external_id in sorted(fresh)]
        connection.execute(table.insert(), values)
    if not is_complete:
        return 0
    lost = [
        key for key, row in known.items()
        if row.source == source and row.what in read.rows.covers and key not in read.seen and row.missing_since is None
    ]  # fmt: skip
    if lost:
        connection.execute(
            table.update().where(table.c.what == sa.bindparam("of_what"), table.c.external_id == sa.bindparam("of_id"))
            .values(missing_since=now),
            [{"of_what": what, "of_id": external_id} for what, external_id in lost],
        )  # fmt: skip
        _tell(connection, lost, now)
    return len(lost)


def of_source(connection: sa.Connection, source: str) -> frozenset[tuple[What, str]]:
    """Return what and external id of the rows that came from a source."""
    table = tables.origins
    query = sa.select(table.c.what, table.c.external_id).where(table.c.source == source)
    return frozenset((row.what, row.external_id) for row in connection.execute(query))


def sources(connection: sa.Connection) -> dict[tuple[str, str], str]:
    """Return the source of every row that has one: what and external id -> its name."""
    table = tables.origins
    found = connection.execute(sa.select(table.c.what, table.c.external_id, table.c.source))
    return {(str(row.what), str(row.external_id)): str(row.source) for row in found}


def source_of(connection: sa.Connection, what: What, external_id: str) -> str:
    """Return the source of one row; "" when somebody has typed it in."""
    table = tables.origins
    query = sa.select(table.c.source).where(table.c.what == what, table.c.external_id == external_id)
    return str(connection.execute(query).scalar() or "")


def missing(connection: sa.Connection) -> frozenset[tuple[str, str]]:
    """Return what and external id of the rows that their sources no longer have."""
    table = tables.origins
    query = sa.select(table.c.what, table.c.external_id).where(table.c.missing_since.is_not(None))
    return frozenset((str(what), str(external_id)) for what, external_id in connection.execute(query))


def _tell(connection: sa.Connection, keys: Iterable[tuple[str, str]], now: datetime) -> None:
    for what, external_id in keys:
        ledger.note_edit(connection, Edit(external_id, what, 0, ""), now=now)


def subscribers_of(connection: sa.Connection, sources: Iterable[str]) -> frozenset[str]:
    """Return the external ids of the subscribers that came from sources."""
    table = tables.origins
    query = sa.select(table.c.external_id).where(table.c.source.in_(list(sources)), table.c.what == "subscriber")
    return frozenset(connection.execute(query).scalars())


def _forget(connection: sa.Connection, keys: Iterable[tuple[str, str]]) -> None:
    table = tables.origins
    values = [{"of_what": what, "of_id": external_id} for what, external_id in keys]
    if values:
        connection.execute(
            table.delete().where(table.c.what == sa.bindparam("of_what"), table.c.external_id == sa.bindparam("of_id")),
            values,
        )
