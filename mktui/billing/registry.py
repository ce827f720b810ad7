"""Which rows on which router are ours, and what we last wrote into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from mktui.billing import tables
from mktui.billing.records import RegistryRow

if TYPE_CHECKING:
    from datetime import datetime


def read(connection: sa.Connection, router: str) -> tuple[RegistryRow, ...]:
    """Return the rows of a router that are ours."""
    table = tables.registry
    found = connection.execute(sa.select(table).where(table.c.router == router)).mappings()
    return tuple(RegistryRow(**row) for row in found)


def write(connection: sa.Connection, row: RegistryRow) -> None:
    """Note what a row of ours holds now; its name may be one that another row of ours just gave up."""
    table = tables.registry
    remove(connection, row.router, row.menu, row.external_id)
    connection.execute(
        table.delete().where(
            table.c.router == row.router, table.c.menu == row.menu, table.c.name == row.name,
            table.c.server == row.server,
        )
    )  # fmt: skip
    connection.execute(
        table.insert().values(
            router=row.router, menu=row.menu, external_id=row.external_id, name=row.name, server=row.server,
            applied=dict(row.applied), applied_at=row.applied_at, valid_until=row.valid_until,
            known_since=row.known_since,
        )
    )  # fmt: skip


def remove(connection: sa.Connection, router: str, menu: str, external_id: str) -> None:
    """Forget a row: it is no longer ours, or no longer there."""
    table = tables.registry
    connection.execute(
        table.delete().where(table.c.router == router, table.c.menu == menu, table.c.external_id == external_id)
    )


def pause(connection: sa.Connection, router: str, reason: str, *, now: datetime) -> None:
    """Let no automatic sync touch a router until a person resumes it."""
    resume(connection, router)
    connection.execute(tables.paused.insert().values(router=router, reason=reason[:256], at=now))


def resume(connection: sa.Connection, router: str) -> bool:
    """Let automatic syncs go on; False: it was not paused."""
    result = connection.execute(tables.paused.delete().where(tables.paused.c.router == router))
    return bool(result.rowcount)


def paused_because(connection: sa.Connection, router: str) -> str | None:
    """Return why a router is paused; None: it is not."""
    found = connection.execute(sa.select(tables.paused.c.reason).where(tables.paused.c.router == router)).scalar()
    return None if found is None else str(found)
