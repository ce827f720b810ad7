"""A text that may be longer than the screen: it is read as a table is, with the same keys."""

from __future__ import annotations

from textual.containers import VerticalScroll


class Page(VerticalScroll):
    """Moves a line at a time."""

    DEFAULT_CSS = "Page { height: 1fr; background: $background; scrollbar-size-vertical: 1; padding: 1 1 0 1; }"

    def action_cursor_down(self) -> None:
        """Next line."""
        self.scroll_down(animate=False)

    def action_cursor_up(self) -> None:
        """Line before."""
        self.scroll_up(animate=False)

    def action_scroll_top(self) -> None:
        """First line."""
        self.scroll_home(animate=False)

    def action_scroll_bottom(self) -> None:
        """Last line."""
        self.scroll_end(animate=False)
