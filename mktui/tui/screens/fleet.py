"""Screen 1: a row per router, trouble first, and under it what is wrong with the one under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text
from textual.widgets import Static

from mktui.monitor.outlook import in_words
from mktui.tui import words
from mktui.tui.actions import Place
from mktui.tui.screens.filtering import Filterable
from mktui.tui.screens.router import RouterScreen
from mktui.tui.screens.sorting import Sortable
from mktui.tui.screens.view import StillStatic
from mktui.tui.widgets.live_table import Column, LiveTable
from mktui.tui.widgets.top_lines import TopLines, fleet_line, second_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.app import ComposeResult
    from textual.events import Resize

    from mktui.monitor.snapshot import RouterSnapshot, Snapshot
    from mktui.tui.palette import Palette

COLUMNS: Final = (
    Column("glyph", "", 2),
    Column("router", " ROUTER", 18),
    Column("conn", "CONN", 5, is_number=True),
    Column("queue", "Q", 4, is_number=True),
    Column("p50", "P50ms", 6, is_number=True),
    Column("p95", "P95ms", 6, is_number=True),
    Column("ok", "OK%", 6, is_number=True),
    Column("gap", "", 2),
    Column("circuit", "CIRCUIT", 14),
    Column("sync", "SYNC", 14),
    Column("version", "VERSION", 9, least=100),
    Column("cpu", "CPU%", 5, least=100, is_number=True),
    Column("gap2", "", 2, least=100),
    Column("latency", "P95, LAST MINUTES", 22, least=118),
    Column("error", "LAST TROUBLE", 24, least=142),
)

SORTS: Final[dict[str, Callable[[RouterSnapshot], object]]] = {
    "health": lambda router: words.TROUBLE[router.health.status.value],
    "router": lambda router: router.name,
    "queue": lambda router: -router.pool.queue.length,
    "p95": lambda router: -(router.pool.performance.response.p95 or 0.0),
    "pending": lambda router: -router.sync.pending,
}


class FleetScreen(Filterable, Sortable):
    """All routers."""

    place = Place.FLEET
    orders = tuple(SORTS)
    DEFAULT_CSS = """
    FleetScreen #routers { height: 1fr; background: $background; }
    FleetScreen #why { height: 4; padding: 0 1; background: $background; }
    FleetScreen.nobody #routers { height: 1; }
    FleetScreen.nobody #why { height: 1fr; padding: 1 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_used = False
        """Somebody has pressed a key here: from then on the cursor stays on its router."""
        self._last: tuple[Snapshot, Palette, str] | None = None
        self._rows: dict[str, tuple[tuple[RouterSnapshot, str, Palette], Mapping[str, Text]]] = {}

    def compose(self) -> ComposeResult:
        """Lay out lines, table, explanation, filter and keys."""
        yield TopLines()
        yield LiveTable(COLUMNS, id="routers")
        yield StillStatic(id="why")
        yield self.filter_line("filter: part of a name; ! in front for all others")
        yield Static(id="keys")

    @property
    def table(self) -> LiveTable:
        """The routers."""
        return self.query_one("#routers", LiveTable)

    def on_mount(self) -> None:
        """Give the keys to the table."""
        self.table.focus()

    def on_key(self) -> None:
        """Until somebody is here, the cursor is on what is in most trouble."""
        self._is_used = True

    def open_filter(self) -> None:
        """Let a filter be typed; its key does not come by here."""
        self._is_used = True
        super().open_filter()

    def on_click(self) -> None:
        """A click is as good as a key."""
        self._is_used = True

    def on_resize(self, event: Resize) -> None:
        """Fit columns to the width."""
        super().on_resize(event)
        self.table.fit_to(event.size.width)
        self.again()

    def rows_widget(self) -> LiveTable:
        """The table has the keys."""
        return self.table

    def target(self) -> str | None:
        """The router under the cursor."""
        return self.table.current

    def opened(self) -> RouterScreen | None:
        """The router under the cursor."""
        name = self.target()
        return RouterScreen(name) if name else None

    def show(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        """Show a snapshot."""
        self._last = (snapshot, palette, mode)
        routers = self._chosen(snapshot)
        self.table.show({router.name: self._row(router, snapshot, palette) for router in routers})
        if not self._is_used:
            self.table.move_cursor(row=0)
        self._show_top(snapshot, palette, mode)
        self._show_why(snapshot, palette)

    def on_data_table_row_highlighted(self) -> None:
        """Explain the router under the cursor."""
        if self._last is not None:
            self._show_why(self._last[0], self._last[1])

    def again(self) -> None:
        """Show the last snapshot as it is wanted now."""
        if self._last is not None:
            self.show(*self._last)

    def _chosen(self, snapshot: Snapshot) -> list[RouterSnapshot]:
        routers = [each for each in snapshot.routers if self.passes(each.name)]
        routers.sort(key=lambda router: router.name)
        routers.sort(key=SORTS[self.sorted_by], reverse=self.is_reversed)  # type: ignore[arg-type]  # each key is of one type
        return routers

    def _row(self, router: RouterSnapshot, snapshot: Snapshot, palette: Palette) -> Mapping[str, Text]:
        """Return a router's cells, made anew only when something about it has changed."""
        made_from = router, words.trouble(router, snapshot.at), palette
        known = self._rows.get(router.name)
        if known is None or known[0] != made_from:
            known = self._rows[router.name] = made_from, self._cells(router, made_from[1], palette)
        return known[1]

    @staticmethod
    def _cells(router: RouterSnapshot, trouble: str, palette: Palette) -> Mapping[str, Text]:
        status = router.health.status.value
        response, pool = router.pool.performance.response, router.pool
        is_gone = status == "offline" and not words.is_connecting(router)
        style = palette.state("critical" if is_gone else status)
        is_old = status == "offline" or palette.is_stale
        quiet = palette.quiet if is_old else ""  # its figures are old; what is wrong is not
        return {
            "glyph": Text(f" {words.GLYPHS[status]}", style=style),
            "router": Text(f" {router.name}", style=f"bold {style}" if is_gone else "bold"),
            "conn": Text(f"{pool.ready}/{pool.max_size}", style=quiet),
            "queue": Text(str(pool.queue.length), style=quiet),
            "p50": Text(words.milliseconds(response.p50), style=quiet),
            "p95": Text(words.milliseconds(response.p95), style=quiet),
            "ok": Text(words.percent(pool.performance.success_percent), style=quiet),
            "gap": Text(""),
            "circuit": Text(words.circuit(router), style=quiet if pool.circuit_breaker.state == "closed" else style),
            "sync": Text(words.sync(router.sync), style=quiet),
            "version": Text(router.facts.version or words.UNKNOWN, style=quiet),
            "cpu": Text(
                words.UNKNOWN if router.facts.cpu_percent is None else str(router.facts.cpu_percent), style=quiet
            ),
            "gap2": Text(""),
            "latency": Text(words.sparkline(router.latency, 20), style=palette.quiet if is_old else palette.accent),
            "error": Text(trouble, style=palette.quiet),
        }

    def _show_top(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        width = self.width_of_lines()
        first, others = fleet_line(snapshot, mode, palette, width)
        left = f"Fleet   filter {self.filter_text}" if self.filter_text else "Fleet"
        due = words.next_job(snapshot.maintenance) if width >= 98 else ""
        alerts = Text(words.alerts(snapshot.alerts), style=palette.state("critical"))
        order = Text(self.order_in_words, style=palette.quiet)
        right = [*others[:-1], order, *others[-1:], alerts]  # the first of them goes first when there is no room
        self.query_one(TopLines).show(first, second_line(palette, width, left, due, *right))

    def _show_why(self, snapshot: Snapshot, palette: Palette) -> None:
        router = snapshot.router(self.table.current or "")
        self.set_class(not snapshot.routers, "nobody")
        if not snapshot.routers:
            text = Text(words.nobody(self.room.keymap))
        elif router is None:
            text = Text("no router here" if self.filter_text else "", style=palette.quiet)
        else:
            text = _explanation(router, snapshot, palette)
        self.query_one("#why", StillStatic).show(text)


def _explanation(router: RouterSnapshot, snapshot: Snapshot, palette: Palette) -> Text:
    status = router.health.status.value
    why = "; ".join(router.health.reasons) or "nothing to complain of"
    lines = [Text.assemble((f"{router.name}: ", "bold"), (why, palette.state(status)))]
    if router.sync.is_running and router.sync.planned:
        bar = words.progress(router.sync.settled, router.sync.planned, 30)
        lines.append(Text(f"sync {bar} {router.sync.settled} of {router.sync.planned}   {router.sync.failed} failed"))
    lines += [Text(f"soon: {in_words(each)}", style=palette.state("warning")) for each in router.forecasts[:1]]
    for event in reversed(router.events[-3:]):
        age = words.age((snapshot.at - event.at).total_seconds())
        again = f" ×{event.repeats}" if event.repeats > 1 else ""
        lines.append(Text(f"{age:>6} ago  {event.kind}{again}  {event.text}", style=palette.quiet))
    text = Text("\n").join(lines[:4])
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
