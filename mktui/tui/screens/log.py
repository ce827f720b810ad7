"""A log as a screen: rows with the newest first, filtered, sorted, copied, and the one under the cursor whole.

What comes on top moves nobody: the cursor stays on its row, and on the first row it stays with what comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Generic, TypeVar

from rich.text import Text
from textual.widgets import Static

from mktui.letters import printable
from mktui.tui import words
from mktui.tui.screens.filtering import Filterable
from mktui.tui.screens.router import RouterScreen
from mktui.tui.screens.sorting import Sortable
from mktui.tui.screens.view import StillStatic
from mktui.tui.widgets.long_table import LongTable
from mktui.tui.widgets.top_lines import TopLines, fleet_line, second_line

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
    from datetime import datetime

    from textual.app import ComposeResult
    from textual.events import Resize
    from textual.widget import Widget

    from mktui.monitor.snapshot import Snapshot
    from mktui.tui.palette import Palette
    from mktui.tui.widgets.live_table import Column

R = TypeVar("R")

WIDE: Final = 118
"""Columns of a terminal from which on there is room for every column."""

_JUST_NOW: Final = 5.0


class LogScreen(Filterable, Sortable, Generic[R]):
    """The screen says what its rows are, how they look in the table and whole, and by what they are sorted."""

    columns: ClassVar[Sequence[Column]] = ()
    named = ""
    hint = ""
    """What can be typed into the filter."""
    DEFAULT_CSS = """
    LogScreen #sums { height: auto; padding: 0 1 1 1; background: $background; }
    LogScreen #whole { height: auto; min-height: 5; max-height: 8; padding: 1 1 0 1; background: $background; }
    """

    def __init__(self, router: str = "") -> None:
        super().__init__()
        self.router = router
        self._last: tuple[Snapshot, Palette, str] | None = None
        self._made_from: tuple[object, ...] = ()
        self._total = 0

    def compose(self) -> ComposeResult:
        """Lay out lines, sums, table, the whole row, filter and keys."""
        yield TopLines()
        yield StillStatic(id="sums")
        yield LongTable[R](self.columns, self._drawn, id="log")
        yield StillStatic(id="whole")
        yield self.filter_line(self.hint)
        yield Static(id="keys")

    # --- what each log says for itself

    def rows(self) -> Sequence[R]:
        """Return every row that is known, the newest first."""
        raise NotImplementedError

    def texts_of(self, row: R) -> tuple[str, ...]:
        """Return what a filter looks into."""
        raise NotImplementedError

    def router_of(self, row: R) -> str:
        """Return the router of a row."""
        raise NotImplementedError

    def same(self, row: R) -> Hashable:
        """Return what makes a row the same when it is there again."""
        raise NotImplementedError

    def sort_key(self) -> Callable[[R], tuple[object, ...]] | None:
        """Return what the rows are sorted by now; None: as they come."""
        raise NotImplementedError

    def cells(self, row: R, palette: Palette, now: datetime, *, is_wide: bool) -> Mapping[str, Text]:
        """Return a row as the table shows it."""
        raise NotImplementedError

    def as_line(self, row: R) -> str:
        """Return a row to be pasted somewhere else."""
        raise NotImplementedError

    def whole(self, row: R, snapshot: Snapshot, palette: Palette) -> list[Text]:
        """Return a row with nothing left out."""
        raise NotImplementedError

    def sums(self, snapshot: Snapshot, palette: Palette) -> Text:
        """Return what the rows come to."""
        raise NotImplementedError

    def nothing(self) -> str:
        """Return what is said when there is no row at all."""
        raise NotImplementedError

    # --- keys

    @property
    def table(self) -> LongTable[R]:
        """The rows."""
        return self.query_one("#log", LongTable)

    def rows_widget(self) -> Widget:
        """The table has the keys."""
        return self.table

    def on_mount(self) -> None:
        """Give the keys to the table."""
        self.table.focus()

    def on_resize(self, event: Resize) -> None:
        """Fit sums to the width."""
        super().on_resize(event)
        self.again()

    def on_long_table_moved(self) -> None:
        """Tell the whole of the row under the cursor."""
        if self._last is not None:
            self._show_whole(*self._last[:2])

    async def on_long_table_selected(self) -> None:
        """A click on the row under the cursor opens its router."""
        await self.room.action_open()

    def target(self) -> str | None:
        """The router of the row under the cursor, or the one that is shown alone."""
        row = self.table.current
        return (self.router_of(row) if row is not None else self.router) or None

    def opened(self) -> RouterScreen | None:
        """The router of the row under the cursor."""
        name = self.target()
        if name is not None and self.room.services.snapshot().router(name) is None:
            self.notify(f"{name} is not in this fleet any more", severity="warning")
            return None
        return RouterScreen(name) if name else None

    def again(self) -> None:
        """Show what passes now."""
        if self._last is not None:
            self.show(*self._last)

    def action_copy(self) -> None:
        """Copy the row under the cursor; over SSH the terminal's own clipboard gets it."""
        row = self.table.current
        if row is None:
            self.notify("there is nothing to copy", severity="warning")
            return
        self.app.copy_to_clipboard(self.as_line(row))
        self.notify("copied", timeout=3)

    # --- showing

    def show(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        """Show a snapshot and the log as it is now."""
        self._last = (snapshot, palette, mode)
        self._show_rows(self.rows(), snapshot, palette)
        self._show_top(snapshot, palette, mode)
        self.query_one("#sums", StillStatic).show(self.sums(snapshot, palette))
        self._show_whole(snapshot, palette)

    def _show_rows(self, known: Sequence[R], snapshot: Snapshot, palette: Palette) -> None:
        """Show what is new, with the cursor on the row where it was."""
        wishes = (self.router, self.filter_text, self.sorted_by, self.is_reversed)
        made_from = (wishes, known, snapshot.at.astimezone().date(), palette)
        if made_from == self._made_from:
            return
        is_reordered = bool(self._made_from) and wishes != self._made_from[0]
        self._made_from = made_from
        mine = [row for row in known if self.router in {"", self.router_of(row)}]
        self._total = len(mine)
        table, before = self.table, self.table.current
        is_followed = before is not None and (table.cursor_row > 0 or is_reordered)
        found = self._sorted([row for row in mine if self.passes(*self.texts_of(row))])
        table.show(found)
        if is_followed and before is not None:
            wanted = self.same(before)
            table.move_to(next((at for at, row in enumerate(found) if self.same(row) == wanted), table.cursor_row))

    def _sorted(self, rows: list[R]) -> list[R]:
        key = self.sort_key()
        ordered = rows if key is None else sorted(rows, key=key)
        return ordered[::-1] if self.is_reversed else ordered

    def _show_top(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        width = self.width_of_lines()
        first, _ = fleet_line(snapshot, mode, palette, width)
        left = f"{self.named} › {self.router}" if self.router else self.named
        left += f"   filter {self.filter_text}" if self.filter_text else ""
        shown = len(self.table.all_rows)
        of = f"{shown:,} of " if shown != self._total else ""
        rows = f"{of}{words.count(self._total, 'row')}"
        self.query_one(TopLines).show(first, second_line(palette, width, left, self.order_in_words, rows))

    def _show_whole(self, snapshot: Snapshot, palette: Palette) -> None:
        row = self.table.current
        lines = list(self.told(snapshot, palette))
        if row is not None:
            lines += self.whole(row, snapshot, palette)
        else:
            every = f"no row here: {self.room.keymap.key('back')} shows all again"
            said = every if self.filter_text or self.router else self.nothing()
            lines.append(Text(said, style=palette.quiet))
        text = Text("\n").join(lines)
        text.no_wrap, text.overflow = True, "ellipsis"
        self.query_one("#whole", StillStatic).show(text)

    def told(self, snapshot: Snapshot, palette: Palette) -> Iterator[Text]:
        """Yield what is said above the row, whatever it is."""
        del snapshot
        problem = self.room.services.errors().problem
        if problem:
            told = f"▲ no history is kept: {problem}; this is since the start only"
            yield Text(told, style=palette.state("critical"))

    def _drawn(self, row: R) -> Mapping[str, Text]:
        assert self._last is not None
        return self.cells(row, self._last[1], self._last[0].at, is_wide=self.size.width >= WIDE)


def shown(text: str) -> str:
    """Return a router's words on one line, with what no terminal should be told made visible."""
    return printable(" ".join(text.split()))


def ago(at: datetime, now: datetime) -> str:
    """Return how long ago something was."""
    seconds = (now - at).total_seconds()
    return f"{words.age(seconds)} ago" if seconds >= _JUST_NOW else "just now"


def when(at: datetime, now: datetime) -> str:
    """Return a time of today, or the day before it."""
    here, today = at.astimezone(), now.astimezone().date()
    return f"{here:%H:%M:%S}" if here.date() == today else f"{here:%d %b %H:%M}"
