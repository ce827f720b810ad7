"""The two lines at the top of every screen: where you are, and how the fleet is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import Static

from mktui.tui import words

if TYPE_CHECKING:
    from mktui.monitor.snapshot import Snapshot
    from mktui.tui.palette import Palette

GAP: Final = 2
"""Columns between two figures."""


def first_line(left: str, mode: str, right: Text, width: int) -> Text:
    """Return name at the left, mode in the middle, figures at the right."""
    middle = f"{left}  {mode}"
    gap = max(1, width - len(middle) - right.cell_len)
    return Text.assemble((left, "bold"), "  ", (mode, "bold"), " " * gap, right)


def second_line(palette: Palette, width: int, left: str | Text, *right: str | Text) -> Text:
    """Return where we are at the left; at the right what has room, the last before all. Plain text is quiet."""
    ends = (left, *(end for end in right if end))
    start, *parts = [Text(end, style=palette.quiet) if isinstance(end, str) else end for end in ends]
    while len(parts) > 1 and start.cell_len + sum(part.cell_len + GAP for part in parts) > width:
        parts.pop(0)
    end = Text(" " * GAP).join(parts)
    return Text(" " * max(1, width - start.cell_len - end.cell_len)).join((start, end))


def fleet_line(snapshot: Snapshot, mode: str, palette: Palette, width: int) -> tuple[Text, list[Text]]:
    """Return a first line with the fleet's states and as many of its figures as there is room for, and the others."""
    left, right = f"mktui · {snapshot.title}", _counts(snapshot, palette)
    room = width - cell_len(f"{left}  {mode}") - right.cell_len - GAP
    others = figures(snapshot, palette)
    while others and others[0].cell_len + GAP <= room:
        room -= others[0].cell_len + GAP
        right = Text(" " * GAP).join((right, others.pop(0)))
    return first_line(left, mode, right, width), others


def figures(snapshot: Snapshot, palette: Palette) -> list[Text]:
    """Return what the whole fleet is measured by: its slowest router, errors of the last minute, rows not yet there."""
    slowest = max((router.pool.performance.response.p95 or 0.0 for router in snapshot.routers), default=0.0)
    errors = sum(router.pool.performance.failing for router in snapshot.routers)
    states = [router.sync for router in snapshot.routers]
    is_known = any(state.finished_at or state.is_running or state.pending for state in states)
    pending = f"{sum(state.pending for state in states):,}" if is_known else words.UNKNOWN
    return [
        Text(f"p95 up to {words.milliseconds(slowest)} ms" if slowest else f"p95 {words.UNKNOWN}", style=palette.quiet),
        Text(f"{words.count(errors, 'error')}/min", style=palette.state("warning") if errors else palette.quiet),
        Text(f"{pending} pending", style=palette.quiet),
    ]


def _counts(snapshot: Snapshot, palette: Palette) -> Text:
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
