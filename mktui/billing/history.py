"""What syncs have done to one customer's rows, and who he is in billing: asked by name, at night, on the phone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mktui.billing import ledger, origins, tables
from mktui.billing.records import RowHistory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mktui.billing.model import Profile, Subscriber


@dataclass(frozen=True, slots=True)
class Named:
    """Everything billing knows of a name."""

    subscribers: tuple[Subscriber, ...]
    profiles: tuple[Profile, ...]
    history: tuple[RowHistory, ...]
    sources: Mapping[str, str] = field(default_factory=dict)
    """External id -> the source that this subscriber came from, when he did."""


def named(connection: sa.Connection, name: str, *, limit: int = 10) -> Named:
    """Return the subscribers of a name, their profiles, and what was last done to rows of theirs, newest first."""
    table = tables.subscribers
    ids = list(connection.execute(sa.select(table.c.external_id).where(table.c.username == name)).scalars())
    subscribers = tuple(found for each in ids if (found := ledger.find_subscriber(connection, each)) is not None)
    wanted = {(each.kind, each.profile) for each in subscribers}
    profiles = tuple(each for each in ledger.read_profiles(connection) if (each.kind, each.name) in wanted)
    entry = tables.journal
    is_his = entry.c.external_id.in_(ids) if ids else entry.c.name == name
    query = (
        sa.select(entry.c.run, tables.runs.c.router, entry.c.menu, entry.c.name, entry.c.action, entry.c.state,
                  entry.c.text, entry.c.at)
        .join(tables.runs, tables.runs.c.id == entry.c.run).where(is_his)
        .order_by(entry.c.run.desc(), entry.c.ordinal.desc()).limit(limit)
    )  # fmt: skip
    history = tuple(RowHistory(**row) for row in connection.execute(query).mappings())
    from_where = {each: origins.source_of(connection, "subscriber", each) for each in ids}
    return Named(subscribers, profiles, history, {each: source for each, source in from_where.items() if source})
