"""A CSV file before it is written into billing: what it adds and changes, which lines cannot be; then its report."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from rich.text import Text
from textual.widgets import Static

from mktui.billing.sources.preview import RowChange
from mktui.billing.sources.rows import RowError
from mktui.tui import words
from mktui.tui.actions import Place
from mktui.tui.billing_deeds import may_edit
from mktui.tui.finding import Find
from mktui.tui.screens.columns import ColumnsView
from mktui.tui.screens.modals import Confirm
from mktui.tui.screens.plan_words import time_left
from mktui.tui.screens.view import StillStatic, View
from mktui.tui.widgets.live_table import Column
from mktui.tui.widgets.long_table import LongTable
from mktui.tui.widgets.top_lines import TopLines, first_line, second_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

    from mktui.monitor.snapshot import Snapshot
    from mktui.services.billing import Reading
    from mktui.tui.keymap import Keymap
    from mktui.tui.palette import Palette

Line: TypeAlias = RowError | RowChange
COLUMNS = (
    Column("glyph", "", 3), Column("where", "WHERE", 10), Column("name", "NAME", 18), Column("what", "WHAT", 0),
)  # fmt: skip


class PathLine(Find):
    """One line that asks for a file's path."""

    @staticmethod
    def path_of(text: str) -> Path:
        """Return the path that was typed; quotes around it are the shell's."""
        return Path(text.strip("'\"")).expanduser() if text.startswith(("~", "'~", '"~')) else Path(text.strip("'\""))


