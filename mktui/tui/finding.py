"""The app's part that opens a customer from anywhere: a name is typed, and his screen comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Static

from mktui.tui.room import Room
from mktui.tui.screens.customer import CustomerScreen
from mktui.tui.widgets.line import Line

if TYPE_CHECKING:
    from textual.app import ComposeResult


class Find(ModalScreen[str | None]):
    """One line at the bottom that asks for a text; None: it was left."""

    DEFAULT_CSS = """
    Find { align: left bottom; background: $background 0%; }
    Find #line { height: 1; width: 100%; background: $surface; padding: 0 1; }
    Find #line Static { width: auto; text-style: bold; }
    Find #line Input { width: 1fr; border: none; background: $surface; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave", show=False)]

    def __init__(self, question: str, hint: str, value: str = "") -> None:
        super().__init__()
        self._question, self._hint, self._value = question, hint, value

    def compose(self) -> ComposeResult:
        """Lay out question and answer."""
        with Horizontal(id="line"):
            yield Static(self._question)
            yield Line(self._value, placeholder=self._hint, id="answer", compact=True)

    def on_input_submitted(self, event: Line.Submitted) -> None:
        """Take the text; an empty one is none."""
        event.stop()
        self.dismiss(event.value.strip() or None)

    def action_leave(self) -> None:
        """Leave it."""
        self.dismiss(None)


class FindsCustomers(Room):
    """An app in which ``f`` finds a customer."""

    def action_customer(self) -> None:
        """Ask for a name, and open his screen."""
        if not isinstance(self.screen, ModalScreen):
            self.push_screen(Find("find a customer:", "his whole name, as he logs in"), self._found)

    async def _found(self, name: str | None) -> None:
        if name is None:
            return
        if isinstance(self.screen, CustomerScreen):
            self.pop_screen()
        await self.show_screen(CustomerScreen(name))
