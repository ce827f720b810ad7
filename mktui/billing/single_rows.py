"""What a router's books say of single rows: which were changed, which failed, what the last sync found about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mktui.billing import journal, ledger, origins, tables
from mktui.billing.records import RowState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from mktui.billing.model import Profile, Subscriber
    from mktui.billing.records import RunRecord

_FAILED = (RowState.FAILED.value, RowState.SKIPPED.value, RowState.UNKNOWN.value)


@dataclass(frozen=True, slots=True)
class RowsOfRouter:
    """One router. Rows are known by menu and external id; findings by menu and name, as they are told.

    ``synced_at`` None: no sync of it has ever ended.
    """

    router: str
    synced_at: datetime | None
    edited: frozenset[tuple[str, str]] = frozenset()
    """What and external id of what billing has changed since."""
    owned: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    failed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Rows that the last run could not write -> the router's words."""
    findings: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """What the last run found and did not write -> its kind (drift, conflict, held) and its reason."""


@dataclass(frozen=True, slots=True)
class Everything:
    """All of billing at one moment: its rows, where they came from, who is gone from there, and what routers have."""

    profiles: tuple[Profile, ...] = field(repr=False)
    subscribers: tuple[Subscriber, ...] = field(repr=False)
    sources: Mapping[tuple[str, str], str] = field(repr=False)
    gone: frozenset[tuple[str, str]] = field(repr=False)
    rows: Mapping[str, RowsOfRouter] = field(repr=False)


def rows_of_router(connection: sa.Connection, router: str) -> RowsOfRouter:
    """Read one router's."""
    runs = journal.runs_of(connection, router, limit=1)
    last = runs[0] if runs else None
    ours = tables.registry
    owned = connection.execute(sa.select(ours.c.menu, ours.c.external_id).where(ours.c.router == router))
    return RowsOfRouter(
        router, last.finished_at if last else None,
        frozenset((edit.what, edit.external_id) for edit in ledger.edits(connection, router)),
        frozenset((str(menu), str(external_id)) for menu, external_id in owned),
        _failed(connection, last.id) if last else {}, _findings(last) if last else {},
    )  # fmt: skip


def mark(connection: sa.Connection) -> tuple[object, ...]:
    """Return what changes with every edit, with every run that begins, and with every one that ends."""
    run = tables.runs.c
    runs = connection.execute(sa.select(sa.func.max(run.id), sa.func.max(run.finished_at))).one()
    return (*ledger.edits_mark(connection), *runs)


def read_all(connection: sa.Connection, routers: Iterable[str]) -> Everything:
    """Read billing whole, in one transaction."""
    return Everything(
        ledger.read_profiles(connection), ledger.read_subscribers(connection), origins.sources(connection),
        origins.missing(connection), {router: rows_of_router(connection, router) for router in routers},
    )  # fmt: skip


def _failed(connection: sa.Connection, run: int) -> dict[tuple[str, str], str]:
    table = tables.journal
    query = sa.select(table.c.menu, table.c.external_id, table.c.text, table.c.error)
    rows = connection.execute(query.where(table.c.run == run, table.c.state.in_(_FAILED)))
    return {(str(row.menu), str(row.external_id)): str(row.text or row.error) for row in rows}


def _findings(last: RunRecord) -> dict[tuple[str, str], tuple[str, str]]:
    told = last.summary.get("findings")
    return {
        (str(each.get("menu")), str(each.get("name"))): (str(each.get("kind")), str(each.get("text")))
        for each in (told if isinstance(told, list) else ()) if isinstance(each, dict)
    }  # fmt: skip
