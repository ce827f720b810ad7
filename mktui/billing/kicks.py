"""Sessions that are still to be ended. A kick is an event, not a level: it waits a quarter of an hour, no longer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from mktui.billing import tables
from mktui.billing.records import WaitingKick

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

TIME_TO_LIVE: Final = timedelta(minutes=15)


def queue(connection: sa.Connection, router: str, wanted: Iterable[WaitingKick], *, now: datetime) -> None:
    """Note sessions to be ended, in the transaction that notes why."""
    for kick in wanted:
        drop(connection, router, [kick])
        connection.execute(
            tables.kicks.insert().values(
                router=router, menu=kick.menu, name=kick.name, server=kick.server, external_id=kick.external_id,
                cause=kick.cause, at=now,
            )
        )  # fmt: skip


def waiting(connection: sa.Connection, router: str, *, now: datetime) -> list[WaitingKick]:
    """Return what is still to be done; what has waited for too long is forgotten."""
    table = tables.kicks
    connection.execute(table.delete().where(table.c.router == router, table.c.at < now - TIME_TO_LIVE))
    columns = (table.c.menu, table.c.name, table.c.server, table.c.external_id, table.c.cause)
    query = sa.select(*columns).where(table.c.router == router).order_by(table.c.at)
    return [WaitingKick(**row) for row in connection.execute(query).mappings()]


def drop(connection: sa.Connection, router: str, done: Iterable[WaitingKick]) -> None:
    """Forget kicks: they were done, or are not wanted any more."""
    table = tables.kicks
    for kick in done:
        connection.execute(
            table.delete().where(
                table.c.router == router, table.c.menu == kick.menu, table.c.name == kick.name,
                table.c.server == kick.server,
            )
        )  # fmt: skip
