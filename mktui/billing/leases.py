"""One writer per router, across processes and machines: a lease with a heartbeat, an end, and a number that rises.

``now`` is the caller's clock. Each step is one statement that changes a row or does not: two can never both succeed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from mktui.billing import tables
from mktui.billing.records import Lease

if TYPE_CHECKING:
    from datetime import datetime

HEARTBEAT: Final = 10.0
EXPIRY: Final = 60.0
_SLACK: Final = timedelta(seconds=EXPIRY)
"""A lease that ends later than any that could be taken now was taken by a wrong clock: nobody renews it any more."""


def acquire(connection: sa.Connection, router: str, owner: str, host: str, pid: int, *, now: datetime) -> Lease | None:
    """Take a router when nobody holds it, or whoever did has not been heard for too long; None: somebody holds it."""
    table = tables.leases
    held = find(connection, router)
    mine = {"owner": owner, "host": host, "pid": pid, "heartbeat_at": now, "expires_at": _end(now)}
    if held is None:
        try:
            with connection.begin_nested():
                connection.execute(table.insert().values(router=router, fence=1, **mine))
        except sa.exc.IntegrityError:  # another one was a moment earlier
            return None
        return find(connection, router)
    if held.owner not in {"", owner} and now < held.expires_at <= _end(now) + _SLACK:
        return None
    taken = connection.execute(
        table.update().where(table.c.router == router, table.c.fence == held.fence)
        .values(fence=held.fence + 1, **mine)
    )  # fmt: skip
    return find(connection, router) if taken.rowcount else None


def renew(connection: sa.Connection, lease: Lease, *, now: datetime) -> bool:
    """Say that its holder lives; False: it is another's now."""
    table = tables.leases
    kept = connection.execute(
        table.update().where(table.c.router == lease.router, table.c.fence == lease.fence)
        .values(heartbeat_at=now, expires_at=_end(now))
    )  # fmt: skip
    return bool(kept.rowcount)


def is_held(connection: sa.Connection, lease: Lease) -> bool:
    """Say whether its number is still the newest: asked before each batch."""
    held = find(connection, lease.router)
    return held is not None and held.fence == lease.fence and held.owner == lease.owner


def release(connection: sa.Connection, lease: Lease, *, now: datetime) -> None:
    """Let a router go. The row stays, so that its number goes on rising."""
    table = tables.leases
    connection.execute(
        table.update().where(table.c.router == lease.router, table.c.fence == lease.fence)
        .values(owner="", expires_at=now)
    )  # fmt: skip


def find(connection: sa.Connection, router: str) -> Lease | None:
    """Return who holds a router, or held it last."""
    row = connection.execute(sa.select(tables.leases).where(tables.leases.c.router == router)).mappings().first()
    return None if row is None else Lease(**row)


def _end(now: datetime) -> datetime:
    return now + timedelta(seconds=EXPIRY)
