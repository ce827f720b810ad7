"""Changes to several subscribers in one transaction, and how changes are taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mktui.billing import ledger
from mktui.billing.model import Profile, SubscriberStatus
from mktui.billing.outcomes import Changed
from mktui.billing.sources.preview import ImportPreview, change_of
from mktui.billing.sources.rows import SourceRows
from mktui.errors import NotAccepted

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable

    import sqlalchemy as sa

    from mktui.billing.sources.preview import RowChange

__all__ = ["Changed", "extend_all", "set_status_of_all", "taken_back"]

_NOTHING: Final = SourceRows(complete=False, covers=frozenset())


def set_status_of_all(
    connection: sa.Connection, ids: Iterable[str], status: SubscriberStatus, *, now: dt.datetime
) -> Changed:
    """Give subscribers a status."""
    return _each(connection, ids, lambda one: ledger.set_status_of(connection, one, status, now=now))


def extend_all(connection: sa.Connection, ids: Iterable[str], days: int, *, now: dt.datetime) -> Changed:
    """Let subscribers be paid for longer; who has no end is refused."""
    return _each(connection, ids, lambda one: ledger.extend(connection, one, timedelta(days=days), now=now))


def _each(connection: sa.Connection, ids: Iterable[str], change: Callable[[str], object]) -> Changed:
    changes, refused = [], {}
    for external_id in ids:
        before = ledger.find_subscriber(connection, external_id)
        try:
            change(external_id)
        except NotAccepted as error:
            refused[before.username if before else external_id] = error.problem
            continue
        after = ledger.find_subscriber(connection, external_id)
        if before is not None and after is not None and after != before:
            changes.append(change_of(before, after, after.username))
    return Changed(tuple(changes), refused)


def taken_back(changes: Iterable[RowChange]) -> ImportPreview:
    """Return what puts rows back as they were. Who was added becomes deleted; a profile that was added stays."""
    back = []
    for change in changes:
        if change.before is not None:
            back.append(change_of(change.after, change.before, change.where))
        elif not isinstance(change.after, Profile):
            gone = change.after.model_copy(update={"status": SubscriberStatus.DELETED})
            back.append(change_of(change.after, gone, change.where))
    return ImportPreview(_NOTHING, changed=tuple(change for change in back if change.fields))
