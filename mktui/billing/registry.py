"""Which rows on which router are ours, and what we last wrote into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from mktui.billing import tables
from mktui.billing.records import RegistryRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


def read(connection: sa.Connection, router: str) -> tuple[RegistryRow, ...]:
    """Return the rows of a router that are ours."""
    table = tables.registry
    found = connection.execute(sa.select(table).where(table.c.router == router)).mappings()
    return tuple(RegistryRow(**row) for row in found)


def write(connection: sa.Connection, rows: Sequence[RegistryRow]) -> None:
    """Note what rows of ours hold now; a name may be one that another row of ours gave up, or was renamed from there.

    Of several that are noted with one name the last has it.
    """
    if not rows:
        return
    table = tables.registry
    remove(connection, rows)
    connection.execute(
        table.delete().where(
            table.c.router == sa.bindparam("of_router"), table.c.menu == sa.bindparam("of_menu"),
            table.c.name == sa.bindparam("of_name"), table.c.server == sa.bindparam("of_server"),
        ),
        [{"of_router": row.router, "of_menu": row.menu, "of_name": row.name, "of_server": row.server} for row in rows],
    )  # fmt: skip
    bearers = {(row.router, row.menu, row.name, row.server): row for row in rows}
    connection.execute(
        table.insert(),
        [
            {"router": row.router, "menu": row.menu, "external_id": row.external_id, "name": row.name,
             "server": row.server, "applied": dict(row.applied), "applied_at": row.applied_at,
             "valid_until": row.valid_until, "known_since": row.known_since}
            for row in bearers.values()
        ],
    )  # fmt: skip


def remove(connection: sa.Connection, rows: Sequence[RegistryRow]) -> None:
    """Forget rows: they are no longer ours, or no longer there."""
    if not rows:
        return
    table = tables.registry
    connection.execute(
        table.delete().where(
            table.c.router == sa.bindparam("of_router"), table.c.menu == sa.bindparam("of_menu"),
            table.c.external_id == sa.bindparam("of_external_id"),
        ),
        [{"of_router": row.router, "of_menu": row.menu, "of_external_id": row.external_id} for row in rows],
    )  # fmt: skip


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


def known_box(connection: sa.Connection, router: str) -> str:
    """Return the serial number that a router had when it was last synced; "" when it never was."""
    found = connection.execute(sa.select(tables.known_boxes.c.serial).where(tables.known_boxes.c.router == router))
    return str(found.scalar() or "")


def note_box(connection: sa.Connection, router: str, serial: str, *, now: datetime) -> None:
    """Remember which box answers at a router's address: another one is not ours until a person says so."""
    table = tables.known_boxes
    connection.execute(table.delete().where(table.c.router == router))
    connection.execute(table.insert().values(router=router, serial=serial[:128], at=now))
