"""Screen 5: who pays for what. Subscribers and profiles, how each stands on the routers, and what is done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from mktui.billing.model import Profile, Subscriber
from mktui.services.books import Row, key_of, name_of, routers_of
from mktui.sync.order import Order
from mktui.tui import words
from mktui.tui.actions import Place
from mktui.tui.billing_deeds import (
    ACTIVE,
    DELETED,
    SUSPENDED,
    ask_extend,
    ask_sale,
    ask_status,
    ask_undo,
    may_edit,
)
from mktui.tui.billing_rows import ORDERS, PROFILES, SUBSCRIBERS, Seen, about, cells, searched, sorted_rows
from mktui.tui.screens.billing_form import FormScreen
from mktui.tui.screens.customer import CustomerScreen
from mktui.tui.screens.filtering import Filterable
from mktui.tui.screens.importing import ImportScreen, PathLine
from mktui.tui.screens.sorting import Sortable
from mktui.tui.screens.view import StillStatic
from mktui.tui.widgets.long_table import LongTable
from mktui.tui.widgets.top_lines import TopLines, fleet_line, second_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from textual.app import ComposeResult
    from textual.screen import Screen

    from mktui.billing.sources.rows import What
    from mktui.monitor.snapshot import Snapshot
    from mktui.tui.keymap import Keymap
    from mktui.tui.palette import Palette


class BillingScreen(Filterable, Sortable):
    """All subscribers, or all profiles."""

    place = Place.BILLING
    orders = tuple(ORDERS["subscriber"])
    DEFAULT_CSS = """
    BillingScreen #message {
        height: 1fr; padding: 1 2; background: $background; display: none; text-wrap: wrap;
    }
    BillingScreen.said #message { display: block; }
    BillingScreen.said LongTable { display: none; }
    BillingScreen #about { height: 5; padding: 1 1 0 1; background: $background; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.what: What = "subscriber"
        self.marked: set[str] = set()
        self._last: tuple[Snapshot, Palette, str] | None = None
        self._seen: Seen | None = None
        self._made_of: tuple[object, object] = (None, None)
        self._wanted: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """Lay out lines, rows, what is said instead of them, what is under the cursor, filter and keys."""
        yield TopLines()
        yield LongTable[Row](SUBSCRIBERS, self._cells, id="rows")
        yield StillStatic(id="message")
        yield StillStatic(id="about")
        yield self.filter_line("filter: part of a name, id, profile, address or router; ! in front for all others")
        yield Static(id="keys")

    @property
    def table(self) -> LongTable[Row]:
        """The rows."""
        return self.query_one("#rows", LongTable)

    def on_mount(self) -> None:
        """Give the keys to the table, and have billing read."""
        self.table.focus()
        self.room.services.billing.watch()

    def rows_widget(self) -> LongTable[Row]:
        """The table has the keys."""
        return self.table

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self.table.current if not self.has_class("said") else None

    def target(self) -> str | None:
        """The router on which the row under the cursor is in trouble, or the first that it belongs on."""
        row, seen = self.current, self._seen
        if row is None or seen is None:
            return None
        return next(iter((*seen.badge(row).routers, *routers_of(row, seen.books.routers))), None)

    def order(self) -> Order:
        """Ask a plan for the rows that are marked, or for the one under the cursor."""
        return Order(names=frozenset(name_of(row) for row in self._chosen()))

    def opened(self) -> Screen[None] | None:
        """The customer under the cursor, or the form of the profile."""
        row = self.current
        return CustomerScreen(row.username) if isinstance(row, Subscriber) else self.form()

    def form(self) -> FormScreen | None:
        """The form of the row under the cursor."""
        row = self.current
        return FormScreen(self.what, row) if row is not None else None

    # --- showing

    def show(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        """Show billing as it was read last, and have it read again when it has changed."""
        billing = self.room.services.billing
        billing.watch()
        self._last = (snapshot, palette, mode)
        self._seen = Seen(billing.books, snapshot, billing.local, palette) if billing.books is not None else None
        if self._seen is not None:
            self._show_rows(self._seen)
        message = self._instead(palette)
        self.say_instead(message, self.table)
        self._show_top(snapshot, palette, mode)
        self._show_about(palette)

    def again(self) -> None:
        """Show what there is as it is wanted now."""
        if self._last is not None:
            self.show(*self._last)

    def on_long_table_moved(self) -> None:
        """Tell of the row under the cursor."""
        if self._last is not None:
            self._show_about(self._last[1])

    async def on_long_table_selected(self) -> None:
        """A click on the row under the cursor opens it."""
        await self.room.action_open()

    def _show_rows(self, seen: Seen) -> None:
        rows = seen.books.subscribers if self.what == "subscriber" else seen.books.profiles
        wanted = tuple(seen.offline), self.filter_text, self.sorted_by, self.is_reversed
        is_same = self._made_of[0] is rows and self._made_of[1] is seen.books.troubles and self._wanted == wanted
        self._made_of, self._wanted = (rows, seen.books.troubles), wanted
        if is_same:
            self.table.redraw()  # ages go on
            return
        current = self.table.current
        passing = [row for row in rows if self.passes(*searched(row))]
        shown = sorted_rows(passing, seen, self.sorted_by, is_reversed=self.is_reversed)
        self.table.show(shown)
        if current is not None:
            place = next((at for at, row in enumerate(shown) if key_of(row) == key_of(current)), None)
            self.table.move_to(self.table.cursor_row if place is None else place)
        self.marked &= {row.external_id for row in rows}

    def _cells(self, row: Row) -> Mapping[str, Text]:
        assert self._seen is not None
        return cells(row, self._seen, is_marked=row.external_id in self.marked, is_wide=self.size.width >= 118)

    def _instead(self, palette: Palette) -> Text | None:
        billing, seen = self.room.services.billing, self._seen
        if seen is None and billing.problem:
            tried = "\n\nIt is tried again every few seconds." if billing.can_edit else ""
            return Text.assemble(
                ("▲ billing cannot be read", palette.state("critical")), f"\n\n{billing.problem}{tried}"
            )
        if seen is None:
            return Text(f"reading billing … {billing.so_far}".rstrip(), style=palette.quiet)
        if not seen.books.subscribers and not seen.books.profiles:
            return Text(_empty(self.room.keymap))
        if not self.table.current:
            none = f"there is no {self.what} yet: {self.room.keymap.key('new_row')} adds one"
            return Text(f"no {self.what} has this text" if self.filter_text else none, style=palette.quiet)
        return None

    def _show_top(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        width, seen = self.width_of_lines(), self._seen
        first, _ = fleet_line(snapshot, mode, palette, width)
        filtered = f"   filter {self.filter_text}" if self.filter_text else ""
        left = f"Billing › {self.what}s{filtered}"
        right = [self.order_in_words]
        if seen is not None:
            rows = seen.books.subscribers if self.what == "subscriber" else seen.books.profiles
            shown = len(self.table.rows)
            right.append(f"{shown:,} of {len(rows):,}" if shown != len(rows) else words.count(shown, self.what))
        if self.marked:
            right.append(f"{len(self.marked):,} marked")
        self.query_one(TopLines).show(first, second_line(palette, width, left, *right))

    def _show_about(self, palette: Palette) -> None:
        billing, seen, row = self.room.services.billing, self._seen, self.current
        lines = about(row, seen) if row is not None and seen is not None else [Text(), Text(), Text()]
        last = Text()
        if billing.problem and seen is not None:
            age = words.age((seen.snapshot.at - seen.books.read_at).total_seconds())
            last = Text(f"▲ as of {age} ago: {billing.problem}", style=palette.state("critical"))
        elif billing.last_done:
            last = Text(f"[{self.room.keymap.key('undo')}] takes back: {billing.last_done}", style=palette.accent)
        text = Text("\n").join([*lines, last])
        text.no_wrap, text.overflow = True, "ellipsis"
        self.query_one("#about", StillStatic).show(text)

    # --- keys

    def may_leave(self, again: Callable[[], Awaitable[None] | None], *, is_back: bool) -> bool:
        """One step back takes the marks away first."""
        del again
        if is_back and self.marked:
            self._mark(set())
            return False
        return True

    def action_switch(self) -> None:
        """Show the other list."""
        self.what = "profile" if self.what == "subscriber" else "subscriber"
        self.orders, self._order, self.is_reversed = tuple(ORDERS[self.what]), None, False
        self.marked, self._made_of = set(), (None, None)
        self.table.use(PROFILES if self.what == "profile" else SUBSCRIBERS)
        self.table.show(())
        self.close_filter(keep=False)

    def action_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away, and go on to the next."""
        if (row := self.current) is not None:
            self._mark(self.marked ^ {row.external_id})
            self.table.action_cursor_down()

    def action_new_row(self) -> None:
        """Open an empty form."""
        if may_edit(self.room, "new_row"):
            self.run_worker(self.room.show_screen(FormScreen(self.what, None)), name="new row")

    def action_standing(self) -> None:
        """Suspend who is marked, or let them connect; stop or begin to sell a profile."""
        if not may_edit(self.room, "standing") or not (chosen := self._some()):
            return
        if isinstance(chosen[0], Profile):
            ask_sale(self.room, chosen[0])
            return
        people = [row for row in chosen if isinstance(row, Subscriber)]
        ask_status(self.room, people, SUSPENDED if any(each.status is ACTIVE for each in people) else ACTIVE)

    def action_extend(self) -> None:
        """Let who is marked be paid for longer."""
        if may_edit(self.room, "extend") and (people := self._people("extended")):
            ask_extend(self.room, people)

    def action_remove(self) -> None:
        """Delete who is marked."""
        if may_edit(self.room, "remove") and (people := self._people("deleted")):
            ask_status(self.room, people, DELETED)

    def action_undo(self) -> None:
        """Take back what was done last."""
        if may_edit(self.room, "remove"):
            ask_undo(self.room)

    def action_again(self) -> None:
        """Read billing afresh."""
        self.run_worker(self._refresh(), name="read billing", exclusive=True)

    def action_import(self) -> None:
        """Ask for a file, and show what it would do; or look at the one that is being written."""
        if not may_edit(self.room, "import"):
            return
        reading = self.room.services.billing.reading
        if reading is not None and reading.is_writing:
            self.run_worker(self.room.show_screen(ImportScreen()), name="import")
            return
        question = f"CSV file of {self.what}s:"
        self.app.push_screen(PathLine(question, "its path; ~ is your home. Nothing is written yet"), self._read_file)

    async def _read_file(self, path: str | None) -> None:
        if path is not None:
            self.room.services.billing.read_file(PathLine.path_of(path), self.what)
            await self.room.show_screen(ImportScreen())

    async def _refresh(self) -> None:
        await self.room.services.billing.refresh()
        self.room.look()

    def _mark(self, marked: set[str]) -> None:
        self.marked = marked
        self.table.redraw()
        self.again()

    def _chosen(self) -> list[Row]:
        """Return the marked rows, those too that a filter hides; else the one under the cursor."""
        books = self.room.services.billing.books
        if self.marked and books is not None:
            rows: tuple[Row, ...] = books.subscribers if self.what == "subscriber" else books.profiles
            return [row for row in rows if row.external_id in self.marked]
        return [self.current] if self.current is not None else []

    def _some(self) -> list[Row]:
        chosen = self._chosen()
        if not chosen:
            self.notify("there is nothing under the cursor", severity="warning")
        elif isinstance(chosen[0], Profile) and len(chosen) > 1:
            back = self.room.keymap.key("back")
            self.notify(f"profiles are changed one by one: {back} takes the marks away", severity="warning")
            return []
        return chosen

    def _people(self, done: str) -> list[Subscriber]:
        chosen = self._some()
        people = [row for row in chosen if isinstance(row, Subscriber)]
        if chosen and not people:
            stop = self.room.keymap.key("standing")
            self.notify(f"a profile is not {done}: {stop} stops selling it", severity="warning")
        return people


def _empty(keymap: Keymap) -> str:
    read, new, switch, config = map(keymap.key, ("import", "new_row", "switch", "config"))
    return f"""Nobody is in billing yet.

  {read:<4} reads a CSV file: profiles first ({switch}), then subscribers
  {new:<4} adds one by hand

A shop's own database can be read by itself: [[billing.sources]] in the
configuration ({config}). What routers have already is taken over by
mktui sync adopt ROUTER."""
