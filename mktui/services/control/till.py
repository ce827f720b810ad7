"""Where one attached screen looks at billing and changes it: his pages, what he was shown, what he can take back.

What is written is what was shown here: it never leaves, and no password with it. A deed that has begun is carried to
its end, though whoever asked has gone: the audit says then what became of it, and not that nobody knows.
"""

from __future__ import annotations

import base64
import binascii
from collections import OrderedDict
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio

from mktui.errors import ControlRefused, NotAccepted
from mktui.services.control import billing_messages as asked
from mktui.services.control.book_feed import PAGE, BookFeed
from mktui.services.control.forms import FORMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mktui.billing.model import Subscriber
    from mktui.billing.outcomes import Changed
    from mktui.billing.sources.preview import ImportPreview, RowChange
    from mktui.billing.sources.rows import RowError
    from mktui.services.billing import BillingDesk
    from mktui.services.control.wire import Document
    from mktui.services.fleet import Fleet

    _Deed = asked.PreviewRow | asked.WriteShown | asked.SetStatus | asked.ExtendAll | asked.Undo
    _OfFile = asked.Upload | asked.ReadFile | asked.ReadingOf | asked.LinesOf | asked.ImportFile

MOST_BYTES: Final = 64_000_000
"""Of a file that is sent."""
KEPT: Final = 8
"""Screens whose side is kept when their connection is lost, and previews of one that can still be written."""


