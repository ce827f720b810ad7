"""How many rows of a source were accepted last: a file with far fewer is taken for cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from mktui.billing import tables

if TYPE_CHECKING:
    from datetime import datetime


def read_accepted(connection: sa.Connection, source: str) -> int | None:
    """Return how many rows of a source were accepted last; None: it was never."""
    table = tables.sources
    found = connection.execute(sa.select(table.c.row_count).where(table.c.name == source)).scalar()
    return None if found is None else int(found)


def write_accepted(connection: sa.Connection, source: str, count: int, *, now: datetime) -> None:
    """Note how many rows of a source were accepted."""
    table = tables.sources
    connection.execute(table.delete().where(table.c.name == source))
    connection.execute(table.insert().values(name=source, row_count=count, at=now))
