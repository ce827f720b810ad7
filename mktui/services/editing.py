"""Changes to billing, as the command line and the screen make them: looked at first, then written whole.

This loads the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.billing import ledger
from mktui.billing.accepted import read_accepted
from mktui.billing.model import Profile, SubscriberStatus
from mktui.billing.sources.csv_file import read_csv
from mktui.billing.sources.duplicates import gather
from mktui.billing.sources.fields import read_row
from mktui.billing.sources.importing import preview_in, write
from mktui.billing.sources.preview import ImportPreview, change_of
from mktui.billing.sources.rows import SourceRows
from mktui.errors import NotAccepted, SourceUnreadable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import sqlalchemy as sa

    from mktui.billing.sources.importing import ImportOutcome
    from mktui.billing.sources.preview import RowChange
    from mktui.billing.sources.rows import What
    from mktui.billing.store import Store

_NOTHING: Final = SourceRows(complete=False, covers=frozenset())


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of several rows. ``refused``: name or id -> why."""

    changes: tuple[RowChange, ...]
    refused: Mapping[str, str]


async def preview_row(store: Store, what: What, cells: Mapping[str, str], local: dt.tzinfo) -> ImportPreview:
    """Say what writing one row, given as a CSV's cells, would do.

    Raises:
        DatabaseUnavailable: The database does not answer.
    """
    name = cells.get("name") or cells.get("username") or ""
    rows = gather([read_row(what, dict(cells), where=name, local=local)], covers=(what,))
    return await store.run(preview_in, rows)


async def preview_csv(
    store: Store, content: bytes, what: What, *, local: dt.tzinfo, source: str,
    mapped: Mapping[str, str] | None = None, claims: bool = False,
) -> ImportPreview:  # fmt: skip
    """Say what reading a CSV file into billing would do.

    Raises:
        SourceUnreadable: Nothing of the file can be used.
        DatabaseUnavailable: The database does not answer.
    """
    accepted = await store.run(read_accepted, source)
    read = partial(read_csv, content, what, local=local, mapped=mapped or {}, claims=claims, accepted=accepted)
    return await store.run(preview_in, await anyio.to_thread.run_sync(read), source)


async def write_shown(
    store: Store, shown: ImportPreview, *, source: str = "", on_row: Callable[[], None] = lambda: None
) -> ImportOutcome:
    """Write what was shown; a row that was changed by somebody meanwhile is refused, and the others go in.

    Raises:
        DatabaseUnavailable: The database does not answer: nothing was written.
    """
    return await store.run(write, shown, now=clock.utc_now(), source=source, on_row=on_row)


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


def content_of(file: Path) -> bytes:
    """Return a file's bytes. Blocks.

    Raises:
        SourceUnreadable: It cannot be read.
    """
    try:
        return file.expanduser().read_bytes()
    except (OSError, ValueError, RuntimeError) as error:
        told = error.strerror if isinstance(error, OSError) and error.strerror else "there is no such path"
        raise SourceUnreadable(told[:1].lower() + told[1:], source=str(file)) from None