class Till:
    """One screen's side of billing."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._feed = BookFeed()
        self._turn = anyio.Lock()
        self._shown: OrderedDict[int, ImportPreview] = OrderedDict()
        self._number = 0
        self._file = bytearray()

    @cached_property
    def desk(self) -> BillingDesk:
        """Where he changes billing."""
        return self._fleet.billing_desk()

    def leave(self) -> None:
        """Let go of what he was told; what he has done can still be taken back when he is there again."""
        self._feed, self._file = BookFeed(), bytearray()
        self._shown.clear()

    async def done(self, request: asked.OfBilling) -> Any:  # Any: JSON
        """Do what is asked, and return the answer.

        Raises:
            MktuiError: It cannot be done.
        """
        match request:
            case asked.BooksPage():
                return await self._page(request.known)
            case asked.ReadBilling():
                return await self._fleet.billing.refresh()
            case asked.Upload() | asked.ReadFile() | asked.ReadingOf() | asked.LinesOf() | asked.ImportFile():
                return self._of_file(request)
            case _:
                with anyio.CancelScope(shield=True):
                    done = await self._deed(request)
                return {"done": done, "last_done": self.desk.last_done}

    async def _page(self, known: int) -> Document:
        reader = self._fleet.billing.reader
        async with self._turn:
            if reader.books is None:
                await reader.refresh()
            reader.watch()
            page = None
            if reader.books is not None:
                page = await anyio.to_thread.run_sync(self._feed.page, reader.books, known)
        desk = self.desk
        return {"page": page, "problem": reader.problem, "local": str(desk.local), "last_done": desk.last_done}

    # --- changing

    async def _deed(self, request: _Deed) -> Any:  # Any: JSON
        match request:
            case asked.PreviewRow():
                return self._numbered(await self.desk.preview(request.what, request.cells))
            case asked.WriteShown():
                return FORMS.plain(await self.desk.write(self._seen(request.preview)))
            case asked.SetStatus():
                return _told(await self.desk.set_status(await self._chosen(request.ids), request.status))
            case asked.ExtendAll():
                return _told(await self.desk.extend(await self._chosen(request.ids), request.days))
            case asked.Undo():
                return await self.desk.undo()

    def _numbered(self, shown: ImportPreview) -> Document:
        self._number += 1
        self._shown[self._number] = shown
        while len(self._shown) > KEPT:
            self._shown.popitem(last=False)
        return {"number": self._number, "shown": FORMS.plain(replace(shown, missing=()))}

    def _seen(self, number: int) -> ImportPreview:
        try:
            return self._shown[number]
        except KeyError:
            raise NotAccepted("what was shown is not known here any more", remedy="look at the change again") from None

    async def _chosen(self, ids: Sequence[str]) -> list[Subscriber]:
        """Return who is meant; nobody is changed when one of them is not there."""
        books = self._fleet.billing.books
        if books is None or any(("subscriber", each) not in books.by_key for each in ids):
            await self._fleet.billing.refresh()
            books = self._fleet.billing.books
        people = {each.external_id: each for each in books.subscribers} if books is not None else {}
        gone = [each for each in ids if each not in people]
        if gone:
            raise NotAccepted(f"{len(gone)} of {len(ids)} are not in billing any more: nobody was changed")
        return [people[each] for each in dict.fromkeys(ids)]

    # --- a file

    def _of_file(self, request: _OfFile) -> Any:  # Any: JSON
        match request:
            case asked.Upload():
                return self._upload(request)
            case asked.ReadFile():
                return self._read(request)
            case asked.ReadingOf():
                return self._reading()
            case asked.LinesOf():
                return self._lines(request)
            case asked.ImportFile():
                reading = self.desk.reading
                if reading is None or reading.shown is None:
                    raise NotAccepted("there is no file to write: read one first")
                return self.desk.import_file()

    def _upload(self, request: asked.Upload) -> None:
        if not request.at:
            self._file.clear()
        try:
            piece = base64.b64decode(request.piece, validate=True)
        except (binascii.Error, ValueError):
            raise ControlRefused("ProtocolError", "piece: it is no base64") from None
        if request.at != len(self._file):
            raise NotAccepted("a piece of the file is missing", remedy="send it again")
        if len(self._file) + len(piece) > MOST_BYTES:
            self._file.clear()
            raise NotAccepted(f"the file has more than {MOST_BYTES // 1_000_000} MB", remedy="read it in parts")
        self._file += piece

    def _read(self, request: asked.ReadFile) -> None:
        if self.desk.reading is not None and self.desk.reading.is_writing:
            raise NotAccepted(f"{self.desk.reading.file.name} is being written: another one may be read then")
        if request.size != len(self._file):
            raise NotAccepted("the file did not come whole", remedy="send it again")
        content, self._file = bytes(self._file), bytearray()
        self.desk.read_content(Path(Path(request.name).name or "file"), content, request.what, request.mapped)

    def _reading(self) -> Document | None:
        reading = self.desk.reading
        if reading is None:
            return None
        shown, outcome = reading.shown, reading.outcome
        if shown is not None:
            shown = replace(shown, added=(), changed=(), rejected=(), missing=(), seen=frozenset())
        if outcome is not None:
            outcome = replace(outcome, rejected=())
        told = FORMS.plain(replace(reading, shown=shown, outcome=outcome))
        return {"reading": told, "last_done": self.desk.last_done}

    def _lines(self, request: asked.LinesOf) -> Document:
        reading = self.desk.reading
        lines: tuple[RowError | RowChange, ...] = ()
        if reading is not None and request.of == "outcome":
            lines = reading.outcome.rejected if reading.outcome is not None else ()
        elif reading is not None and reading.shown is not None:
            lines = (*reading.shown.rejected, *reading.shown.changed, *reading.shown.added)
        end = request.at + PAGE
        return {"lines": FORMS.plain(lines[request.at : end]), "left": max(0, len(lines) - end)}


class Tills:
    """The tills of one fleet, each found again by the word that its screen goes by."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._kept: OrderedDict[str, Till] = OrderedDict()

    def of(self, screen: str) -> Till:
        """Return a screen's; one without a word has a new one each time."""
        if not screen:
            return Till(self._fleet)
        till = self._kept.setdefault(screen, Till(self._fleet))
        self._kept.move_to_end(screen)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return till


def _told(changed: Changed) -> Document:
    """Say who was changed; what has changed in them comes with the next page."""
    return {"ids": [each.external_id for each in changed.changes], "refused": dict(changed.refused)}
