"""Billing for a screen: read in the background, changed only after it was shown, and what was done last taken back.

The database is loaded when billing is first looked at, by a thread.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.billing.options import BillingOptions
from mktui.billing.sources.zones import zone
from mktui.errors import BillingError, NotAccepted, WrongUse
from mktui.services import deeds
from mktui.services.book_reader import BookReader, Edited
from mktui.services.columns import remember

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from anyio.abc import TaskGroup

    from mktui.billing.model import Subscriber, SubscriberStatus
    from mktui.billing.several import Changed
    from mktui.billing.sources.importing import ImportOutcome
    from mktui.billing.sources.layout import Layout
    from mktui.billing.sources.preview import ImportPreview, RowChange
    from mktui.billing.sources.rows import What
    from mktui.billing.store import Store
    from mktui.services.books import Books
    from mktui.services.chronicle import Chronicle

KEPT: Final = 20
"""How many changes can be taken back."""
FILE_SOURCE: Final = "csv"
"""What a file that is imported by hand is called, as ``mktui billing import`` calls it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that is being read into billing, as far as it is. ``shown``: what it would do; ``outcome``: has done.

    ``mapped``: their column -> our field, as it is read, or as it is offered as long as nothing is shown.
    """

    file: Path
    what: What
    shown: ImportPreview | None = field(default=None, repr=False)
    problem: str = ""
    is_writing: bool = False
    written: int = 0
    outcome: ImportOutcome | None = None
    begun_at: dt.datetime | None = None
    is_unsure: bool = False
    """It was being written somewhere else, and nobody can say what became of it."""
    layout: Layout | None = None
    mapped: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_asking(self) -> bool:
        """Somebody has to say which column is which before it can be read."""
        return self.layout is not None and self.shown is None and not self.problem

    @property
    def total(self) -> int:
        """How many rows it would write."""
        return len(self.shown.added) + len(self.shown.changed) if self.shown is not None else 0


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, and can be taken back."""

    words: str
    changes: tuple[RowChange, ...] = field(repr=False)


