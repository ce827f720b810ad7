"""A line to type in that obeys its keys in the order in which they came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

if TYPE_CHECKING:
    from textual.events import Key


class Line(Input):
    """An input for bursts of keys, as a bad link delivers them.

    Textual gives a letter to the input at once, but a key like ``ctrl+u`` only after it has gone up to the app and come
    back: of "ctrl+u 5" the 5 was typed first, and then deleted.
    """

    async def on_key(self, event: Key) -> None:
        """Do at once what an editing key means."""
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            event.stop()
            event.prevent_default()
            await self.app.run_action(binding.action, self)
            return
