"""Changes to billing, as the command line and the screen make them: looked at first, then written whole.

This loads the database.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import anyio

from mktui import clock
from mktui.billing.accepted import read_accepted
from mktui.billing.sources.csv_file import layout_of, read_csv
from mktui.billing.sources.duplicates import gather
from mktui.billing.sources.fields import read_row
from mktui.billing.sources.importing import preview_in, write
from mktui.billing.sources.layout import offer, why_not
from mktui.billing.sources.text_file import content_of
from mktui.services.columns import remembered

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from mktui.billing.sources.importing import ImportOutcome
    from mktui.billing.sources.layout import Layout
    from mktui.billing.sources.preview import ImportPreview
    from mktui.billing.sources.rows import What
    from mktui.billing.store import Store

__all__ = ["content_of", "preview_csv", "preview_row", "write_shown"]


async def preview_row(store: Store, what: What, cells: Mapping[str, str], local: dt.tzinfo) -> ImportPreview:
    """Say what writing one row, given as a CSV's cells, would do.

    Raises:
        DatabaseUnavailable: The database does not answer.
    """
    name = cells.get("name") or cells.get("username") or ""
    rows = gather([read_row(what, dict(cells), where=name, local=local)], covers=(what,))
    return await store.run(preview_in, rows)


class SeenColumns(NamedTuple):
    """How a file is laid out, and which field each column is taken for. ``is_asking``: a person has to say first."""

    layout: Layout
    mapped: Mapping[str, str]
    is_asking: bool


def see_columns(content: bytes, what: What, mapped: Mapping[str, str] | None = None) -> SeenColumns:
    """Say which field each column of a file is: as ``mapped`` says, or as was said of the last file with this header.

    Where that will not do, what is known is filled up by a guess, to be asked about. Blocks.

    Raises:
        SourceUnreadable: Nothing of the file can be used.
    """
    layout = layout_of(content, what)
    taken = remembered(what, layout.header) if mapped is None else mapped
    if why_not(layout, what, taken):
        return SeenColumns(layout, {**taken, **offer(layout, what, taken)}, is_asking=True)
    return SeenColumns(layout, taken, is_asking=False)


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
