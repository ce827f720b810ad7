"""The question for how long nothing is told of an alert."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from mktui.tui.screens.modals import box_css

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from mktui.monitor.snapshot import SeenAlert

LENGTHS: Final = {
    "1": ("1 hour", timedelta(hours=1)), "8": ("8 hours", timedelta(hours=8)), "d": ("1 day", timedelta(days=1)),
    "w": ("1 week", timedelta(weeks=1)),
}  # fmt: skip
"""Key -> how long."""


class Wish(NamedTuple):
    """What is to be silenced; an empty rule is every one of the router."""

    rule: str
    router: str
    length: timedelta


class Silencing(ModalScreen[Wish | None]):
    """Asks for how long, and whether for this rule alone; None: it is not."""

    DEFAULT_CSS = box_css("Silencing")
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"take({key!r})", words, show=False) for key, (words, _) in LENGTHS.items()),
        Binding("r", "widen", "every rule", show=False),
        Binding("n,escape,q", "leave", "no", show=False),
    ]

    def __init__(self, alert: SeenAlert) -> None:
        super().__init__()
        self._alert = alert
        self._is_wide = False

    def compose(self) -> ComposeResult:
        """Lay out the choice."""
        with Vertical(id="box"):
            yield Static(self._text(), id="choice", markup=False)

    def _text(self) -> Text:
        what = "every alert" if self._is_wide else self._alert.rule
        text = Text.assemble((f"Silence {what} of {self._alert.router}?", "bold"), "\n\n")
        text.append("Nothing of it is told meanwhile. What was told as firing is still told as resolved.\n\n")
        for key, (words, _) in LENGTHS.items():
            text.append(f"  {key}", style="bold").append(f"  for {words}\n")
        text.append("\n  r", style="bold")
        text.append(f"  {f'only {self._alert.rule}' if self._is_wide else 'every alert of this router'}\n")
        return text.append("\nesc leaves it as it is")

    def action_widen(self) -> None:
        """Take every rule of the router, or this one alone again."""
        self._is_wide = not self._is_wide
        self.query_one("#choice", Static).update(self._text())

    def action_take(self, key: str) -> None:
        """Take so long."""
        self.dismiss(Wish("" if self._is_wide else self._alert.rule, self._alert.router, LENGTHS[key][1]))

    def action_leave(self) -> None:
        """Leave it as it is."""
        self.dismiss(None)
