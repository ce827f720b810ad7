"""Billing on a screen that is attached: the pages that have come, and deeds that are done where billing is.

No password ever comes here. What is typed here goes over the connection, and is kept nowhere.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import anyio

from mktui import clock
from mktui.billing.outcomes import Changed, ImportOutcome
from mktui.billing.sources.preview import ImportPreview, change_of
from mktui.billing.sources.zones import zone
from mktui.errors import BillingError, MktuiError, NotAccepted
from mktui.services.control.book_feed import BookPicture
from mktui.services.control.files import AttachedFile
from mktui.services.control.forms import heard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from anyio.abc import TaskGroup

    from mktui.billing.model import Subscriber, SubscriberStatus
    from mktui.billing.sources.rows import What
    from mktui.services.billing import Reading
    from mktui.services.books import Books
    from mktui.services.control.asks import Asks

EVERY: Final = 2.0
"""Seconds between two questions whether billing has changed."""
_KEPT: Final = 8
"""Previews that can still be written."""


class AttachedBilling:
    """The same face as a desk of one's own. ``books`` is what has come whole, ``problem`` why there is no newer."""

    can_edit = True

    def __init__(self, fleet: Asks, tasks: TaskGroup) -> None:
        self.problem = ""
        self.last_done = ""
        self.local: dt.tzinfo = dt.UTC
        self._fleet = fleet
        self._tasks = tasks
        self._picture = BookPicture()
        self._turn = anyio.Lock()
        self._due_at = 0.0
        self._is_fetching = False
        self._shown: list[tuple[ImportPreview, int]] = []
        self._file = AttachedFile(fleet, tasks, self._written)

    @property
    def books(self) -> Books | None:
        """The last picture that has come whole."""
        return self._picture.books

    @property
    def reading(self) -> Reading | None:
        """The file that is being read into billing."""
        return self._file.reading

    @property
    def so_far(self) -> str:
        """How much of the first picture has come."""
        loading = self._picture.loading
        return f"{loading.come:,} of {loading.total:,} rows" if loading is not None else ""

    # --- looking

    def watch(self) -> None:
        """Ask soon what has changed; may be called as often as one likes. Never blocks."""
        if not self._is_fetching and clock.now() >= self._due_at:
            self._is_fetching = True
            self._tasks.start_soon(self._watch, name="attached billing")

    async def _watch(self) -> None:
        try:
            await self._look()
        finally:
            self._due_at, self._is_fetching = clock.now() + EVERY, False

    async def refresh(self) -> None:
        """Have billing read now, and fetch it."""
        try:
            await self._fleet.ask("read billing")
        except MktuiError as error:
            self.problem = " ".join(str(error).split())
        else:
            await self._look()

    async def _look(self) -> None:
        """Fetch what has changed; what keeps it from coming is told by ``problem``."""
        try:
            async with self._turn:
                while True:
                    told = await self._fleet.ask("books", known=self._picture.number)
                    self.local, self.last_done = _zone(str(told["local"])), str(told["last_done"])
                    self.problem = str(told["problem"])
                    page = told["page"]
                    if page is None or not await anyio.to_thread.run_sync(self._picture.take, page):
                        return
        except MktuiError as error:
            self.problem = " ".join(str(error).split())

    # --- changing

    async def preview(self, what: What, cells: Mapping[str, str]) -> ImportPreview:
        """Say what writing one row would do."""
        told = await self._do("preview", what=what, cells=dict(cells))
        shown: ImportPreview = heard(told["shown"])
        self._shown = [*self._shown[-_KEPT + 1 :], (shown, int(told["number"]))]
        return shown

    async def write(self, shown: ImportPreview) -> ImportOutcome:
        """Write what was shown; it is kept at the other side, with what was typed."""
        number = next((number for known, number in self._shown if known is shown), None)
        if number is None:
            raise NotAccepted("what was shown is not known any more", remedy="look at the change again")
        outcome: ImportOutcome = heard(await self._do("write", preview=number))
        await self._look()
        return outcome

    async def set_status(self, subscribers: Sequence[Subscriber], status: SubscriberStatus) -> Changed:
        """Suspend, enable or delete subscribers, all in one."""
        return await self._change("set status", subscribers, status=status.value)

    async def extend(self, subscribers: Sequence[Subscriber], days: int) -> Changed:
        """Let subscribers be paid for longer, all in one."""
        return await self._change("extend all", subscribers, days=days)

    async def undo(self) -> str:
        """Take back what was done last from this screen."""
        told = str(await self._do("undo"))
        await self._look()
        return told

    async def _change(self, do: str, subscribers: Sequence[Subscriber], **facts: Any) -> Changed:  # Any: JSON
        done = await self._do(do, ids=[each.external_id for each in subscribers], **facts)
        await self._look()
        rows = self.books.by_key if self.books is not None else {}
        ids = set(done["ids"])
        old = (each for each in subscribers if each.external_id in ids)
        changes = ((each, rows.get(("subscriber", each.external_id), each)) for each in old)
        return Changed(tuple(change_of(each, new, each.username) for each, new in changes), dict(done["refused"]))

    async def _do(self, do: str, **facts: Any) -> Any:  # Any: JSON
        told = await self._fleet.ask(do, **facts)
        self.last_done = str(told["last_done"])
        return told["done"]

    # --- a file

    def read_file(self, file: Path, what: What, mapped: Mapping[str, str] | None = None) -> None:
        """Begin to read and send a file that is here; ``reading`` says what it would do, or asks for its columns."""
        self._file.read(file, what, mapped)

    def import_file(self) -> None:
        """Begin to write the file that was read; ``reading`` says how far it is."""
        self._file.write()

    async def _written(self, last_done: str) -> None:
        self.last_done = last_done
        await self._look()


def _zone(name: str) -> dt.tzinfo:
    try:
        return zone(name)
    except BillingError:
        return dt.UTC
