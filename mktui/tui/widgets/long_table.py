"""A table of any length: only the rows that are seen are drawn. Its rows are shown whole and never patched."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.events import Click, Resize

    from mktui.tui.widgets.live_table import Column

R = TypeVar("R")


class LongTable(ScrollView, Generic[R], can_focus=True):
    """``draw`` makes a row's cells, by column, or one text for the whole line; a column of width 0 takes the rest."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"long-table--header", "long-table--cursor"}
    DEFAULT_CSS = """
    LongTable {
        height: 1fr; background: $background; color: $foreground; overflow-x: hidden; scrollbar-size-vertical: 1;
    }
    LongTable > .long-table--header { background: $background; color: $quiet; }
    LongTable > .long-table--cursor { background: $panel; color: $foreground; }
    LongTable:ansi > .long-table--cursor { text-style: reverse; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "cursor_down", "down", show=False),
        Binding("up", "cursor_up", "up", show=False),
        Binding("pagedown", "page_down", "page down", show=False),
        Binding("pageup", "page_up", "page up", show=False),
        Binding("home", "scroll_top", "top", show=False),
        Binding("end", "scroll_bottom", "bottom", show=False),
    ]

    class Moved(Message):
        """The cursor is on another row."""

    class Selected(Message):
        """A row was clicked that the cursor was on."""

    def __init__(
        self,
        columns: Sequence[Column],
        draw: Callable[[R], Mapping[str, Text] | Text],
        *,
        id: str,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self._columns = columns
        self._draw = draw
        self._rows: Sequence[R] = ()
        self.cursor_row = 0

    @property
    def current(self) -> R | None:
        """The row under the cursor."""
        return self._rows[self.cursor_row] if self.cursor_row < len(self._rows) else None

    @property
    def rows(self) -> Sequence[R]:
        """What it shows."""
        return self._rows

    def redraw(self) -> None:
        """Draw the rows that are seen afresh: something beside them has changed what is drawn of them."""
        self.refresh()

    def use(self, columns: Sequence[Column]) -> None:
        """Show these columns from now on."""
        self._columns = columns
        self.refresh()

    @property
    def all_rows(self) -> Sequence[R]:
        """Every row, seen or not."""
        return self._rows

    def show(self, rows: Sequence[R]) -> None:
        """Show these rows; the same object again changes nothing."""
        if rows is self._rows:
            return
        self._rows = rows
        self.cursor_row = min(self.cursor_row, max(0, len(rows) - 1))
        self._measure()
        self.refresh()

    @property
    def has_header(self) -> bool:
        """Whether the first line is the header; a single line is a row's."""
        return self.size.height > 1

    def render_line(self, y: int) -> Strip:
        """Draw one line of what is seen."""
        width = self.scrollable_content_region.width
        if y == 0 and self.has_header:
            header = {column.key: Text(column.title) for column in self._columns}
            style = self.get_component_rich_style("long-table--header")
            return self._strip(self._line(header, width), width, style)
        index = y - self.has_header + self.scroll_offset.y
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        style = self.get_component_rich_style("long-table--cursor") if index == self.cursor_row else self.rich_style
        return self._strip(self._line(self._draw(self._rows[index]), width), width, style)

    def action_cursor_down(self) -> None:
        """Next row."""
        self.move_to(self.cursor_row + 1)

    def action_cursor_up(self) -> None:
        """Row before."""
        self.move_to(self.cursor_row - 1)

    def action_page_down(self) -> None:
        """A screen further."""
        self.move_to(self.cursor_row + self._seen())

    def action_page_up(self) -> None:
        """A screen back."""
        self.move_to(self.cursor_row - self._seen())

    def action_scroll_top(self) -> None:
        """First row."""
        self.move_to(0)

    def action_scroll_bottom(self) -> None:
        """Last row."""
        self.move_to(len(self._rows) - 1)

    def move_to(self, row: int) -> None:
        """Put the cursor on a row, or on the nearest there is."""
        row = max(0, min(row, len(self._rows) - 1))
        if row == self.cursor_row:
            return
        self.refresh_line(self.cursor_row + self.has_header)
        self.cursor_row = row
        self.refresh_line(row + self.has_header)
        top = self.scroll_offset.y
        if not top <= row < top + self._seen():
            self.scroll_to(y=row if row < top else row - self._seen() + 1, animate=False, immediate=True)
        self.post_message(self.Moved())

    def on_click(self, event: Click) -> None:
        """Put the cursor where it was clicked; a second click opens."""
        row = event.y - self.has_header + self.scroll_offset.y
        if event.y < self.has_header or row >= len(self._rows):
            return
        if row == self.cursor_row:
            self.post_message(self.Selected())
        self.move_to(row)

    def on_resize(self, _event: Resize) -> None:
        """Measure afresh."""
        self._measure()
        top = self.scroll_offset.y
        if not top <= self.cursor_row < top + self._seen():
            self.scroll_to(y=self.cursor_row - self._seen() // 2, animate=False, immediate=True)

    def _measure(self) -> None:
        self.virtual_size = Size(0, len(self._rows) + self.has_header)

    def _seen(self) -> int:
        return max(1, self.scrollable_content_region.height - self.has_header)

    def _line(self, cells: Mapping[str, Text] | Text, width: int) -> Text:
        if isinstance(cells, Text):
            return cells
        shown = [column for column in self._columns if column.is_shown_at(self.screen.size.width)]
        rest = width - sum(column.width for column in shown)
        line = Text(no_wrap=True)
        for column in shown:
            line.append_text(_fitted(cells[column.key], column.width or max(8, rest), is_number=column.is_number))
        return line

    def _strip(self, line: Text, width: int, style: object) -> Strip:
        line = line.copy()
        line.truncate(width, overflow="ellipsis")
        strip = Strip(list(line.render(self.app.console)), line.cell_len)
        return strip.adjust_cell_length(width).apply_style(style)  # type: ignore[arg-type]  # a Rich style


def _fitted(cell: Text, width: int, *, is_number: bool) -> Text:
    cell = cell.copy()
    cell.truncate(width - 1, overflow="ellipsis")
    gap = width - 1 - cell.cell_len
    return Text.assemble(" " * gap if is_number else "", cell, " " * (1 if is_number else gap + 1))
