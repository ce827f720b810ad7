"""Writing a source into billing: one transaction, a savepoint for each row.

A row that the database refuses becomes a row error and the others go in; a row that was changed by somebody between
preview and write is refused.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import exc

from mktui.billing import ledger
from mktui.billing.accepted import read_accepted, write_accepted
from mktui.billing.database import translated
from mktui.billing.model import Profile, Subscriber
from mktui.billing.sources.preview import ImportPreview, RowChange, preview
from mktui.billing.sources.rows import RowError, SourceRows
from mktui.errors import NotAccepted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import sqlalchemy as sa

_PASSES: Final = 3
"""How often rows that were refused are tried again: one may have waited for a name that another gave up."""


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What writing a source did."""

    added: int
    changed: int
    unchanged: int
    rejected: tuple[RowError, ...]


def preview_in(connection: sa.Connection, rows: SourceRows) -> ImportPreview:
    """Say what writing a source into this database would do."""
    return preview(ledger.read_profiles(connection), ledger.read_subscribers(connection), rows)


def write(connection: sa.Connection, shown: ImportPreview, *, now: datetime, source: str = "") -> ImportOutcome:
    """Write what was shown, in the transaction that is open; a row that the database refuses does not stop the others.

    ``source`` names where it came from: how many rows were accepted is kept under it when the source is said to be
    everything and nothing of it was rejected.

    Raises:
        DatabaseUnavailable: The database does not answer.
    """
    waiting = [*shown.added, *shown.changed]
    done: list[RowChange] = []
    errors: dict[str, RowError] = {}
    for _ in range(_PASSES):
        before = len(done)
        for change in waiting:
            errors.pop(change.where, None)
            error = _write_row(connection, change, now)
            if error is None:
                done.append(change)
            else:
                errors[change.where] = error
        waiting = [change for change in waiting if change.where in errors]
        if not waiting or len(done) == before:
            break
    added = sum(change.before is None for change in done)
    outcome = ImportOutcome(added, len(done) - added, shown.unchanged, (*shown.rejected, *errors.values()))
    if source and shown.rows.claims and not outcome.rejected:
        _accept(connection, source, shown.rows, now)
    return outcome


def _write_row(connection: sa.Connection, change: RowChange, now: datetime) -> RowError | None:
    try:
        with _savepoint(connection):
            _refuse_stale(connection, change)
            if isinstance(change.after, Profile):
                ledger.save_profile(connection, change.after, now=now)
            else:
                ledger.save_subscriber(connection, change.after, now=now)
    except NotAccepted as error:
        return RowError(change.where, "", "", error.problem, error.remedy)
    return None


@contextmanager
def _savepoint(connection: sa.Connection) -> Iterator[None]:
    with translated(""):
        try:
            with connection.begin_nested():
                yield
        except exc.DataError:
            raise NotAccepted("a value is too long or out of its bounds") from None


def _refuse_stale(connection: sa.Connection, change: RowChange) -> None:
    if _now_in(connection, change) != change.before:
        raise NotAccepted("was changed by somebody else meanwhile", remedy="look again")


def _now_in(connection: sa.Connection, change: RowChange) -> Profile | Subscriber | None:
    """Return the row as the database has it now; a subscriber's profile may just have got its new name."""
    if change.what == "profile":
        return next((row for row in ledger.read_profiles(connection) if row.external_id == change.external_id), None)
    found = ledger.find_subscriber(connection, change.external_id)
    if found and isinstance(change.before, Subscriber) and found.profile == getattr(change.after, "profile", ""):
        return found.model_copy(update={"profile": change.before.profile})
    return found


def _accept(connection: sa.Connection, source: str, rows: SourceRows, now: datetime) -> None:
    if rows.complete or read_accepted(connection, source) is None:
        write_accepted(connection, source, rows.count, now=now)
