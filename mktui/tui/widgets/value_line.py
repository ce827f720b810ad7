"""A line for a setting's value: in one for a key, a key that writes no letter is written by its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType

from mktui.tui.widgets.line import Line

if TYPE_CHECKING:
    from textual.events import Key

_HEARD: Final = re.compile(r"((ctrl|alt|shift)\+.+|f\d+|pageup|pagedown|insert|delete)")
"""Keys that are taken at their word where a key is asked for; the others edit what was typed."""


class ValueLine(Line):
    """``hears_keys``: what is pressed is what is meant."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "screen.next_source", "another way", show=False)]
    hears_keys = False

    async def on_key(self, event: Key) -> None:
        """Write the name of a key; all else goes on to what a line does with it."""
        if self.hears_keys and _HEARD.fullmatch(event.key) and not event.is_printable:
            event.stop()
            event.prevent_default()
            self.replace(event.key, *sorted(self.selection))
