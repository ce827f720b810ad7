"""The questions of billing's screens: shall this be saved, shall it be done to all of these, for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text
from textual.containers import VerticalScroll
from textual.widgets import Static

from mktui.billing.sources.rows import SECRET_FIELDS
from mktui.tui import words
from mktui.tui.customer_deeds import DAYS, Extend
from mktui.tui.palette import Palette
from mktui.tui.screens.modals import Confirm, box_css
from mktui.tui.widgets.line import Line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from textual.app import ComposeResult

    from mktui.billing.model import Subscriber
    from mktui.billing.sources.preview import RowChange

TYPED_FROM: Final = 10
"""Who would change so many at once types their number."""
_SHOWN: Final = 12


def some(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = f" … and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


class ConfirmMany(Confirm):
    """Asks before something is done to several; many of them must be counted by hand."""

    DEFAULT_CSS = box_css("ConfirmMany")
    typed = "how many there are"

    def __init__(self, doing: str, names: Sequence[str], consequence: str) -> None:
        super().__init__(str(len(names)), doing, consequence, must_type=len(names) >= TYPED_FROM)
        self._names = names

    def compose(self) -> ComposeResult:
        """Lay out question, names and answer."""
        question = Text.assemble((f"{self._doing} {words.count(len(self._names), 'subscriber')}?", "bold"))
        question.append(f"\n\n{some(self._names)}\n\n{self._consequence}\n")
        with VerticalScroll(id="box"):
            yield Static(question)
            if self._must_type:
                yield Static(f"They are many: type their number ({self._router}), then ⏎. esc leaves them alone.")
                yield Line(id="name", compact=True)
                yield Static(id="wrong", markup=False)
            else:
                yield Static("y yes   n no")

    def on_mount(self) -> None:
        """What must be typed has the keys."""
        if self._must_type:
            self.query_one("#name", Line).focus()


class ExtendMany(Extend):
    """Asks by how many days several are paid for longer."""

    DEFAULT_CSS = box_css("ExtendMany")

    def __init__(self, subscribers: Sequence[Subscriber], left_out: str, now: datetime) -> None:
        super().__init__(subscribers[0], now)
        self._subscribers, self._left_out = subscribers, left_out

    def compose(self) -> ComposeResult:
        """Lay out the choice."""
        count = words.count(len(self._subscribers), "subscriber")
        text = Text.assemble((f"Extend {count}?", "bold"))
        text.append(f"\n\n{some([each.username for each in self._subscribers])}\n{self._left_out}\n")
        for key, days in DAYS.items():
            text.append(f"  {key}", style="bold")
            text.append(f"  {words.count(days, 'day'):>7} more, each from his own end, or from now where it is over\n")
        text.append("\nesc leaves them as they are")
        with VerticalScroll(id="box"):
            yield Static(text)


class SaveRow(Confirm):
    """Shows what saving changes in a row, field by field, and what follows; no secret is in it."""

    DEFAULT_CSS = box_css("SaveRow")
    typed = "his name"

    def __init__(self, change: RowChange, warning: str, consequence: str, *, must_type: bool) -> None:
        super().__init__(change.name, "Save", consequence, must_type=must_type)
        self._change, self._warning = change, warning

    def compose(self) -> ComposeResult:
        """Lay out difference, warning, what follows, and answer."""
        palette, change = Palette(self.app.theme_variables), self._change
        count = words.count(len(change.fields), "change")
        title = f"Add {change.what} {change.name}?" if change.before is None else f"Save {count} to {change.name}?"
        lines = [Text(title, style="bold"), Text()]
        for each in change.fields:
            is_shown = change.before is not None and each.field not in SECRET_FIELDS
            before = f"{each.before or '(none)'} → " if is_shown else ""
            lines.append(Text.assemble((f"{each.field:<24} ", palette.quiet), (before, palette.quiet),
                                       each.after or "(none)"))  # fmt: skip
        if self._warning:
            lines += [Text(), Text(self._warning, style=palette.state("warning"))]
        lines += [Text(), Text(self._consequence), Text()]
        with VerticalScroll(id="box"):
            yield Static(Text("\n").join(lines))
            if self._must_type:
                told = f"He is protected: type his name ({self._router}), then ⏎. esc saves nothing."
                yield Static(told, markup=False)
                yield Line(id="name", compact=True)
                yield Static(id="wrong", markup=False)
            else:
                yield Static("y saves   n does not")

    def on_mount(self) -> None:
        """What must be typed has the keys."""
        if self._must_type:
            self.query_one("#name", Line).focus()
