"""What was planned, sent and done, row by row, before and after: a run can be resumed, counted and rolled back."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mktui.billing import tables
from mktui.billing.records import OPEN_STATES, JournalRow, RowState, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

_HARMFUL = (RowState.APPLIED, RowState.SENT, RowState.UNKNOWN)
"""States that count against a day's limits: done, or perhaps done."""


def begin_run(connection: sa.Connection, router: str, *, cause: str, owned: int, now: datetime) -> int:
    """Open a run and return its number."""
    values = {"router": router, "begun_at": now, "cause": cause, "owned": owned, "summary": {}}
    result = connection.execute(tables.runs.insert().values(**values))
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


def finish_run(connection: sa.Connection, run: int, summary: Mapping[str, object], *, now: datetime) -> None:
    """Close a run."""
    table = tables.runs
    connection.execute(table.update().where(table.c.id == run).values(finished_at=now, summary=dict(summary)))


def plan_rows(connection: sa.Connection, run: int, rows: Sequence[JournalRow], *, now: datetime) -> None:
    """Write down what is going to be done."""
    values = [
        {"run": run, "ordinal": row.ordinal, "menu": row.menu, "name": row.name, "server": row.server,
         "external_id": row.external_id, "action": row.action, "before": dict(row.before), "after": dict(row.after),
         "state": row.state.value, "error": row.error, "text": row.text, "took_ms": row.took_ms, "at": now}
        for row in rows
    ]  # fmt: skip
    if values:
        connection.execute(tables.journal.insert(), values)


def mark_sent(connection: sa.Connection, run: int, ordinals: Sequence[int], *, now: datetime) -> None:
    """Note that rows are about to leave: from now on nobody knows, until somebody does."""
    table = tables.journal
    connection.execute(
        table.update().where(table.c.run == run, table.c.ordinal.in_(ordinals)).values(state=RowState.SENT, at=now)
    )


def settle_rows(connection: sa.Connection, run: int, rows: Sequence[JournalRow], *, now: datetime) -> None:
    """Note how rows ended."""
    table = tables.journal
    update = (
        table.update().where(table.c.run == run, table.c.ordinal == sa.bindparam("at_ordinal"))
        .values({name: sa.bindparam(f"new_{name}") for name in ("state", "error", "text", "took_ms")} | {"at": now})
    )  # fmt: skip
    values = [
        {"at_ordinal": row.ordinal, "new_state": row.state.value, "new_error": row.error[:64],
         "new_text": _sayable(row.text), "new_took_ms": row.took_ms}
        for row in rows
    ]  # fmt: skip
    if values:
        connection.execute(update, values)


def _sayable(text: str) -> str:
    """Return a router's words as every database can keep them: bytes that are no letters become question marks."""
    return text.encode("utf-8", "replace").decode()[:1024].replace("\0", "?")


def open_rows(connection: sa.Connection, router: str) -> list[tuple[int, JournalRow]]:
    """Return the rows of a router of which nobody knows whether they were done, oldest first, with their runs."""
    table = tables.journal
    query = (
        sa.select(table).join(tables.runs, tables.runs.c.id == table.c.run)
        .where(tables.runs.c.router == router, table.c.state.in_([state.value for state in OPEN_STATES]))
        .order_by(table.c.run, table.c.ordinal)
    )  # fmt: skip
    return [(row["run"], _row(row)) for row in connection.execute(query).mappings()]


def rows_of(connection: sa.Connection, run: int) -> list[JournalRow]:
    """Return the rows of a run, in its order."""
    table = tables.journal
    query = sa.select(table).where(table.c.run == run).order_by(table.c.ordinal)
    return [_row(row) for row in connection.execute(query).mappings()]


def done_since(connection: sa.Connection, router: str, since: datetime) -> Counter[str]:
    """Count what was done, or perhaps done, to a router since then: action -> rows."""
    table = tables.journal
    query = (
        sa.select(table.c.action, sa.func.count()).join(tables.runs, tables.runs.c.id == table.c.run)
        .where(tables.runs.c.router == router, table.c.at > since,
               table.c.state.in_([state.value for state in _HARMFUL]))
        .group_by(table.c.action)
    )  # fmt: skip
    return Counter({str(action): int(count) for action, count in connection.execute(query)})


def most_owned_since(connection: sa.Connection, router: str, since: datetime) -> int:
    """Return the most rows that were ours when a run since then began: what a day's limits are measured by.

    Not the first run's: the day on which a router is filled would allow nothing, as none was ours in the morning.
    """
    table = tables.runs
    query = sa.select(sa.func.max(table.c.owned)).where(table.c.router == router, table.c.begun_at > since)
    return int(connection.execute(query).scalar() or 0)


def runs_of(connection: sa.Connection, router: str | None = None, *, limit: int = 50) -> list[RunRecord]:
    """Return the last runs, newest first."""
    table = tables.runs
    query = sa.select(table).order_by(table.c.id.desc()).limit(limit)
    if router is not None:
        query = query.where(table.c.router == router)
    return [RunRecord(**row) for row in connection.execute(query).mappings()]


def last_run(connection: sa.Connection, router: str, *, has_ended: bool = False) -> RunRecord | None:
    """Return a router's last run, or the last that has ended: one that goes on or was killed has not."""
    table = tables.runs
    query = sa.select(table).where(table.c.router == router).order_by(table.c.id.desc()).limit(1)
    if has_ended:
        query = query.where(table.c.finished_at.is_not(None))
    row = connection.execute(query).mappings().first()
    return None if row is None else RunRecord(**row)


def find_run(connection: sa.Connection, run: int) -> RunRecord | None:
    """Return one run."""
    row = connection.execute(sa.select(tables.runs).where(tables.runs.c.id == run)).mappings().first()
    return None if row is None else RunRecord(**row)


def _row(row: sa.RowMapping) -> JournalRow:
    values = {name: value for name, value in row.items() if name not in {"run", "at", "state"}}
    return JournalRow(**values, state=RowState(row["state"]))


def forget_before(connection: sa.Connection, routers: Iterable[str], before: datetime) -> None:
    """Let old runs go, with their rows; those whose rows are open stay."""
    table = tables.runs
    old = table.c.router.in_(list(routers)) & (table.c.begun_at < before)
    if connection.execute(sa.select(table.c.id).where(old).limit(1)).first() is None:
        return
    waiting = sa.select(tables.journal.c.run).where(tables.journal.c.state.in_([state.value for state in OPEN_STATES]))
    connection.execute(table.delete().where(old, table.c.id.not_in(waiting)))