class ImportScreen(View):
    """The file that was read last; its bad lines first."""

    place = Place.IMPORT
    DEFAULT_CSS = """
    ImportScreen #message {
        height: 1fr; padding: 1 2; background: $background; display: none; text-wrap: wrap;
    }
    ImportScreen.said #message { display: block; }
    ImportScreen.said LongTable { display: none; }
    ImportScreen #about { height: 5; padding: 1 1 0 1; background: $background; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_failed_only = False
        self._made_of: tuple[object, object, bool] = (None, None, False)
        self._last: tuple[Snapshot, Palette, str] | None = None
        self._asked: Reading | None = None
        """Whose columns were asked about already."""

    def compose(self) -> ComposeResult:
        """Lay out lines, rows, what is said instead of them, the row under the cursor and keys."""
        yield TopLines()
        yield LongTable[Line](COLUMNS, self._cells, id="rows")
        yield StillStatic(id="message")
        yield StillStatic(id="about")
        yield Static(id="keys")

    @property
    def table(self) -> LongTable[Line]:
        """The rows."""
        return self.query_one("#rows", LongTable)

    @property
    def reading(self) -> Reading | None:
        """The file, as far as it is."""
        return self.room.services.billing.reading

    def on_mount(self) -> None:
        """Give the keys to the table."""
        self.table.focus()

    def target(self) -> str | None:
        """No router is meant here."""
        return None

    # --- showing

    def show(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        """Show the file as far as it is."""
        self._last = (snapshot, palette, mode)
        reading = self.reading
        if reading is None:
            return
        if reading.is_asking and self._asked is not reading:
            self._asked = reading
            self.app.push_screen(ColumnsView(reading))
        rejected = reading.outcome.rejected if reading.outcome is not None else None
        made_of = (reading.shown, rejected, self._is_failed_only)
        if any(new is not old for new, old in zip(made_of, self._made_of, strict=True)):
            self._made_of = made_of
            self.table.show(lines_of(reading, is_failed_only=self._is_failed_only))
            self.table.move_to(0)
        message = _instead(reading, palette, self.room.keymap, has_rows=bool(self.table.rows))
        self.say_instead(message, self.table)
        self._show_top(reading, palette, mode)
        self._show_about(reading, palette)

    def on_long_table_moved(self) -> None:
        """Tell of the row under the cursor."""
        if self._last is not None and self.reading is not None:
            self._show_about(self.reading, self._last[1])

    def _cells(self, line: Line) -> Mapping[str, Text]:
        assert self._last is not None
        return cells(line, self._last[1])

    def _show_top(self, reading: Reading, palette: Palette, mode: str) -> None:
        width = self.width_of_lines()
        first = first_line(
            f"mktui · {reading.file.name}", mode, Text.assemble(_headline(reading, palette), style=palette.plain), width
        )
        left = f"Billing › {reading.what}s › import{'   failed only' if self._is_failed_only else ''}"
        right = words.fit(str(reading.layout or reading.file.parent), max(8, width - len(left) - 2))
        self.query_one(TopLines).show(first, second_line(palette, width, left, right))

    def _show_about(self, reading: Reading, palette: Palette) -> None:
        line = self.table.current if not self.has_class("said") else None
        told = Text(_in_full(line), style=palette.state("critical") if isinstance(line, RowError) else "")
        last = Text(_next(reading, self.room.keymap), style=palette.accent)
        if reading.is_writing and self._last is not None:
            last = _progress(reading, self._last[0], palette)
        text = Text("\n").join((*in_lines(told, self.width_of_lines(), 3), last))
        text.no_wrap, text.overflow = True, "ellipsis"
        self.query_one("#about", StillStatic).show(text)

    # --- keys

    def action_apply(self) -> None:
        """Ask, then write what is shown."""
        reading = self.reading
        if not may_edit(self.room, "apply") or reading is None:
            return
        if reading.is_writing or reading.outcome is not None:
            self.notify("it is being written" if reading.is_writing else "it is written already", severity="warning")
        elif reading.is_asking:
            self.app.push_screen(ColumnsView(reading))
        elif reading.shown is None or not reading.total:
            self.notify("there is nothing to write", severity="warning")
        else:
            follows = _consequence(reading, self.room.keymap)
            self.app.push_screen(Confirm(reading.file.name, _doing(reading), follows, must_type=False), self._answered)

    def _answered(self, yes: bool | None) -> None:
        if yes:
            self.room.services.billing.import_file()
            self.room.look()
        else:
            self.notify("nothing was written")

    def form(self) -> ColumnsView | None:
        """Which column is which field: to be looked at and changed until it is written."""
        reading = self.reading
        if reading is None or reading.layout is None or reading.is_writing or reading.outcome is not None:
            return None
        return ColumnsView(reading)

    def action_failed(self) -> None:
        """Show only the lines that cannot be, or all again."""
        self._is_failed_only = not self._is_failed_only
        self.room.look()


def lines_of(reading: Reading, *, is_failed_only: bool) -> tuple[Line, ...]:
    """Return a file's rows: the bad ones first, then what it changes, then what it adds."""
    shown = reading.shown
    if shown is None:
        return ()
    bad = reading.outcome.rejected if reading.outcome is not None else shown.rejected
    bad = tuple(sorted(bad, key=lambda error: (len(error.where), error.where)))  # line 9 before line 10
    return bad if is_failed_only else (*bad, *shown.changed, *shown.added)


def cells(line: Line, palette: Palette) -> Mapping[str, Text]:
    """Return a row as the table shows it."""
    if isinstance(line, RowError):
        style = palette.state("critical")
        named = f"{line.field} {line.value}".strip()
        return {"glyph": Text(" ✗", style=style), "where": Text(line.where), "name": Text(named),
                "what": Text(line.problem, style=style)}  # fmt: skip
    is_new = line.before is None
    style = palette.style("text-success") if is_new else palette.accent
    return {"glyph": Text(" +" if is_new else " ~", style=style), "where": Text(line.where, style=palette.quiet),
            "name": Text(line.name, style="bold"), "what": Text(_what(line))}  # fmt: skip


def _what(change: RowChange) -> str:
    own = {"username", "name", "external_id"} if change.before is None else frozenset()
    return ", ".join(
        f"{each.field} {f'{each.before} → ' if each.before else ''}{each.after or '(none)'}"
        for each in change.fields if each.field not in own
    )  # fmt: skip


def _in_full(line: Line | None) -> str:
    if line is None:
        return ""
    return str(line) if isinstance(line, RowError) else f"{line.where}: {line.name}: {_what(line)}"


