"""Which column of a file is which field: a guess with samples, changed column by column before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, TypeVar, cast

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from mktui.billing.model import Profile, Subscriber
from mktui.billing.sources.fields import COLUMNS, REQUIRED
from mktui.billing.sources.header import IGNORED
from mktui.billing.sources.layout import Column as Their
from mktui.billing.sources.layout import How, columns_of, offer, why_not
from mktui.tui.palette import Palette
from mktui.tui.screens.modals import box_css
from mktui.tui.widgets.live_table import Column
from mktui.tui.widgets.long_table import LongTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult
    from textual.events import Resize

    from mktui.billing.sources.rows import What
    from mktui.services.billing import Reading
    from mktui.tui.room import Room

T = TypeVar("T")

TABLE: Final = (
    Column("glyph", "", 2),
    Column("name", "COLUMN", 22),
    Column("is", "IS", 19),
    Column("samples", "SAMPLES", 0),
)
FIELDS: Final = (Column("glyph", "", 2), Column("field", "FIELD", 20), Column("means", "MEANS", 0))
_AROUND: Final = 11
"""Lines of the box beside the table's rows."""
_PASSED: Final = "(passed over)"
_MOVES: Final[list[BindingType]] = [
    Binding("j", "move('cursor_down')", "down", show=False), Binding("k", "move('cursor_up')", "up", show=False),
    Binding("g", "move('scroll_top')", "top", show=False), Binding("G", "move('scroll_bottom')", "bottom", show=False),
]  # fmt: skip


class Picking(ModalScreen[T]):
    """A box with a table that has the keys."""

    def on_resize(self, event: Resize) -> None:
        """Give the table the lines that it needs, as far as there are so many."""
        table = self.query_one(LongTable)
        table.styles.height = max(2, min(len(table.rows) + 1, event.size.height - _AROUND))

    async def action_move(self, how: str) -> None:
        """Move as a table is moved elsewhere."""
        await self.query_one(LongTable).run_action(how)

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)


def _css(screen: str) -> str:
    return box_css(screen) + f"{screen} #box {{ width: 98%; max-width: 118; }}"


class FieldPick(Picking["str | None"]):
    """Asks which field a column is; None: it stays what it was."""

    DEFAULT_CSS = _css("FieldPick")
    BINDINGS: ClassVar[list[BindingType]] = [
        *_MOVES, Binding("enter", "take", "take", show=False), Binding("escape,q", "leave", "leave", show=False),
    ]  # fmt: skip

    def __init__(self, column: Their, what: What, used: Mapping[str, str]) -> None:
        super().__init__()
        self._column, self._what, self._used = column, what, used

    def compose(self) -> ComposeResult:
        """Lay out the fields."""
        samples = " · ".join(self._column.samples) or "nothing in the first lines"
        with Vertical(id="box"):
            yield Static(Text.assemble(("Which field is ", "bold"), (self._column.name.strip(), "bold"), "?\n"))
            yield Static(Text(f"{samples}\n", no_wrap=True, overflow="ellipsis"))
            yield LongTable[str](FIELDS, self._cells, id="fields")
            yield Static("\n⏎ takes it   esc leaves it as it is")

    def on_mount(self) -> None:
        """Begin at what it is now."""
        table = self.query_one(LongTable)
        fields = (IGNORED, *COLUMNS[self._what])
        table.show(fields)
        table.move_to(fields.index(self._column.meant) if self._column.meant in fields else 0)
        table.focus()

    def _cells(self, field: str) -> Mapping[str, Text]:
        palette = Palette(self.app.theme_variables)
        if field == IGNORED:
            means = Text("nothing here: pass the column over")
            return {"glyph": Text(""), "field": Text(_PASSED), "means": means}
        other = self._used.get(field, "")
        means = Text(f"now {other}: ", style=palette.state("warning")) if other else Text("")
        means.append(meaning_of(field, self._what))
        return {"glyph": Text("*" if field in REQUIRED[self._what] else ""), "field": Text(field, style="bold"),
                "means": means}  # fmt: skip

    def action_take(self) -> None:
        """Take the field under the cursor."""
        self.dismiss(self.query_one(LongTable).current)

    def on_long_table_selected(self) -> None:
        """A second click takes it too."""
        self.action_take()


def meaning_of(field: str, what: What) -> str:
    """Return what a field is, in a few words."""
    if field == "price":
        return "what it costs, with two decimals: 12.50"
    described = (Profile if what == "profile" else Subscriber).model_fields[field]
    return described.description or ""


