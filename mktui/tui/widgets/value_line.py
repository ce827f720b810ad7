"""A line for a setting's value: in one for a key, a key that writes no letter is written by its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.widgets.input import Selection

from mktui.tui.widgets.line import Line

if TYPE_CHECKING:
    from textual.events import Key

_HEARD: Final = re.compile(r"((ctrl|alt|shift)\+.+|f\d+|pageup|pagedown|insert|delete)")
"""Keys that are taken at their word where a key is asked for; the others edit what was typed."""


class ValueLine(Line):
    """``hears_keys``: what is pressed is what is meant."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "screen.next_source", "another way", show=False)]
    hears_keys = False
    _pressed = ""
    """The key that was pressed last and not typed."""

    async def on_key(self, event: Key) -> None:
        """Write the name of a key; all else goes on to what a line does with it.

        One that is pressed takes the place of the one before it, unless there is a blank between. A chord with alt
        writes a letter to a terminal, and is a key all the same.
        """
        if not self.hears_keys:
            return
        if _HEARD.fullmatch(event.key) and (not event.is_printable or event.key.startswith("alt+")):
            event.stop()
            event.prevent_default()
            start, end = self._word() if self.selection.is_empty else sorted(self.selection)
            self.replace(event.key, start, end)
            self._pressed = event.key
        elif event.is_printable and event.character != " " and self.selection.is_empty:
            start, end = self._word()
            if self.value[start:end] == self._pressed:
                self.selection = Selection(start, end)
            self._pressed = ""

    def _word(self) -> tuple[int, int]:
        """Return where the word at the cursor begins and ends."""
        start = self.value.rfind(" ", 0, self.cursor_position) + 1
        end = self.value.find(" ", self.cursor_position)
        return start, len(self.value) if end < 0 else end
