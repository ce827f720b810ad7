"""Screen 2: how each router stands with billing, trouble first, and the last run of the one under the cursor."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from rich.text import Text
from textual.widgets import Static

from mktui.tui import words
from mktui.tui.actions import Place
from mktui.tui.screens.filtering import Filterable
from mktui.tui.screens.plan import PlanScreen
from mktui.tui.screens.plan_words import applying
from mktui.tui.screens.sorting import Sortable
from mktui.tui.screens.view import StillStatic
from mktui.tui.widgets.live_table import Column, LiveTable
from mktui.tui.widgets.top_lines import TopLines, fleet_line, second_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.app import ComposeResult
    from textual.events import Resize

    from mktui.monitor.snapshot import RouterSnapshot, Snapshot
    from mktui.tui.keymap import Keymap
    from mktui.tui.palette import Palette

COLUMNS: Final = (
    Column("glyph", "", 2),
    Column("router", " ROUTER", 18),
    Column("state", "STATE", 18),
    Column("pending", "PENDING", 8, is_number=True),
    Column("drift", "DRIFT", 6, is_number=True),
    Column("conflicts", "CLASH", 6, is_number=True),
    Column("held", "HELD", 6, is_number=True),
    Column("run", "RUN", 6, is_number=True),
    Column("last", "LAST", 8, is_number=True),
    Column("owned", "OURS", 8, least=100, is_number=True),
    Column("gap", "", 2, least=100),
    Column("automatic", "AUTOMATIC", 28, least=118),
)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_GLYPHS: Final = {
    "offline": ("○", "offline"), "failed": ("▲", "critical"), "held": ("⊘", "critical"), "deferred": ("◐", "warning"),
    "clash": ("!", "warning"), "running": ("»", ""), "pending": ("~", "warning"), "drift": ("≠", "warning"),
    "unknown": ("–", "quiet"), "in step": ("●", "healthy"),
}  # fmt: skip
"""What a router's standing looks like, trouble first."""


SORTS: Final[dict[str, Callable[[RouterSnapshot], object]]] = {
    "standing": lambda router: list(_GLYPHS).index(words.standing(router)),
    "router": lambda router: router.name,
    "pending": lambda router: -router.sync.pending,
    "drift": lambda router: -router.sync.drift,
    "held": lambda router: -router.sync.held,
    "last": lambda router: router.sync.finished_at or _NEVER,
}
"""The last: who was not synced for longest."""


