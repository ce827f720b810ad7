"""A table that is shown whole and changed cell by cell: rows have keys, and the cursor stays on its row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self, TypeAlias

from rich.text import Text
from textual.widgets import DataTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.text import Span
    from textual.events import Resize
    from textual.geometry import Region


Look: TypeAlias = tuple[str, str, tuple["Span", ...]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column. It is shown on terminals ``least`` to ``most`` columns wide; ``is_number`` aligns to the right."""

    key: str
    title: str
    width: int
    least: int = 0
    is_number: bool = False
    most: int = 100_000

    def is_shown_at(self, width: int) -> bool:
        """Say whether a terminal of this width has room for it, or nothing better."""
        return self.least <= width <= self.most


WIDEST: Final = 200
"""Columns of a terminal that has room for everything."""


class LiveTable(DataTable[Text]):
    """A DataTable that is told what it should show."""

    is_wide = False
    """Every column there is, whatever the width; ← and → move sideways."""
    _is_patching = False

    def __init__(self, columns: Sequence[Column], *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(
            id=id, cursor_type="row", zebra_stripes=False, cell_padding=0, cursor_foreground_priority="renderable"
        )
        self._all_columns = columns
        self._shown_columns: tuple[Column, ...] = ()
        self._order: list[str] = []
        self._cells: dict[tuple[str, str], Look] = {}
        self._left_on: tuple[str, int] | None = None
        """Row and place of the cursor when the columns went; it is there again with the next rows."""

    def on_mount(self) -> None:
        """Have columns before there is a size: the first rows come early."""
        self.fit_to(self.app.size.width)

    def on_resize(self, event: Resize) -> None:
        """A single line is a row's, and the cursor's row stays in sight."""
        self.show_header = event.size.height > 1 or not self.row_count
        self.call_after_refresh(self._scroll_cursor_into_view)

    def use(self, columns: Sequence[Column]) -> None:
        """Show these columns from now on."""
        self._all_columns = columns
        self.fit_to(self.app.size.width)

    def fit_to(self, width: int) -> None:
        """Show the columns that this width has room for."""
        room = max(width, WIDEST) if self.is_wide else width
        wanted = tuple(column for column in self._all_columns if column.is_shown_at(room))
        if wanted == self._shown_columns:
            return
        self._shown_columns = wanted
        self._leave()
        self.clear(columns=True)
        self._order, self._cells = [], {}
        for column in wanted:
            label = Text(column.title, justify="right" if column.is_number else "left")
            self.add_column(label, key=column.key, width=column.width)

    def show(self, rows: Mapping[str, Mapping[str, Text]]) -> None:
        """Show these rows in this order; only what has changed is touched."""
        if list(rows) != self._order:
            self._rebuild(rows)
            return
        changed: list[tuple[str, str]] = []
        self._is_patching = True
        try:
            for key, cells in rows.items():
                for column in self._shown_columns:
                    cell = cells[column.key]
                    look = _look(cell)
                    if self._cells[key, column.key] != look:
                        self._cells[key, column.key] = look
                        self.update_cell(key, column.key, self._prepared(cell, column))
                        changed.append((key, column.key))
        finally:
            self._is_patching = False
        for key, column_key in changed:
            self.refresh_coordinate(self.get_cell_coordinate(key, column_key))

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Repaint; but while cells are patched not the whole table, as Textual's own does for each of them."""
        if self._is_patching and not (regions or layout or recompose):
            return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    @property
    def current(self) -> str | None:
        """The key of the row under the cursor."""
        return self._order[self.cursor_row] if 0 <= self.cursor_row < len(self._order) else None

    def go_to(self, key: str) -> None:
        """Put the cursor on a row, if it is there."""
        if key in self._order:
            self.move_cursor(row=self._order.index(key))

    def _rebuild(self, rows: Mapping[str, Mapping[str, Text]]) -> None:
        self._leave()
        self.clear()
        self._order, self._cells = list(rows), {}
        for key, cells in rows.items():
            prepared = [self._prepared(cells[column.key], column) for column in self._shown_columns]
            self._cells |= {(key, column.key): _look(cells[column.key]) for column in self._shown_columns}
            self.add_row(*prepared, key=key)
        self._come_back()

    def _leave(self) -> None:
        if (current := self.current) is not None:
            self._left_on = current, self.cursor_row

    def _come_back(self) -> None:
        """Put the cursor where it was; when its row is gone, on the one that has its place."""
        if self._left_on is not None and self._order:
            key, place = self._left_on
            self.move_cursor(row=self._order.index(key) if key in self._order else min(place, len(self._order) - 1))

    @staticmethod
    def _prepared(cell: Text, column: Column) -> Text:
        prepared = cell.copy()
        prepared.justify = "right" if column.is_number else "left"
        prepared.truncate(column.width, overflow="ellipsis")
        return prepared


def _look(cell: Text) -> Look:
    """Return what can be seen of a text: to Rich, two that differ only in their style are equal."""
    return cell.plain, str(cell.style), tuple(cell.spans)