def in_lines(text: Text, width: int, count: int) -> list[Text]:
    """Return a text in so many lines; the last one is cut."""
    parts = textwrap.wrap(text.plain, max(20, width), max_lines=count, placeholder=" …")
    return [Text(part, style=text.style) for part in (*parts, *[""] * (count - len(parts)))]


def _instead(reading: Reading, palette: Palette, keymap: Keymap, *, has_rows: bool) -> Text | None:
    if reading.is_unsure:
        unknown = f"▲ what became of {reading.file.name} is not known"
        again = "Read it again: what was written is in billing then, and is left as it is."
        return Text.assemble((unknown, palette.state("critical")), f"\n\n{reading.problem}\n\n{again}")
    if reading.problem:
        why = f"▲ {reading.file.name} {'could not be written' if reading.shown else 'cannot be read'}"
        return Text.assemble((why, palette.state("critical")), f"\n\n{reading.problem}\n\nNothing was written.")
    if reading.is_asking:
        return Text.assemble(("? It has to be said which column is which.", palette.state("warning")),
                             f"\n\n{keymap.key('edit')} shows them, with a guess. Nothing was written.")  # fmt: skip
    if reading.shown is None:
        return Text(f"reading {reading.file.name} …", style=palette.quiet)
    if not has_rows:
        return Text(f"Nothing to do: {words.count(reading.shown.unchanged, 'row')} as billing has it.")
    return None


def _headline(reading: Reading, palette: Palette) -> Text:
    shown, outcome = reading.shown, reading.outcome
    if shown is None:
        return Text("")
    added = outcome.added if outcome is not None else len(shown.added)
    changed = outcome.changed if outcome is not None else len(shown.changed)
    bad = len({error.where for error in (outcome or shown).rejected})
    parts = [Text(f"✗ {words.count(bad, 'bad line')}", style=palette.state("critical"))] if bad else []
    parts += [
        Text(f"{added:,} {'added' if outcome else 'to add'}"),
        Text(f"{changed:,} {'changed' if outcome else 'to change'}"),
        Text(f"{shown.unchanged:,} as they are", style=palette.quiet),
    ]
    return Text(" · ").join(parts)


def _next(reading: Reading, keymap: Keymap) -> str:
    if reading.outcome is not None:
        billing, undo = keymap.key("billing"), keymap.key("undo")
        return f"Written. On screen {billing}, {undo} takes it back; the next syncs bring it to the routers."
    if reading.shown is None or reading.problem:
        return ""
    told = [note for note in reading.shown.rows.notes if not note.startswith("not complete")]  # nobody has said so here
    notes = f"{told[0]}. " if told else ""
    bad = "bad lines are left out, the others go in" if reading.shown.rejected else "every line can be read"
    if not reading.total:
        return f"{notes}Nothing would be written."
    return f"{notes}Nothing is written yet: {bad}. {keymap.key('apply')} writes it."


def _doing(reading: Reading) -> str:
    return f"Write {words.count(reading.total, 'row')} into billing from"


def _consequence(reading: Reading, keymap: Keymap) -> str:
    shown = reading.shown
    assert shown is not None
    bad = len({error.where for error in shown.rejected})
    left = f" {words.count(bad, 'bad line')} of the file {'is' if bad == 1 else 'are'} left out." if bad else ""
    back = f"{keymap.key('undo')} on screen {keymap.key('billing')} takes it back"
    return (
        f"{words.count(len(shown.added), 'row')} added, {len(shown.changed):,} changed.{left} Who is not in the file "
        f"stays as he is. The next syncs bring it to the routers; {back}."
    )


def _progress(reading: Reading, snapshot: Snapshot, palette: Palette) -> Text:
    bar = words.progress(reading.written, reading.total, 30)
    text = Text.assemble((bar, palette.accent), f" {reading.written:,} of {reading.total:,}")
    seconds = (snapshot.at - reading.begun_at).total_seconds() if reading.begun_at is not None else 0.0
    if reading.written and seconds > 1:
        rate = reading.written / seconds
        text.append(f"   {rate:,.0f}/s   {time_left((reading.total - reading.written) / rate)} left")
    return text