class BillingDesk:
    """One fleet's billing, for one who changes it. ``reader``: who reads it for others too."""

    can_edit = True
    """Something can be changed here at all."""
    so_far = ""

    def __init__(
        self, fleet: Edited, tasks: TaskGroup, chronicle: Chronicle, options: BillingOptions | None,
        reader: BookReader | None = None,
    ) -> None:  # fmt: skip
        self.reader = reader or BookReader(fleet, tasks)
        self.reading: Reading | None = None
        self._fleet = fleet
        self._tasks = tasks
        self._chronicle = chronicle
        self._options = options or BillingOptions()
        self._done: list[Done] = []

    @property
    def local(self) -> dt.tzinfo:
        """The zone that times are shown in: UTC where billing's own is not known, and then no date is read."""
        try:
            return zone(self._options.timezone)
        except BillingError:
            return dt.UTC

    @property
    def last_done(self) -> str:
        """What ``undo`` would take back; "" when there is nothing."""
        return self._done[-1].words if self._done else ""

    # --- looking

    @property
    def books(self) -> Books | None:
        """The last picture of billing; None: there is none yet."""
        return self.reader.books

    @property
    def problem(self) -> str:
        """Why there is no newer one; "": there is."""
        return self.reader.problem

    def watch(self) -> None:
        """Read billing soon when it has changed; may be called as often as one likes. Never blocks."""
        self.reader.watch()

    async def refresh(self) -> None:
        """Read billing now, whether or not it has changed."""
        await self.reader.refresh()

    # --- changing

    async def preview(self, what: What, cells: Mapping[str, str]) -> ImportPreview:
        """Say what writing one row would do. ``cells`` are texts by field, as in a CSV.

        Raises:
            BillingError: The database does not answer.
        """
        from mktui.services.editing import preview_row  # noqa: PLC0415 - loads the database

        return await preview_row(await self._store(), what, cells, zone(self._options.timezone))

    async def write(self, shown: ImportPreview) -> ImportOutcome:
        """Write what was shown, and keep what it was before.

        Raises:
            NotAccepted: Nothing of it could be written: somebody has changed it meanwhile, or a rule forbids it.
            BillingError: The database does not answer.
        """
        changes = (*shown.added, *shown.changed)
        words = deeds.of_rows(changes)
        with self._chronicle.audited(words, ""):
            outcome = await self._write(shown)
            if outcome.rejected and not outcome.added + outcome.changed:
                raise NotAccepted(outcome.rejected[0].problem, remedy=outcome.rejected[0].remedy)
        self._keep(words, outcome, changes)
        return outcome

    async def set_status(self, subscribers: Sequence[Subscriber], status: SubscriberStatus) -> Changed:
        """Suspend, enable or delete subscribers, all in one.

        Raises:
            BillingError: The database does not answer; nobody was changed.
        """
        from mktui.billing.several import set_status_of_all  # noqa: PLC0415 - loads the database

        ids = [each.external_id for each in subscribers]
        words = deeds.of_status(status, named(subscribers))
        with self._chronicle.audited(words, ""):
            changed = await (await self._store()).run(set_status_of_all, ids, status, now=clock.utc_now())
        return await self._changed(words, changed)

    async def extend(self, subscribers: Sequence[Subscriber], days: int) -> Changed:
        """Let subscribers be paid for longer, all in one.

        Raises:
            BillingError: The database does not answer; nobody was changed.
        """
        from mktui.billing.several import extend_all  # noqa: PLC0415 - loads the database

        ids = [each.external_id for each in subscribers]
        words = f"extend {named(subscribers)} by {days} day{'' if days == 1 else 's'}"
        with self._chronicle.audited(words, ""):
            changed = await (await self._store()).run(extend_all, ids, days, now=clock.utc_now())
        return await self._changed(words, changed)

    async def undo(self) -> str:
        """Take back what was done last, and return in words what became of it.

        Raises:
            WrongUse: There is nothing to take back.
            BillingError: The database does not answer.
        """
        from mktui.billing.several import taken_back  # noqa: PLC0415 - loads the database

        if not self._done:
            raise WrongUse("nothing was changed here that could be taken back")
        last = self._done[-1]
        back = taken_back(last.changes)
        with self._chronicle.audited(f"take back: {last.words}", ""):
            outcome = await self._write(back)
        self._done.remove(last)
        left = len(last.changes) - outcome.changed
        told = f"; {left} not: {outcome.rejected[0].problem}" if outcome.rejected else ""
        stays = f"; {left} added stay as they are" if left and not told else ""
        return f"{outcome.changed} of {len(last.changes)} put back{told}{stays}"

    # --- a file

    def read_file(self, file: Path, what: What, mapped: Mapping[str, str] | None = None) -> None:
        """Begin to read a file; ``reading`` says what it would do.

        ``mapped``: their column -> our field; None: as for the last file with this first line. When that will not do
        it is asked: ``reading`` offers a guess, and nothing is read.
        """
        self.reading = Reading(file, what)
        self._tasks.start_soon(self._read_file, self.reading, mapped, None, name=f"read {file.name}")

    def read_content(self, file: Path, content: bytes, what: What, mapped: Mapping[str, str] | None = None) -> None:
        """Begin to read what a file holds that is somewhere else."""
        self.reading = Reading(file, what)
        self._tasks.start_soon(self._read_file, self.reading, mapped, content, name=f"read {file.name}")

    def import_file(self) -> None:
        """Begin to write the file that was read; ``reading`` says how far it is."""
        reading = self.reading
        if reading is not None and reading.shown is not None and not reading.is_writing and reading.outcome is None:
            self.reading = replace(reading, is_writing=True, problem="", begun_at=clock.utc_now())
            self._tasks.start_soon(self._import, self.reading, name=f"import {reading.file.name}")

    async def _read_file(self, reading: Reading, mapped: Mapping[str, str] | None, sent: bytes | None) -> None:
        read = reading
        try:
            store = await self._store()
            from mktui.services.editing import content_of, preview_csv, see_columns  # noqa: PLC0415 - as the database

            content = await anyio.to_thread.run_sync(content_of, reading.file) if sent is None else sent
            seen = await anyio.to_thread.run_sync(see_columns, content, reading.what, mapped)
            read = replace(reading, layout=seen.layout, mapped=seen.mapped)
            if not seen.is_asking:
                shown = await preview_csv(
                    store, content, reading.what, local=zone(self._options.timezone),
                    source=f"{FILE_SOURCE}:{reading.what}", mapped=seen.mapped,
                )  # fmt: skip
                read = replace(read, shown=shown)
        except BillingError as error:
            read = replace(read, problem=" ".join(str(error).split()))
        if self.reading is reading:
            self.reading = read

    async def _import(self, reading: Reading) -> None:
        shown = reading.shown
        assert shown is not None
        written = 0

        def count() -> None:  # in a thread: only a number and a frozen record change hands
            nonlocal written
            written += 1
            if written % 50 == 0:
                self.reading = replace(reading, written=written)

        words = deeds.of_file(reading.file.name, shown)
        try:
            with self._chronicle.audited(words, ""):
                outcome = await self._write(shown, source=f"{FILE_SOURCE}:{reading.what}", on_row=count)
        except BillingError as error:
            self.reading = replace(reading, is_writing=False, problem=" ".join(str(error).split()))
            return
        if reading.layout is not None and reading.mapped:
            await anyio.to_thread.run_sync(remember, reading.what, reading.layout.header, reading.mapped)
        self._keep(words, outcome, (*shown.added, *shown.changed))
        self.reading = replace(reading, is_writing=False, written=outcome.added + outcome.changed, outcome=outcome)

    # --- inside

    async def _store(self) -> Store:
        return (await self._fleet.office.get()).store

    async def _write(
        self, shown: ImportPreview, *, source: str = "", on_row: Callable[[], None] = lambda: None
    ) -> ImportOutcome:
        from mktui.services.editing import write_shown  # noqa: PLC0415 - loads the database

        outcome = await write_shown(await self._store(), shown, source=source, on_row=on_row)
        await self.refresh()
        return outcome

    async def _changed(self, words: str, changed: Changed) -> Changed:
        if changed.changes:
            self._done = [*self._done[-KEPT + 1 :], Done(words, changed.changes)]
        await self.refresh()
        return changed

    def _keep(self, words: str, outcome: ImportOutcome, changes: Sequence[RowChange]) -> None:
        refused = {error.where for error in outcome.rejected}
        kept = tuple(change for change in changes if change.where not in refused)
        if kept:
            self._done = [*self._done[-KEPT + 1 :], Done(words, kept)]


def named(subscribers: Sequence[Subscriber]) -> str:
    """Name a few, or count them."""
    if len(subscribers) > 3:
        return f"{len(subscribers):,} subscribers"
    return ", ".join(each.username for each in subscribers)
