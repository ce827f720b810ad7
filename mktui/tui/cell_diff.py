"""What Textual would write to a terminal -> the little of it that the terminal does not show already. Pure.

A shadow of the terminal's cells is kept; text that is there already, in the same style, is passed over, and styles and
moves are written only before text that needs them. Whatever is not understood goes through unchanged, and then the
shadow is forgotten: to know too little costs bytes, to know something wrong would cost the picture.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from rich.cells import cell_len, set_cell_size

if TYPE_CHECKING:
    from collections.abc import Callable

Cell: TypeAlias = tuple[str, str]
"""What stands in a cell, and its style. Of text with wide or combining letters: the whole run and the place in it."""

_TOKEN: Final = re.compile(
    r"\x1b\[(?P<style>[0-9;:]*)m"
    r"|\x1b\[(?P<row>\d+);(?P<column>\d+)H"
    r"|(?P<sync>\x1b\[\?2026[hl])"
    r"|(?P<line>\r?\n)"
    r"|(?P<screen>\x1b\[\?(?:1049|1047|47)[hl])"
    r"|(?P<harmless>\x1b\[\?(?!1049|1047|47[hl]|2026[hl])[0-9;]+(?:[hl]|\$p)|\x1b\[[<>=][0-9;]*u|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))"
    r"|(?P<other>\x1b\[[0-9;?<>=!$]*[ -/]*[@-~]|\x1b.|[\x00-\x09\x0b-\x1a\x1c-\x1f\x7f])"
    r"|(?P<text>[^\x00-\x1f\x7f]+)",
    re.DOTALL,
)
_WORTH_A_MOVE: Final = 4
"""Cells that are as they should be, between two that are not: so many are written again rather than jumped over."""
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"


class CellDiff:
    """A terminal as it is now. ``feed`` it what should be written, and write what it returns."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self._columns, self._rows = columns, rows
        self._cells: dict[tuple[int, int], Cell] = {}
        self._style = ""
        """The style that the next text should have."""
        self._x = self._y = 0
        """Where the next text should stand."""
        self._shown_style: str | None = None
        """The style that the terminal is in; None: not known."""
        self._at: tuple[int, int] | None = None
        """Where the terminal's cursor is; None: not known."""
        self._begun = False
        self._out: list[str] = []

    def resize(self, columns: int, rows: int) -> None:
        """Hear of a new size. What is drawn for an older one is cut: beyond the edge terminals spoil their cells."""
        self._columns, self._rows = columns, rows
        self.forget()

    def forget(self) -> None:
        """Know nothing of the terminal any more: somebody else has written on it."""
        self._cells.clear()
        self._at = None
        self._shown_style = None

    def feed(self, data: str) -> str:
        """Return what must be written so that the terminal shows what ``data`` would have made it show."""
        self._out = []
        for match in _TOKEN.finditer(data):
            kind = match.lastgroup
            assert kind is not None
            self._HANDLERS[kind if kind != "column" else "row"](self, match)
        return "".join(self._out)

    def _on_style(self, match: re.Match[str]) -> None:
        style = match["style"]
        if style in {"", "0"}:
            self._style = ""
        else:
            self._style = f"{self._style};{style}" if self._style else style

    def _on_row(self, match: re.Match[str]) -> None:
        self._y, self._x = int(match["row"]) - 1, int(match["column"]) - 1

    def _on_line(self, _match: re.Match[str]) -> None:
        self._y, self._x = self._y + 1, 0

    def _on_sync(self, match: re.Match[str]) -> None:
        """Begin a frame when there is something in it; of an empty one nothing is written."""
        if match["sync"] == _BEGIN:
            self._begun = True
        elif self._begun:
            self._begun = False
        else:
            self._out.append(_END)

    def _on_screen(self, match: re.Match[str]) -> None:
        """Change to the other screen from where the cursor is: that place is what is come back to."""
        self._wear()
        self._write(match[0])
        self.forget()

    def _on_harmless(self, match: re.Match[str]) -> None:
        self._out.append(match[0])

    def _on_other(self, match: re.Match[str]) -> None:
        """Let it through, from where it was meant to be, in the style that it was meant to have."""
        self._go_to(self._x)
        self._wear()
        self._write(match[0])
        self.forget()

    def _on_text(self, match: re.Match[str]) -> None:
        text = match["text"]
        room = self._columns - self._x if self._y < self._rows else 0
        if cell_len(text) > room:
            text = set_cell_size(text, room) if room > 0 else ""
        if not text:
            return
        if text.isascii() or (cell_len(text) == len(text) and all(cell_len(letter) == 1 for letter in text)):
            self._write_cells(text, [(letter, self._style) for letter in text])
            self._x += len(text)
        else:
            self._write_whole(text, cell_len(text))

    def _write_whole(self, text: str, width: int) -> None:
        """Write a run that has wide or combining letters as one; how terminals split it is their business."""
        cells = [(f"{place} {text}", self._style) for place in range(width)]
        joins = not cell_len(text[0])  # it changes the letter before it: both are written, always
        if joins or any(self._cells.get((self._y, self._x + place)) != cell for place, cell in enumerate(cells)):
            self._go_to(self._x)
            self._wear()
            self._write(text)
            # a letter to its left may have lost its other half, and so may one to its right
            self._cells.pop((self._y, self._x - 1), None)
            self._cells.pop((self._y, self._x + width), None)
            self._cells |= {(self._y, self._x + place): cell for place, cell in enumerate(cells)}
            self._at = None
        self._x += width

    def _write_cells(self, text: str, cells: list[Cell]) -> None:
        known, y, x = self._cells, self._y, self._x
        at, end = 0, len(cells)
        while at < end:
            if known.get((y, x + at)) == cells[at]:
                at += 1
                continue
            stop = self._end_of_change(cells, at)
            self._go_to(x + at)
            self._wear()
            self._write(text[at:stop])
            self._forget_halves(at, stop)
            for place in range(at, stop):
                known[y, x + place] = cells[place]
            self._at = (x + stop, y)
            at = stop

    def _forget_halves(self, at: int, stop: int) -> None:
        """A cell that belonged to a wide letter takes its neighbour along: nobody knows what stands there now."""
        for edge, beyond in ((at, at - 1), (stop - 1, stop)):
            cell = self._cells.get((self._y, self._x + edge))
            if cell is not None and len(cell[0]) > 1:
                self._cells.pop((self._y, self._x + beyond), None)

    def _end_of_change(self, cells: list[Cell], at: int) -> int:
        stop = ahead = at + 1
        while ahead < len(cells) and ahead - stop < _WORTH_A_MOVE:
            if self._cells.get((self._y, self._x + ahead)) != cells[ahead]:
                stop = ahead + 1
            ahead += 1
        return stop

    def _go_to(self, x: int) -> None:
        if self._at == (x, self._y):
            return
        if self._at is not None and self._at[1] == self._y and (ahead := x - self._at[0]) > 0:
            self._write(f"\x1b[{ahead if ahead > 1 else ''}C")
        else:
            self._write(f"\x1b[{self._y + 1};{x + 1}H")
        self._at = (x, self._y)

    def _wear(self) -> None:
        if self._shown_style == self._style:
            return
        if not self._style:
            self._write("\x1b[0m")
        else:
            self._write(f"\x1b[{self._style}m" if self._shown_style == "" else f"\x1b[0;{self._style}m")
        self._shown_style = self._style

    def _write(self, text: str) -> None:
        if self._begun:
            self._out.append(_BEGIN)
            self._begun = False
        self._out.append(text)

    _HANDLERS: Final[dict[str, Callable[[CellDiff, re.Match[str]], None]]] = {
        "style": _on_style, "row": _on_row, "line": _on_line, "sync": _on_sync, "screen": _on_screen,
        "harmless": _on_harmless, "other": _on_other, "text": _on_text,
    }  # fmt: skip