class ColumnsView(Picking[None]):
    """Asks which column is which field, or lets it be looked at; then the file is read so."""

    DEFAULT_CSS = _css("ColumnsView")
    BINDINGS: ClassVar[list[BindingType]] = [
        *_MOVES,
        Binding("enter,e", "pick", "another field", show=False), Binding("minus", "pass_over", "pass over", show=False),
        Binding("a", "go_on", "go on", show=False), Binding("escape,q", "leave", "leave", show=False),
    ]  # fmt: skip

    def __init__(self, reading: Reading) -> None:
        super().__init__()
        assert reading.layout is not None
        self._layout, self._what, self._file = reading.layout, reading.what, reading.file
        self._mapped = dict(reading.mapped)
        offered = offer(reading.layout, reading.what, {}) if reading.is_asking else {}
        self._offered = {name: field for name, field in offered.items() if self._mapped.get(name) == field}

    def compose(self) -> ComposeResult:
        """Lay out the columns."""
        with Vertical(id="box"):
            title = Text.assemble(("Which column is which?", "bold"), f"  {self._file.name}\n{self._layout}\n")
            title.no_wrap, title.overflow = True, "ellipsis"
            yield Static(title)
            yield LongTable[Their](TABLE, self._cells, id="columns")
            yield Static(id="told")
            yield Static("⏎ another field   - pass it over   a go on   esc leave")

    def on_mount(self) -> None:
        """Show them, the first that needs somebody under the cursor."""
        self._show()
        rows = self.query_one(LongTable).rows
        asking = (at for at, each in enumerate(rows) if each.how in {How.UNKNOWN, How.GUESSED})
        self.query_one(LongTable).move_to(next(asking, 0))
        self.query_one(LongTable).focus()

    def _show(self) -> None:
        self.query_one(LongTable).show(columns_of(self._layout, self._what, self._mapped, self._offered))
        self.query_one("#told", Static).update(self._told())

    def _told(self) -> Text:
        palette = Palette(self.app.theme_variables)
        problem = why_not(self._layout, self._what, self._mapped)
        guess = Text("~ a guess: do its samples fit?" if self._offered else "", style=palette.accent)
        told = Text(f"▲ {problem}", style=palette.state("warning"))
        if not problem:
            told = Text("Nothing is written yet: a shows what the file would do.", style=palette.quiet)
        return Text("\n").join((Text(), guess, told))

    def _cells(self, column: Their) -> Mapping[str, Text]:
        palette = Palette(self.app.theme_variables)
        glyph, style = {
            How.NAMED: ("✓", palette.style("text-success")), How.CHOSEN: ("●", palette.style("text-success")),
            How.GUESSED: ("~", palette.accent), How.UNKNOWN: ("?", palette.state("warning")),
        }[column.how]  # fmt: skip
        if column.meant == IGNORED:
            glyph, style = "·", palette.quiet
        meant = {IGNORED: _PASSED, "": How.UNKNOWN.value}.get(column.meant, column.meant)
        samples = Text(" · ".join(column.samples), style=palette.quiet)
        return {"glyph": Text(glyph, style=style), "name": Text(column.name.strip(), style="bold"),
                "is": Text(meant, style=style), "samples": samples}  # fmt: skip

    def action_pick(self) -> None:
        """Ask which field the column under the cursor is."""
        column = self.query_one(LongTable).current
        if column is not None:
            others = columns_of(self._layout, self._what, self._mapped, {})
            used = {each.meant: each.name.strip() for each in others if each.meant and each.name != column.name}
            self.app.push_screen(FieldPick(column, self._what, used), self._picked)

    def _picked(self, field: str | None) -> None:
        column = self.query_one(LongTable).current
        if field is not None and column is not None:
            self._mapped[column.name] = field
            self._offered.pop(column.name, None)
            self._show()

    def action_pass_over(self) -> None:
        """Read nothing from the column under the cursor."""
        self._picked(IGNORED)

    def on_long_table_selected(self) -> None:
        """A second click asks."""
        self.action_pick()

    def action_go_on(self) -> None:
        """Read the file so, when it can be."""
        if problem := why_not(self._layout, self._what, self._mapped):
            self.notify(problem, severity="warning")
        else:
            room = cast("Room", self.app)
            room.services.billing.read_file(self._file, self._what, self._mapped)
            self.dismiss(None)
            room.look()
