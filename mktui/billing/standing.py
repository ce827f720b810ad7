"""How a router stands with billing, as the database knows it: its last run, what is pending, who holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mktui.billing import journal, leases, registry, tables
from mktui.billing.pending import pending

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mktui.billing.records import Lease, RunRecord


@dataclass(frozen=True, slots=True)
class Standing:
    """One router. ``pending``: subscribers and profiles that billing wants and that it does not have."""

    router: str
    last: RunRecord | None
    pending: int
    unknown_rows: int
    owned: int
    paused: str | None
    """Why automatic syncs are paused; None: they are not."""
    holder: Lease | None
    """Who syncs it now."""


def standing(connection: sa.Connection, router: str, *, now: datetime) -> Standing:
    """Return how a router stands."""
    lease = leases.find(connection, router)
    is_held = lease is not None and bool(lease.owner) and lease.expires_at > now
    owned = sa.select(sa.func.count()).select_from(tables.registry).where(tables.registry.c.router == router)
    last = journal.last_run(connection, router)
    return Standing(
        router, last, len(pending(connection, router, last)),
        len(journal.open_rows(connection, router)), int(connection.execute(owned).scalar() or 0),
        registry.paused_because(connection, router), lease if is_held else None,
    )  # fmt: skip


def standings(connection: sa.Connection, routers: Iterable[str], *, now: datetime) -> list[Standing]:
    """Return how each of these routers stands."""
    return [standing(connection, router, now=now) for router in routers]