class SyncScreen(Filterable, Sortable):
    """All routers and billing."""

    place = Place.SYNC
    orders = tuple(SORTS)
    DEFAULT_CSS = """
    SyncScreen #standings { height: 1fr; background: $background; }
    SyncScreen #why { height: 5; padding: 0 1; background: $background; }
    SyncScreen.nobody #standings { height: 1; }
    SyncScreen.nobody #why { height: 1fr; padding: 1 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._last: tuple[Snapshot, Palette, str] | None = None

    def compose(self) -> ComposeResult:
        """Lay out lines, table, last run and keys."""
        yield TopLines()
        yield LiveTable(COLUMNS, id="standings")
        yield StillStatic(id="why")
        yield self.filter_line("filter: part of a name or a state; ! in front for all others")
        yield Static(id="keys")

    @property
    def table(self) -> LiveTable:
        """The routers."""
        return self.query_one("#standings", LiveTable)

    def on_mount(self) -> None:
        """Give the keys to the table."""
        self.table.focus()

    def on_resize(self, event: Resize) -> None:
        """Fit columns to the width."""
        super().on_resize(event)
        self.table.fit_to(event.size.width)
        self.again()

    def rows_widget(self) -> LiveTable:
        """The table has the keys."""
        return self.table

    def again(self) -> None:
        """Show the last snapshot as it is wanted now."""
        if self._last is not None:
            self.show(*self._last)

    def target(self) -> str | None:
        """The router under the cursor."""
        return self.table.current

    def opened(self) -> PlanScreen | None:
        """The plan, or the report, of the router under the cursor."""
        name = self.target()
        return PlanScreen(name) if name else None

    def show(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        """Show a snapshot."""
        self.room.services.watch_billing()
        self._last = (snapshot, palette, mode)
        self.table.show({router.name: _row(router, snapshot, palette) for router in self._chosen(snapshot)})
        self._show_top(snapshot, palette, mode)
        self._show_why(snapshot, palette)

    def _chosen(self, snapshot: Snapshot) -> list[RouterSnapshot]:
        routers = [
            each
            for each in snapshot.routers
            if self.passes(each.name, words.standing_in_words(each, snapshot.at), _automatic(each))
        ]
        routers.sort(key=lambda router: router.name)
        routers.sort(key=SORTS[self.sorted_by], reverse=self.is_reversed)  # type: ignore[arg-type]  # each key is of one type
        return routers

    def on_data_table_row_highlighted(self) -> None:
        """Tell of the router under the cursor."""
        if self._last is not None:
            self._show_why(self._last[0], self._last[1])

    def _show_top(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        width = self.width_of_lines()
        first, others = fleet_line(snapshot, mode, palette, width)
        states = [router.sync for router in snapshot.routers]
        in_step = sum(words.standing(router) == "in step" for router in snapshot.routers)
        figures = [self.order_in_words, f"{in_step} of {len(states)} in step"]
        figures += [f"{drift:,} drift"] if (drift := sum(state.drift for state in states)) else []
        figures += [f"{held:,} held"] if (held := sum(state.held for state in states)) else []
        left = f"Sync   filter {self.filter_text}" if self.filter_text else "Sync"
        pending = others[-1:]  # it had no room above
        self.query_one(TopLines).show(first, second_line(palette, width, left, *figures, *pending))

    def _show_why(self, snapshot: Snapshot, palette: Palette) -> None:
        router = snapshot.router(self.table.current or "")
        self.set_class(not snapshot.routers, "nobody")
        if not snapshot.routers:
            text = Text(words.nobody(self.room.keymap))
        elif router is None:
            text = Text("no router here" if self.filter_text else "", style=palette.quiet)
        else:
            text = _last_run(router, snapshot, palette, self.width_of_lines(), self.room.keymap)
        if snapshot.billing_problem:
            text = Text.assemble((f"▲ {snapshot.billing_problem}", palette.state("critical")), "\n", text)
        text.no_wrap, text.overflow = True, "ellipsis"
        self.query_one("#why", StillStatic).show(text)


def _row(router: RouterSnapshot, snapshot: Snapshot, palette: Palette) -> Mapping[str, Text]:
    state, standing = router.sync, words.standing(router)
    glyph, meaning = _GLYPHS[standing]
    style = palette.quiet if meaning == "quiet" or palette.is_stale else palette.accent
    style = palette.state(meaning) if meaning not in {"", "quiet"} else style
    quiet = palette.quiet if standing in {"offline", "unknown"} or palette.is_stale else ""
    is_known = state.finished_at is not None or state.is_running or bool(state.pending)

    def number(value: int | None, trouble: str = "") -> Text:
        if value is None or not is_known:
            return Text(words.UNKNOWN, style=palette.quiet)
        return Text(f"{value:,}", style=quiet or (trouble if value else palette.quiet))

    last = state.finished_at
    return {
        "glyph": Text(f" {glyph}", style=style),
        "router": Text(f" {router.name}", style=f"bold {style}" if standing == "offline" else "bold"),
        "state": Text(words.standing_in_words(router, snapshot.at), style=style),
        "pending": number(state.pending, palette.state("warning")),
        "drift": number(state.drift, palette.state("warning")),
        "conflicts": number(state.conflicts, palette.state("warning")),
        "held": number(state.held, palette.state("critical")),
        "run": Text(str(state.run) if state.run else words.UNKNOWN, style=palette.quiet),
        "last": Text(words.UNKNOWN if last is None else words.age((snapshot.at - last).total_seconds()), style=quiet),
        "owned": number(state.owned),
        "gap": Text(""),
        "automatic": Text(_automatic(router), style=palette.state("warning") if state.paused is not None else quiet),
    }


def _automatic(router: RouterSnapshot) -> str:
    if router.sync.paused is not None:
        return f"paused: {router.sync.paused}"
    return "on" if router.sync.is_automatic else "off"


def _last_run(router: RouterSnapshot, snapshot: Snapshot, palette: Palette, width: int, keymap: Keymap) -> Text:
    state = router.sync
    lines = [Text.assemble((f"{router.name}: ", "bold"), f"automatic syncs {_automatic(router)}")]
    if state.is_running:
        lines.append(applying(snapshot, state, palette, width))
    elif state.finished_at is not None:
        age = words.age((snapshot.at - state.finished_at).total_seconds())
        run = f"run {state.run}, {age} ago" if state.run else f"last, {age} ago"
        figures = [f"{state.applied:,} of {state.planned:,} applied"]
        for name in ("failed", "skipped", "deferred", "unknown"):
            figures += [f"{number:,} {name}"] if (number := getattr(state, name)) else []
        figures += [f"{words.count(state.kicked, 'session')} ended"] if state.kicked else []
        lines.append(Text(f"{run}: {', '.join(figures)} in {state.seconds:.1f} s"))
    else:
        lines.append(Text(f"not synced yet, as far as is known: {keymap.key('sync')} plans it", style=palette.quiet))
    if state.reason:
        lines.append(Text(" ".join(state.reason.split()), style=palette.state("warning")))
    if words.standing(router) == "offline":
        lines.append(Text("what billing changes meanwhile waits there, and nothing is lost", style=palette.quiet))
    return Text("\n").join(lines)
