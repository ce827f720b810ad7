"""Billing as pages of what has changed since the last one: thirty thousand customers over a thin link. Pure.

A page holds rows whole, each with what is beside it: its source, whether that has it no more, and its troubles. The
picture at the other end is another one only when the last page of a change has come: half of it would be wrong.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mktui.billing.model import Profile, Subscriber
from mktui.errors import ControlError
from mktui.services.books import Books, key_of
from mktui.services.control.forms import FORMS, heard
from mktui.services.control.wire import other_version

if TYPE_CHECKING:
    from mktui.services.books import Row, RowKey, Trouble
    from mktui.services.control.wire import Document

    Entry: TypeAlias = tuple[Row, str, bool, tuple[Trouble, ...]]

PAGE: Final = 500
"""Rows of one page."""
_ODD: Final = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class BookFeed:
    """Remembers what one reader has been told. ``number`` is of his last page."""

    def __init__(self) -> None:
        self.number = 0
        self._told: dict[RowKey, Entry] = {}
        self._now: dict[RowKey, Entry] = {}
        self._waiting: deque[RowKey] = deque()
        self._of: Books | None = None

    def page(self, books: Books, known: int) -> Document:
        """Return what comes next to who has taken the page ``known``; who has taken another begins anew."""
        begins = known != self.number or not known
        if begins:
            self._told, self._of = {}, None
        if self._of is None or not _is_same(self._of, books):
            self._compare(books)
        self._of = books
        keys = [self._waiting.popleft() for _ in range(min(PAGE, len(self._waiting)))]
        rows, out = [], []
        for key in keys:
            if (entry := self._now.get(key)) is None:
                out.append(list(key))
                del self._told[key]
            else:
                rows.append(FORMS.plain(entry))
                self._told[key] = entry
        self.number += 1
        return {
            "number": self.number, "begins": begins, "rows": rows, "out": out, "left": len(self._waiting),
            "total": len(self._now), "head": _head(books),
        }  # fmt: skip

    def _compare(self, books: Books) -> None:
        self._now = dict(_entries(books))
        same = {key: entry for key, entry in self._now.items() if self._told.get(key) == entry}
        left = {key: entry for key, entry in self._told.items() if key not in same}
        self._waiting = deque(key for key in self._now if key not in same)
        self._waiting.extend(key for key in left if key not in self._now)
        self._told = left | same  # the newer objects: the older books are let go


def _is_same(before: Books, now: Books) -> bool:
    """Say whether one picture was only read again, and nothing in it has changed."""
    return before.subscribers is now.subscribers and before.profiles is now.profiles and before.troubles is now.troubles


def _entries(books: Books) -> list[tuple[RowKey, Entry]]:
    rows: tuple[Row, ...] = (*books.profiles, *books.subscribers)
    keys = ((key_of(row), row) for row in rows)
    return [
        (key, (row, books.sources.get(key, ""), key in books.gone, books.troubles.get(key, ()))) for key, row in keys
    ]


def _head(books: Books) -> Document:
    """Return what is not of a single row."""
    head: Document = FORMS.plain({
        "read_at": books.read_at, "routers": books.routers, "live": books.live, "synced_at": dict(books.synced_at),
    })  # fmt: skip
    return head


@dataclass(frozen=True, slots=True)
class Loading:
    """How much of billing has come. ``total``: all of it."""

    come: int
    total: int


class BookPicture:
    """The other end: puts the books together again. ``number`` is of the page that was taken last."""

    def __init__(self) -> None:
        self.number = 0
        self.books: Books | None = None
        self.loading: Loading | None = None
        """Set while the first picture comes."""
        self._entries: dict[RowKey, Entry] = {}
        self._is_new = False

    def take(self, page: Any) -> bool:  # Any: JSON
        """Take a page; True: there are more of the same.

        Raises:
            ControlRefused: It is no such page: the other side is of another version.
        """
        try:
            return self._taken(page)
        except (ControlError, *_ODD):
            self.number = 0  # from the beginning, when it is asked again
            raise other_version() from None

    def _taken(self, page: Document) -> bool:
        if page["begins"]:
            self._entries, self._is_new = {}, True
        entries: list[Entry] = [heard(each) for each in page["rows"]]
        self._entries |= {key_of(entry[0]): entry for entry in entries}
        for what, external_id in page["out"]:
            self._entries.pop((what, external_id), None)
        self._is_new = self._is_new or bool(entries or page["out"])
        self.number = int(page["number"])
        head: Document = dict(FORMS.record(page["head"]))
        if page["left"]:
            self.loading = Loading(len(self._entries), int(page["total"])) if self.books is None else None
            return True
        self.loading = None
        is_same = self.books is not None and not self._is_new
        self.books = replace(self.books, **head) if is_same and self.books is not None else self._made(head)
        self._is_new = False
        return False

    def _made(self, head: Document) -> Books:
        rows = self._entries.values()
        return Books(
            profiles=tuple(row for row, *_ in rows if isinstance(row, Profile)),
            subscribers=tuple(row for row, *_ in rows if isinstance(row, Subscriber)),
            sources={key: source for key, (_, source, _, _) in self._entries.items() if source},
            gone=frozenset(key for key, (_, _, is_gone, _) in self._entries.items() if is_gone),
            troubles={key: troubles for key, (*_, troubles) in self._entries.items() if troubles},
            **head,
        )
