"""Who changed what: each deed with its time, its hand, the place it came from, and how it ended."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from rich.text import Text

from mktui.tui import words
from mktui.tui.actions import Place
from mktui.tui.screens.log import WIDE, LogScreen, ago, shown, when
from mktui.tui.widgets.live_table import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from datetime import datetime

    from mktui.monitor.records import Audited
    from mktui.monitor.snapshot import Snapshot
    from mktui.tui.palette import Palette

COLUMNS: Final = (
    Column("time", " TIME", 14),
    Column("router", "ROUTER", 17),
    Column("what", "WHAT", 18, most=WIDE - 1),
    Column("who", "WHO", 9, most=WIDE - 1),
    Column("what", "WHAT", 32, least=WIDE),
    Column("who", "WHO", 16, least=WIDE),
    Column("from", "FROM", 24, least=WIDE),
    Column("outcome", "OUTCOME", 0),
)
SORTS: Final[dict[str, Callable[[Audited], tuple[object, ...]] | None]] = {
    "time": None,
    "router": lambda row: (row.router,),
    "what": lambda row: (row.what,),
    "who": lambda row: (row.who, row.origin),
    "outcome": lambda row: (not is_bad(row), row.outcome),
}
_BAD: Final = ("failed", "interrupted", "deferred")


def is_bad(row: Audited) -> bool:
    """Say whether a deed did not come to its end."""
    return row.outcome.startswith(_BAD) or " failed" in row.outcome


class ChangesScreen(LogScreen["Audited"]):
    """The audit log."""

    place = Place.CHANGES
    columns = COLUMNS
    orders = tuple(SORTS)
    named = "Changes"
    hint = "filter: part of a router, a deed, who, from where, or how it ended; ! in front"

    def rows(self) -> Sequence[Audited]:
        """Return the changes, and let them be read soon."""
        services = self.room.services
        services.watch_changes()
        return services.changes()

    def texts_of(self, row: Audited) -> tuple[str, ...]:
        """Return what a filter looks into."""
        return row.router, row.what, row.who, row.origin, row.outcome

    def router_of(self, row: Audited) -> str:
        """Return the router of a row."""
        return row.router

    def same(self, row: Audited) -> Hashable:
        """Return the row itself: nothing of it changes any more."""
        return row

    def sort_key(self) -> Callable[[Audited], tuple[object, ...]] | None:
        """Return what the rows are sorted by now."""
        return SORTS[self.sorted_by]

    def nothing(self) -> str:
        """Return what is said when there is no row at all."""
        return "what is done comes here by itself: who did it, from where, and how it ended"

    def cells(self, row: Audited, palette: Palette, now: datetime, *, is_wide: bool) -> Mapping[str, Text]:
        """Return a row as the table shows it."""
        del is_wide
        return {
            "time": Text(f" {when(row.at, now)}", style=palette.quiet),
            "router": Text(row.router or words.UNKNOWN, style="bold"),
            "what": Text(shown(row.what)),
            "who": Text(shown(row.who), style=palette.quiet),
            "from": Text(shown(row.origin), style=palette.quiet),
            "outcome": Text(shown(row.outcome), style=palette.state("warning") if is_bad(row) else ""),
        }

    def as_line(self, row: Audited) -> str:
        """Return a row to be pasted somewhere else."""
        who = f"{row.who} from {row.origin}:" if row.origin else f"{row.who}:"
        parts = (row.at.isoformat(timespec="seconds"), row.router, who, f"{row.what}:", row.outcome)
        return shown(" ".join(part for part in parts if part))

    def whole(self, row: Audited, snapshot: Snapshot, palette: Palette) -> list[Text]:
        """Return a row with nothing left out."""
        on = f" on {row.router}" if row.router else ""
        style = palette.state("warning") if is_bad(row) else ""
        return [
            Text.assemble((shown(row.what), "bold"), on),
            Text(shown(row.outcome), style=style),
            Text(
                shown(f"by {row.who} from {row.origin or words.UNKNOWN}, {ago(row.at, snapshot.at)}"),
                style=palette.quiet,
            ),
        ]

    def sums(self, snapshot: Snapshot, palette: Palette) -> Text:
        """Return who did how much, and how much of it did not come to its end."""
        del snapshot
        rows = self.room.services.changes()
        hands = Counter(shown(row.who) for row in rows).most_common(4)
        line = Text.assemble(("by ", palette.quiet), *(part for who, times in hands for part in _part(who, times)))
        if not rows:
            return Text("nothing was changed, as far as is known", style=palette.quiet)
        if bad := sum(is_bad(row) for row in rows):
            line.append(f"{bad:,} came to no good end", style=palette.state("warning"))
        return line


def _part(who: str, times: int) -> tuple[str | tuple[str, str], ...]:
    return f"{who} ", (f"{times:,}", "bold"), "   "
