"""One of a few words, turned through with the arrow keys or a click: a form's field that cannot be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

if TYPE_CHECKING:
    from collections.abc import Sequence


class Choice(Static, can_focus=True):
    """Shows ``◂ word ▸``."""

    DEFAULT_CSS = """
    Choice { height: 1; background: $surface; }
    Choice:focus { background: $panel; text-style: bold; }
    Choice:ansi:focus { text-style: bold reverse; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space,l", "turn(1)", "next", show=False),
        Binding("left,h", "turn(-1)", "before", show=False),
    ]

    class Changed(Message):
        """Another word was chosen."""

    def __init__(self, words: Sequence[str], *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, markup=False)
        self._words = tuple(words)
        self._place = 0
        self._paint()

    @property
    def place(self) -> int:
        """Which of the words it is."""
        return self._place

    @place.setter
    def place(self, place: int) -> None:
        self._place = place % len(self._words)
        self._paint()
        self.post_message(self.Changed())

    def action_turn(self, by: int) -> None:
        """Choose the next one, or the one before."""
        self.place += by

    def on_click(self) -> None:
        """Choose the next one."""
        self.action_turn(1)

    def _paint(self) -> None:
        self.update(f"◂ {self._words[self._place]} ▸")
