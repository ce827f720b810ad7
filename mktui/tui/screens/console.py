"""What a router has answered to a command that a person typed: rows to scroll, filter and copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from mktui.errors import MktuiError
from mktui.letters import printable
from mktui.tui import words
from mktui.tui.actions import Place
from mktui.tui.screens.filtering import Filterable
from mktui.tui.screens.view import StillStatic
from mktui.tui.widgets.live_table import Column
from mktui.tui.widgets.long_table import LongTable
from mktui.tui.widgets.top_lines import TopLines, first_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import ComposeResult

    from mktui.core.protocol.sentences import Command, Row
    from mktui.monitor.snapshot import Snapshot
    from mktui.services.console import Answer
    from mktui.tui.palette import Palette

_WIDEST = 40


class ConsoleScreen(Filterable):
    """The rows that ``command`` got from ``router``; it is asked when the screen opens."""

    place = Place.ROWS
    DEFAULT_CSS = """
    ConsoleScreen LongTable { display: none; }
    ConsoleScreen.answered LongTable { display: block; }
    ConsoleScreen #said { height: 1fr; padding: 1 1; background: $background; text-wrap: wrap; }
    ConsoleScreen.answered #said { display: none; }
    """

    def __init__(self, router: str, line: str, command: Command) -> None:
        super().__init__()
        self._router, self._line, self._command = router, line, command
        self._answer: Answer | None = None
        self._problem = ""
        self._names: list[str] = []
        self._last: tuple[Snapshot, Palette, str] | None = None

    def compose(self) -> ComposeResult:
        """Lay out lines, rows, filter and keys."""
        yield TopLines()
        yield LongTable[dict[str, str]]((), self._cells, id="rows")
        yield StillStatic(id="said")
        yield self.filter_line("filter: part of any value; ! in front for all others")
        yield Static(id="keys")

    def on_mount(self) -> None:
        """Ask; a command that is under way goes on when the screen is left."""
        self.rows_widget().focus()
        self.app.run_worker(self._ask(), name=f"run on {self._router}")

    async def _ask(self) -> None:
        try:
            self._answer = await self.room.services.console.run(self._router, self._command)
        except MktuiError as error:
            self._problem = str(error)
        if not self.is_mounted:
            said = self._problem or "done"
            self.app.notify(said, title=f"{self._command.path} on {self._router}",
                            severity="error" if self._problem else "information")  # fmt: skip
        elif self._answer is not None and self._answer.rows:
            self._names = list(dict.fromkeys(name for row in self._answer.rows for name in row))
            self.rows_widget().use(_columns(self._names, self._answer.rows))
            self.set_class(True, "answered")
            self.rows_widget().focus()
        self.again()

    def rows_widget(self) -> LongTable[Row]:
        """The rows have the keys."""
        return self.query_one("#rows", LongTable)

    def target(self) -> str | None:
        """The router that was asked."""
        return self._router

    @property
    def _rows(self) -> list[Row]:
        rows = self._answer.rows if self._answer is not None else ()
        return [row for row in rows if self.passes(*row.values())]

    def again(self) -> None:
        """Show the rows that pass."""
        if self._last is not None and self.is_mounted:
            self.rows_widget().show(self._rows)
            self._paint()

    def show(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        """Show how far it is; rows stay as they were answered."""
        is_first = self._last is None
        self._last = (snapshot, palette, mode)
        self._paint()
        if is_first:
            self.again()

    def _paint(self) -> None:
        if self._last is None:
            return
        _, palette, mode = self._last
        width = self.width_of_lines()
        first = first_line(f"mktui · {self._router}", mode, self._state(palette), width)
        crumbs = words.fit(f"Fleet › {self._router} › {self._command.path}", width)
        filtered = f"   filter {self.filter_text}" if self.filter_text else ""
        self.query_one(TopLines).show(first, Text(f"{crumbs}{filtered}", style=palette.quiet))
        self.query_one("#said", StillStatic).show(self._said(palette))

    def _state(self, palette: Palette) -> Text:
        if self._problem:
            return Text("✗ failed", style=palette.state("critical"))
        if self._answer is None:
            return Text("asking …", style=palette.accent)
        count = len(self._answer.rows)
        shown = f"{len(self._rows):,} of {count:,} rows" if self.filter_text else words.count(count, "row")
        return Text(f"{shown} · {words.milliseconds(self._answer.took)} ms", style=palette.plain)

    def _said(self, palette: Palette) -> Text:
        again = f"\n\n{self.room.keymap.key('run')} runs another one"
        if self._problem:
            return Text.assemble((self._problem, palette.state("critical")), again)
        if self._answer is None:
            return Text("It waits until nothing else does: others go first.", style=palette.quiet)
        return Text(f"done: the router answered, without rows{again}")

    def _cells(self, row: Row) -> Mapping[str, Text]:
        return {name: Text(printable(row.get(name, words.UNKNOWN))) for name in self._names}

    def action_copy(self) -> None:
        """Copy the row under the cursor, as NAME=VALUE."""
        row = self.rows_widget().current
        if row is None:
            self.notify("there is no row to copy", severity="warning")
            return
        self.app.copy_to_clipboard(" ".join(f"{name}={value}" for name, value in row.items()))
        self.notify("the row is in your clipboard, where the terminal allows it")


def _columns(names: Sequence[str], rows: Sequence[Row]) -> tuple[Column, ...]:
    found = []
    for name in names:
        widest = max(len(name), *(len(row.get(name, "")) for row in rows))
        found.append(Column(name, name.upper(), min(_WIDEST, widest) + 2))
    return tuple(found)
