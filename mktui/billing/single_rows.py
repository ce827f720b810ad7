"""What a router's books say of single rows: which were changed, which failed, what the last sync found about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mktui.billing import journal, ledger, origins, tables
from mktui.billing.pending import pending
from mktui.billing.records import RowState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from mktui.billing.model import Profile, Subscriber
    from mktui.billing.records import RunRecord

_EVERY = 15.0
"""Seconds between two readings while a run goes on."""
_FAILED = (RowState.FAILED.value, RowState.SKIPPED.value, RowState.UNKNOWN.value)


@dataclass(frozen=True, slots=True)
class RowsOfRouter:
    """One router. Rows are known by menu and external id; findings by menu and name, as they are told.

    ``synced_at`` None: no sync of it has ever ended.
    """

    router: str
    synced_at: datetime | None
    edited: frozenset[tuple[str, str]] = frozenset()
    """What and external id of what billing has changed, and it does not have."""
    unwritten: frozenset[tuple[str, str]] = frozenset()
    """Rows that its last run has not written, or not yet."""
    owned: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    failed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Rows that the last run could not write -> the router's words."""
    findings: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """What the last run that has ended found and did not write -> its kind (drift, conflict, held) and its reason."""


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
    last, ended = journal.last_run(connection, router), journal.last_run(connection, router, has_ended=True)
    waiting, ours = pending(connection, router, last), tables.registry
    owned = connection.execute(sa.select(ours.c.menu, ours.c.external_id).where(ours.c.router == router))
    return RowsOfRouter(
        router, ended.finished_at if ended else None, waiting.edited, waiting.unwritten,
        frozenset((str(menu), str(external_id)) for menu, external_id in owned),
        _failed(connection, last.id) if last else {}, _findings(connection, ended, last),
    )  # fmt: skip


def mark(connection: sa.Connection, *, now: datetime) -> tuple[object, ...]:
    """Return what changes with every edit, every run that begins, ends or is killed, and at times while one goes on.

    Not with every row of a run: reading all of billing holds the run up.
    """
    run, held = tables.runs.c, tables.leases.c
    runs = connection.execute(sa.select(sa.func.max(run.id), sa.func.max(run.finished_at))).one()
    holders = sa.select(held.router).where(held.owner != "", held.expires_at > now)
    going = sa.select(run.id).where(run.finished_at.is_(None), run.router.in_(holders)).limit(1)
    is_going = connection.execute(going).first() is not None
    return (*ledger.edits_mark(connection), *runs, now.timestamp() // _EVERY if is_going else None)


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


def _findings(
    connection: sa.Connection, ended: RunRecord | None, last: RunRecord | None
) -> dict[tuple[str, str], tuple[str, str]]:
    """Return what the last run that has ended found, without what a later one, that has not, has written since."""
    told = ended.summary.get("findings") if ended is not None else None
    found = {
        (str(each.get("menu")), str(each.get("name"))): (str(each.get("kind")), str(each.get("text")))
        for each in (told if isinstance(told, list) else ()) if isinstance(each, dict)
    }  # fmt: skip
    if found and last is not None and last != ended:
        table = tables.journal
        query = sa.select(table.c.menu, table.c.name).where(table.c.run == last.id, table.c.state == RowState.APPLIED)
        for menu, name in connection.execute(query):
            found.pop((str(menu), str(name)), None)
    return found
