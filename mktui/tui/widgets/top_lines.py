"""The two lines at the top of every screen: where you are, and how the fleet is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from mktui.tui import words

if TYPE_CHECKING:
    from mktui.monitor.snapshot import Snapshot
    from mktui.tui.palette import Palette


def first_line(left: str, mode: str, right: Text, width: int) -> Text:
    """Return name at the left, mode in the middle, figures at the right."""
    middle = f"{left}  {mode}"
    gap = max(1, width - len(middle) - right.cell_len)
    return Text.assemble((left, "bold"), "  ", (mode, "bold"), " " * gap, right)


def counts(snapshot: Snapshot, palette: Palette) -> Text:
    """Return how many routers are in which state; the states that nobody is in are left out."""
    parts = []
    for status in ("healthy", "warning", "critical", "offline"):
        number = sum(router.health.status.value == status for router in snapshot.routers)
        if number:
            parts.append(Text(f"{words.GLYPHS[status]} {number} {status}", style=palette.state(status)))
    return Text("  ").join(parts)


class TopLines(Static):
    """Two lines of text."""

    DEFAULT_CSS = """
    TopLines {
        height: 2; width: 100%; background: $panel; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis;
    }
    """

    def show(self, first: Text, second: Text) -> None:
        """Show both lines, when they have changed."""
        both = Text("\n").join((first, second))
        both.no_wrap = True
        if getattr(self, "_shown", None) != both:
            self._shown = both
            self.update(both)
