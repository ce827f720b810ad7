"""Screen 3: what went wrong, the newest first, what it adds up to, and the whole of the row under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from mktui.monitor.records import per_hour, totals
from mktui.sync.report import hint_for
from mktui.tui import words
from mktui.tui.actions import Place
from mktui.tui.screens.log import WIDE, LogScreen, ago, shown, when
from mktui.tui.widgets.live_table import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from datetime import datetime

    from mktui.monitor.records import SeenError
    from mktui.monitor.snapshot import Snapshot
    from mktui.tui.palette import Palette

COLUMNS: Final = (
    Column("time", " TIME", 14),
    Column("router", "ROUTER", 17),
    Column("kind", "CLASS", 15),
    Column("command", "COMMAND", 26, least=WIDE),
    Column("repeats", "TIMES", 6, is_number=True),
    Column("gap", "", 1),
    Column("text", "TEXT", 0),
)
SORTS: Final[dict[str, Callable[[SeenError], tuple[object, ...]] | None]] = {
    "time": None,
    "router": lambda row: (row.router,),
    "class": lambda row: (row.kind,),
    "command": lambda row: (not row.command, row.command),
    "times": lambda row: (-row.repeats,),
}
"""The rows come with the newest first, and within one router, class or command they stay so."""
_QUIET: Final = frozenset({"RouterChanged", "SessionLimit"})
"""Classes that nothing has failed by."""
_TALL: Final = 30
"""Lines of a terminal from which on there is room for the commands too."""
_HEAD: Final = 10


class ErrorsScreen(LogScreen["SeenError"]):
    """The error log; ``router``: only of this one, "": of all."""

    place = Place.ERRORS
    columns = COLUMNS
    orders = tuple(SORTS)
    named = "Errors"
    hint = "filter: part of a router, class, command or text; ! in front for all others"

    def narrow(self, router: str) -> None:
        """Show only the errors of one router; "": of all again."""
        self.router = router
        self.again()

    def rows(self) -> Sequence[SeenError]:
        """Return the log, and let it be read soon."""
        services = self.room.services
        services.watch_errors()
        return services.errors().rows

    def texts_of(self, row: SeenError) -> tuple[str, ...]:
        """Return what a filter looks into."""
        return row.router, row.kind, row.command, row.text

    def router_of(self, row: SeenError) -> str:
        """Return the router of a row."""
        return row.router

    def same(self, row: SeenError) -> Hashable:
        """Return what stays when a row is repeated."""
        return row.at, row.key

    def sort_key(self) -> Callable[[SeenError], tuple[object, ...]] | None:
        """Return what the rows are sorted by now."""
        return SORTS[self.sorted_by]

    def nothing(self) -> str:
        """Return what is said when there is no row at all."""
        return "an error comes here by itself; its repeats are one row"

    def cells(self, row: SeenError, palette: Palette, now: datetime, *, is_wide: bool) -> Mapping[str, Text]:
        """Return a row as the table shows it."""
        quiet = palette.quiet
        command = "" if is_wide or not row.command else f"  {row.command}"
        return {
            "time": Text(f" {when(row.latest, now)}", style=quiet),
            "router": Text(row.router, style="bold"),
            "kind": Text(row.kind, style=quiet if row.kind in _QUIET else palette.state("warning")),
            "command": Text(row.command or words.UNKNOWN, style="" if row.command else quiet),
            "repeats": Text(f"{row.repeats:,}" if row.repeats > 1 else ""),
            "gap": Text(""),
            "text": Text.assemble(shown(row.text), (command, quiet)),
        }

    def as_line(self, row: SeenError) -> str:
        """Return a row to be pasted somewhere else."""
        times = f" ×{row.repeats}" if row.repeats > 1 else ""
        parts = (row.latest.isoformat(timespec="seconds"), row.router, row.kind, row.command, shown(row.text))
        return " ".join(part for part in parts if part) + times

    def whole(self, row: SeenError, snapshot: Snapshot, palette: Palette) -> list[Text]:
        """Return the row under the cursor with nothing left out."""
        head = Text.assemble((row.kind, f"bold {palette.state('warning')}"), f" on {row.router}")
        head.append(f", {row.command}" if row.command else "")
        times = f"{row.repeats:,} times since {when(row.at, snapshot.at)}, last" if row.repeats > 1 else "once,"
        lines = [head, Text(shown(row.text)), Text(f"{times} {ago(row.latest, snapshot.at)}", style=palette.quiet)]
        if hint := hint_for(row.text):
            lines.insert(2, Text(hint, style=palette.accent))
        return lines

    def sums(self, snapshot: Snapshot, palette: Palette) -> Text:
        """Return the day's hours as bars, and its classes, routers and commands."""
        log = self.room.services.errors().of(self.router)
        if not log.counts:
            whose = f" on {self.router}" if self.router else ""
            well = f"nothing went wrong{whose} within 24 hours, as far as is known"
            return Text.assemble(("● ", palette.state("healthy")), well)
        width, is_tall = self.width_of_lines(), (self.size.height or 24) >= _TALL
        lines = [_hours(per_hour(log.counts, snapshot.at), palette)]
        lines.append(_fitted("classes", totals(log.counts, "kind"), palette, width))
        if not self.router:
            lines.append(_fitted("routers", totals(log.counts, "router"), palette, width))
        if is_tall or self.router:
            commands = [(command, times) for command, times in totals(log.counts, "command") if command]
            lines.append(_fitted("commands", commands, palette, width))
        return Text("\n").join(lines)


def _hours(hours: tuple[int, ...], palette: Palette) -> Text:
    """Return the last 24 hours as bars, the running one at the right end."""
    bars = words.sparkline([float(number) or None for number in hours], 24)
    worst = max(hours)
    line = Text.assemble((f"{'24 hours':<{_HEAD}}", palette.quiet), ("▕", palette.quiet), (bars, palette.accent),
                         ("▏", palette.quiet), f" {sum(hours):,}", (" errors, ", palette.quiet), f"{hours[-1]:,}",
                         (" this hour", palette.quiet))  # fmt: skip
    if worst > hours[-1]:
        hours_ago = 23 - max(at for at, number in enumerate(hours) if number == worst)
        line.append(f", at most {worst:,}: {hours_ago} h ago", style=palette.quiet)
    return line


def _fitted(head: str, sums: list[tuple[str, int]], palette: Palette, width: int) -> Text:
    """Return as many sums as fit, the biggest first; what is left out is added up."""
    line = Text.assemble((f"{head:<{_HEAD}}", palette.quiet))
    for number, (name, times) in enumerate(sums):
        gap = "  " if number else ""
        rest = sum(more for _, more in sums[number + 1 :])
        room = width - line.cell_len - (len(f"  +{rest:,} more") if rest else 0)
        if len(f"{gap}{name} {times:,}") > room:
            line.append(f"{gap}+{times + rest:,} more", style=palette.quiet)
            break
        line.append(f"{gap}{name} ").append(f"{times:,}", style="bold")
    if not sums:
        line.append(words.UNKNOWN, style=palette.quiet)
    return line
