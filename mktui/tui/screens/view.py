"""What all screens have in common: two lines on top, a body, the keys at the bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.screen import Screen
from textual.widgets import Static

from mktui.tui import words
from mktui.tui.actions import Place, footer, is_at_home
from mktui.tui.style import LEVELS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.events import Resize
    from textual.widget import Widget

    from mktui.monitor.snapshot import RouterSnapshot, Snapshot
    from mktui.sync.order import Order
    from mktui.tui.palette import Palette
    from mktui.tui.room import Room


class View(Screen[None]):
    """A screen that shows snapshots. The app gives it one at each tick."""

    DEFAULT_CSS = """
    View { layout: vertical; background: $background; color: $foreground; }
    View #keys { height: 1; width: 100%; background: $panel; color: $foreground; padding: 0 0; }
    """

    VERTICAL_BREAKPOINTS = LEVELS
    place: ClassVar[Place] = Place.FLEET

    @property
    def room(self) -> Room:
        """The app that this screen belongs to."""
        return cast("Room", self.app)

    def show(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        """Show a snapshot."""
        raise NotImplementedError

    def on_resize(self, event: Resize) -> None:
        """Fit the keys and what is shown to the size; below a question nothing else would."""
        self.show_keys(event.size.width)
        self.call_later(self.room.paint, self)  # the size is the new one only when this message was dealt with

    def show_keys(self, width: int) -> None:
        """Show as many keys as fit."""
        keys = Text(" ", no_wrap=True)
        for action in footer(self.place, width, self.room.keymap.actions):
            keys.append(action.shown, style="bold")
            keys.append(f" {action.title}  ")
        self.query_one("#keys", Static).update(keys)

    def target(self) -> str | None:
        """The router that an action is meant for."""
        raise NotImplementedError

    def order(self) -> Order | None:
        """What a plan that is asked for here is for; None: everything."""
        return None

    def opened(self) -> Screen[None] | None:
        """Return a screen for what is under the cursor; None: there is nothing to open."""
        return None

    def form(self) -> Screen[None] | None:
        """Return a form for what is under the cursor; None: it is a router's settings that can be edited."""
        return None

    def may_leave(self, again: Callable[[], Awaitable[None] | None], *, is_back: bool) -> bool:
        """Say whether the screen may be left now. When not, it asks, and does ``again`` what was tried once it may.

        ``is_back``: one step back will do, which the screen may take by itself.
        """
        del again, is_back
        return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Say whether an action has a meaning here."""
        del parameters
        return is_at_home(action, self.place)

    def say_instead(self, message: Text | None, rows: Widget) -> None:
        """Show a message in place of the rows, or the rows again: Textual takes the keys from what it hides."""
        self.set_class(message is not None, "said")
        self.query_one("#message", StillStatic).show(message or Text())
        if message is None and self.focused is None:
            rows.focus()

    def width_of_lines(self) -> int:
        """Columns of the two top lines, inside their margin."""
        return (self.size.width or 80) - 2


def state_text(router: RouterSnapshot, palette: Palette) -> Text:
    """Return a router's health: glyph and word, colour besides."""
    status = router.health.status.value
    said = words.CONNECTING if words.is_connecting(router) else status
    return Text(f"{words.GLYPHS[status]} {said}", style=palette.state(status))


class StillStatic(Static):
    """A Static that is painted only when its text has changed."""

    DEFAULT_CSS = "StillStatic { text-wrap: nowrap; text-overflow: ellipsis; }"
    _shown: Text | None = None

    def show(self, text: Text) -> None:
        """Show a text."""
        if text != self._shown:
            self._shown = text
            self.update(text)
