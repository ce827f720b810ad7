"""One row of a plan or of a report, whole and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from mktui.sync.plan import Change
from mktui.sync.report import RowReport
from mktui.sync.wording import menu_name
from mktui.tui import words
from mktui.tui.palette import Palette
from mktui.tui.plan_rows import Finding, Outcome, advice
from mktui.tui.screens.modals import box_css

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from mktui.tui.keymap import Keymap
    from mktui.tui.plan_rows import PlanRow

_MOST_NAMES = 200


class RowView(ModalScreen[None]):
    """A row with every field, before and after, why, and what can be done."""

    DEFAULT_CSS = box_css("RowView")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "close", show=False)]

    def __init__(self, row: PlanRow, router: str, keymap: Keymap) -> None:
        super().__init__()
        self._row, self._router, self._keymap = row, router, keymap

    def compose(self) -> ComposeResult:
        """Lay out the words."""
        with VerticalScroll(id="box"):
            palette = Palette(self.app.theme_variables)
            yield Static(in_words(self._row, self._router, palette, self._keymap))


def in_words(row: PlanRow, router: str, palette: Palette, keymap: Keymap) -> Text:
    """Return a whole row."""
    text = Text()
    match row:
        case Change():
            _change(text, row, palette)
        case RowReport():
            _change(text, row.change, palette)
            _outcome(text, row, palette)
        case Outcome():
            text.append(f"{words.count(row.count, 'row')} {row.status.value}\n\n", style="bold")
            text.append(f"{row.error}: {row.text}\n" if row.text else f"{row.error}\n")
        case Finding():
            text.append(f"{row.kind}: {_first(row)}\n\n", style="bold")
            text.append(f"{row.reason}\n")
            if len(row.rows) > 1:
                names = [each.name for each in row.rows[:_MOST_NAMES]]
                more = f" … and {len(row.rows) - _MOST_NAMES:,} more" if len(row.rows) > _MOST_NAMES else ""
                text.append(f"\n{', '.join(names)}{more}\n", style=palette.quiet)
    if hint := advice(row, router, keymap):
        text.append(f"\n{hint}\n", style=palette.style("text-accent"))
    text.append("\nesc closes")
    return text


def _first(row: Finding) -> str:
    first = row.rows[0]
    if len(row.rows) > 1:
        return words.count(len(row.rows), "row")
    return f"{menu_name(first.menu)} {first.name}"


def _change(text: Text, change: Change, palette: Palette) -> None:
    text.append(f"{change.action.value} {menu_name(change.menu)} {change.name}\n", style="bold")
    server = f" on {change.server}" if change.server else ""
    text.append(f"{change.external_id} in billing · {change.menu}{server}\n\n", style=palette.quiet)
    for name, before, after in change.shown():
        text.append(f"{name:<20} ", style=palette.quiet)
        was = f"{before} → " if before or not change.action.is_add else ""
        text.append(f"{was}{after or '(none)'}\n")
    if change.reason:
        text.append(f"\nbecause: {change.reason}\n")
    if change.needs is not None:
        text.append(f"needs {menu_name(change.needs[0])} {change.needs[1]}\n", style=palette.quiet)


def _outcome(text: Text, row: RowReport, palette: Palette) -> None:
    took = f" in {row.took_ms:.0f} ms" if row.took_ms is not None else ""
    text.append(f"\n{row.status.value}{took}\n", style="bold")
    if row.error or row.text:
        text.append(f"{row.error}: {row.text}\n", style=palette.style("text-error"))
