"""Writing a source into billing: one transaction, a savepoint for each row.

A row that the database refuses becomes a row error and the others go in; a row that was changed by somebody between
preview and write is refused.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy import exc

from mktui.billing import ledger, origins
from mktui.billing.accepted import read_accepted, write_accepted
from mktui.billing.database import translated
from mktui.billing.model import Profile, Subscriber
from mktui.billing.outcomes import ImportOutcome
from mktui.billing.sources.preview import ImportPreview, RowChange, preview
from mktui.billing.sources.rows import RowError, SourceRows
from mktui.errors import NotAccepted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    import sqlalchemy as sa

__all__ = ["ImportOutcome", "preview_in", "write"]

_PASSES: Final = 20
"""How often rows that were refused are tried again: one may have waited for a name that another gave up."""
_SMALLEST_RING: Final = 2
"""Rows that can wait for each other."""
_PARKED: Final = "name in change: "


def preview_in(connection: sa.Connection, rows: SourceRows, source: str = "") -> ImportPreview:
    """Say what writing a source into this database would do."""
    own = origins.of_source(connection, source)
    return preview(ledger.read_profiles(connection), ledger.read_subscribers(connection), rows, own=own)


def write(
    connection: sa.Connection, shown: ImportPreview, *, now: datetime, source: str = "",
    on_row: Callable[[], None] = lambda: None,
) -> ImportOutcome:  # fmt: skip
    """Write what was shown, in the transaction that is open; a row that the database refuses does not stop the others.

    ``source`` names where it came from: how many rows were accepted is kept under it when the source is said to be
    everything and nothing of it was rejected. ``on_row`` hears of each row that was written, in this thread.

    Raises:
        DatabaseUnavailable: The database does not answer.
    """
    fresh, errors = _fresh(connection, (*shown.added, *shown.changed))
    done: list[RowChange] = []
    waiting = fresh
    for _ in range(_PASSES):
        tried = [(change, _write_row(connection, change, now, on_row)) for change in waiting]
        done += [change for change, error in tried if error is None]
        refused = {change.where: error for change, error in tried if error is not None}
        waiting = [change for change in waiting if change.where in refused]
        if not waiting or len(waiting) == len(tried):
            break
    if waiting and _write_swap(connection, waiting, now):
        done, refused = [*done, *waiting], {}
    errors += refused.values() if waiting else ()
    added = sum(change.before is None for change in done)
    rejected = (*shown.rejected, *errors)
    lost = 0
    if source:
        is_complete = shown.rows.complete and not rejected
        lost = origins.note_read(connection, source, shown, is_complete=is_complete, now=now)
    outcome = ImportOutcome(added, len(done) - added, shown.unchanged, rejected, lost)
    if source and shown.rows.claims and not outcome.rejected:
        _accept(connection, source, shown.rows, now)
    return outcome


def _fresh(connection: sa.Connection, changes: Sequence[RowChange]) -> tuple[list[RowChange], list[RowError]]:
    """Return the changes whose rows are still as they were shown, and what is wrong with the others."""
    present: dict[tuple[str, str], Profile | Subscriber] = {}
    present |= {("profile", row.external_id): row for row in ledger.read_profiles(connection)}
    present |= {("subscriber", row.external_id): row for row in ledger.read_subscribers(connection)}
    fresh = [change for change in changes if present.get((change.what, change.external_id)) == change.before]
    stale = set(changes) - set(fresh)
    problem = "was changed by somebody else meanwhile"
    return fresh, [RowError(change.where, "", "", problem, "look again") for change in changes if change in stale]


def _write_row(
    connection: sa.Connection, change: RowChange, now: datetime, on_row: Callable[[], None]
) -> RowError | None:
    try:
        with _savepoint(connection):
            _save(connection, change.after, now)
    except NotAccepted as error:
        return RowError(change.where, "", "", error.problem, error.remedy)
    on_row()
    return None


def _write_swap(connection: sa.Connection, waiting: Sequence[RowChange], now: datetime) -> bool:
    """Write rows that wait for each other's names, through names that nobody has; all of them or none."""
    if len(waiting) < _SMALLEST_RING or any(change.before is None for change in waiting):
        return False
    try:
        with _savepoint(connection):
            for change in waiting:
                parked = {"name" if change.what == "profile" else "username": f"{_PARKED}{change.external_id}"[:128]}
                _save(connection, change.after.model_copy(update=parked), now)
            for change in waiting:
                _save(connection, change.after, now)
    except NotAccepted:
        return False
    return True


def _save(connection: sa.Connection, row: Profile | Subscriber, now: datetime) -> None:
    if isinstance(row, Profile):
        ledger.save_profile(connection, row, now=now)
    else:
        ledger.save_subscriber(connection, row, now=now)


@contextmanager
def _savepoint(connection: sa.Connection) -> Iterator[None]:
    with translated(""):
        try:
            with connection.begin_nested():
                yield
        except exc.DataError:
            raise NotAccepted("a value is too long or out of its bounds") from None


def _accept(connection: sa.Connection, source: str, rows: SourceRows, now: datetime) -> None:
    if rows.complete or read_accepted(connection, source) is None:
        write_accepted(connection, source, rows.count, now=now)
