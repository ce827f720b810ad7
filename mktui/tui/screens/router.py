"""One router: its live connections, its circuit, its queue, its latency over time, and what happened last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text
from textual.widgets import Static

from mktui.errors import seconds_in_words
from mktui.tui import latency_chart, words
from mktui.tui.actions import Place
from mktui.tui.screens.view import StillStatic, View, state_text
from mktui.tui.widgets.live_table import Column, LiveTable
from mktui.tui.widgets.top_lines import TopLines, first_line, second_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult
    from textual.events import Resize

    from mktui.core.pool.statistics import BreakerStatistics, ConnectionStatistics, PerformanceStatistics
    from mktui.monitor.snapshot import RouterSnapshot, Snapshot
    from mktui.tui.palette import Palette

COLUMNS: Final = (
    Column("id", "#", 5, is_number=True),
    Column("gap", "", 2),
    Column("state", "STATE", 11),
    Column("age", "AGE", 7, is_number=True),
    Column("idle", "IDLE", 7, is_number=True),
    Column("flight", "FLIGHT", 8, is_number=True),
    Column("commands", "CMDS", 9, is_number=True),
    Column("errors", "ERR", 5, is_number=True),
    Column("latency", "LAT ms", 8, is_number=True),
    Column("in", "IN", 7, is_number=True),
    Column("out", "OUT", 7, is_number=True),
    Column("port", "PORT", 9, least=100, is_number=True),
)

_BESIDE: Final = 9
"""Lines that the picture of one span leaves to others: top, two gaps, the last events, keys."""


class RouterScreen(View):
    """The router called ``router``."""

    place = Place.ROUTER
    DEFAULT_CSS = """
    RouterScreen #connections { height: auto; max-height: 30%; background: $background; }
    RouterScreen #panels { height: auto; padding: 1 1 0 1; background: $background; }
    RouterScreen #events { height: 1fr; padding: 1 1 0 1; background: $background; }
    """

    def __init__(self, router: str) -> None:
        super().__init__()
        self._router = router

    def compose(self) -> ComposeResult:
        """Lay out lines, connections, panels, events and keys."""
        yield TopLines()
        yield LiveTable(COLUMNS, id="connections")
        yield StillStatic(id="panels")
        yield StillStatic(id="events")
        yield Static(id="keys")

    def on_mount(self) -> None:
        """Give the keys to the table."""
        self.query_one(LiveTable).focus()

    def on_resize(self, event: Resize) -> None:
        """Fit columns to the width."""
        super().on_resize(event)
        self.query_one(LiveTable).fit_to(event.size.width)

    def target(self) -> str | None:
        """This router."""
        return self._router

    def show(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        """Show a snapshot."""
        router = snapshot.router(self._router)
        if router is None:
            self._show_gone(palette, mode)
            return
        self._show_top(snapshot, router, palette, mode)
        connections = sorted(router.pool.connections, key=lambda connection: connection.id)
        self.query_one(LiveTable).show({str(each.id): _connection(each, palette) for each in connections})
        width = self.size.width or 80
        height = self.size.height or 24
        panels = _panels(router, snapshot, palette, width, height)
        key = self.room.keymap.key("span")
        chart, response = self.room.services.chart(router.name), router.pool.performance.response
        if (span := latency_chart.SPANS[self.room.chart_span]) is None:
            picture = latency_chart.lines(
                chart, response, palette, key=key, size=(width - 2, min(14, max(4, height - 26)))
            )
        else:
            panels = panels if height >= 36 else panels[:1]
            room = height - len(panels) - min(len(connections) + 1, height * 3 // 10) - _BESIDE
            picture = latency_chart.alone(
                span, chart, response, palette, at=snapshot.at, key=key, size=(width - 2, max(4, min(20, room)))
            )
        text = Text("\n").join((*panels, *picture))
        text.no_wrap, text.overflow = True, "ellipsis"
        events = _events(router, palette, width, max(1, height - 16))
        for each in (text, events) if palette.is_stale else ():
            each.stylize(palette.quiet)
        self.query_one("#panels", StillStatic).show(text)
        self.query_one("#events", StillStatic).show(events)

    def _show_gone(self, palette: Palette, mode: str) -> None:
        """Say that it was taken out, and show nothing of it any more."""
        width = self.width_of_lines()
        state = Text("○ taken out", style=palette.quiet)
        first = first_line(f"mktui · {self._router}", mode, state, width)
        self.query_one(TopLines).show(first, second_line(palette, width, f"Fleet › {self._router}"))
        self.query_one(LiveTable).show({})
        back = f"{self.room.keymap.key('back')} goes back."
        told = f"\n{self._router} is in the configuration no more: nothing is asked of it.\n\n{back}"
        self.query_one("#panels", StillStatic).show(Text(told))
        self.query_one("#events", StillStatic).show(Text())

    def action_span(self) -> None:
        """Look at another span of the latency."""
        self.room.chart_span = (self.room.chart_span + 1) % len(latency_chart.SPANS)
        self.room.look()

    def _show_top(self, snapshot: Snapshot, router: RouterSnapshot, palette: Palette, mode: str) -> None:
        width = self.width_of_lines()
        first = first_line(f"mktui · {router.name}", mode, _about(router, snapshot, palette, width), width)
        protected = "  protected" if router.is_protected else ""
        left, right = f"Fleet › {router.name}", f"{router.address}{protected}"
        self.query_one(TopLines).show(first, second_line(palette, width, left, right))


def _about(router: RouterSnapshot, snapshot: Snapshot, palette: Palette, width: int) -> Text:
    """Return health and what the router says of itself; what is old is grey and has its age."""
    facts = router.facts
    parts = [facts.version, facts.board if width >= 98 else ""]
    seconds = (snapshot.at - facts.read_at).total_seconds() if facts.read_at else 0.0
    is_old = seconds > 30
    if facts.cpu_percent is not None and not is_old:
        parts.append(f"cpu {facts.cpu_percent} %")
    if facts.uptime is not None and not is_old:
        parts.append(f"up {words.age(facts.uptime)}")
    about = " · ".join(part for part in parts if part)
    told = f"   {about}{f' ({words.age(seconds)} ago)' if is_old else ''}" if about else ""
    return Text.assemble(state_text(router, palette), (told, palette.quiet if is_old else palette.plain))


def _connection(connection: ConnectionStatistics, palette: Palette) -> Mapping[str, Text]:
    idle = words.UNKNOWN if connection.in_flight else words.age(connection.idle)
    style = {"busy": palette.accent, "suspect": palette.state("critical")}.get(connection.state, "")
    cells = {
        "id": Text(str(connection.id), style=palette.quiet),
        "gap": Text(""),
        "state": Text(connection.state, style=style),
        "age": Text(words.age(connection.age)),
        "idle": Text(idle),
        "flight": Text(f"{connection.in_flight}/{connection.limit}"),
        "commands": Text(f"{connection.commands:,}"),
        "errors": Text(str(connection.errors), style=palette.state("warning") if connection.errors else ""),
        "latency": Text(words.milliseconds(connection.latency)),
        "in": Text(words.size(connection.bytes_in)),
        "out": Text(words.size(connection.bytes_out)),
        "port": Text(str(connection.local_port or words.UNKNOWN), style=palette.quiet),
    }
    for cell in cells.values() if palette.is_stale else ():
        cell.stylize(palette.quiet)
    return cells


def _panels(router: RouterSnapshot, snapshot: Snapshot, palette: Palette, width: int, height: int) -> list[Text]:
    pool = router.pool
    performance, queue = pool.performance, pool.queue
    oldest = words.UNKNOWN if queue.oldest is None else f"{queue.oldest:.1f} s"
    slots = f"slots {pool.slots_used} of {pool.slots_total}, {pool.in_flight_limit} in flight each"
    slots += "" if pool.ceiling is None else f" · the router allows us {pool.ceiling} sessions"
    breaks = _breaks(router, snapshot, palette, width, 1 if height < 34 else 4)
    why = "; ".join(router.health.reasons)
    return [
        *([_line("Why", Text(why, style=palette.state(router.health.status.value)), palette)] if why else []),
        _line("Circuit", _circuit(pool.circuit_breaker, palette, router), palette),
        *(_line("", each, palette) for each in breaks),
        _line("Queue", Text(f"critical {queue.critical} · high {queue.high} · normal {queue.normal} · low {queue.low}"
                            f" · oldest {oldest}"), palette),
        _line("", Text(slots, style=palette.quiet), palette),
        _line("Success", Text(_success(performance)), palette),
        _line("Sync", _sync(router, snapshot, palette), palette),
    ]  # fmt: skip


def _breaks(router: RouterSnapshot, snapshot: Snapshot, palette: Palette, width: int, count: int) -> list[Text]:
    """Return the last breaks, the newest first: when, for how long, and why."""
    lines = []
    for each in reversed(router.breaks[-count:]):
        today = each.at.astimezone().date() == snapshot.at.astimezone().date()
        at = each.at.astimezone().strftime("%H:%M:%S" if today else "%d %b %H:%M")
        seconds = ((each.closed_at or snapshot.at) - each.at).total_seconds()
        lasts = f"for {seconds_in_words(seconds)}" if each.closed_at else f"open since {words.age(seconds)}"
        tries = f" ({each.tries} tries)" if each.tries > 1 else ""
        told = words.fit(f"{at}  {lasts}{tries}  {each.cause}", width - 11)
        lines.append(Text(told, style=palette.quiet if each.closed_at else palette.state("critical")))
    return lines


def _line(title: str, body: Text, palette: Palette) -> Text:
    return Text.assemble((f"{title:<9}", palette.quiet), body)


def _circuit(breaker: BreakerStatistics, palette: Palette, router: RouterSnapshot) -> Text:
    status = router.health.status.value
    style = palette.state(status)
    if breaker.state == "closed" and router.pool.ready:
        style = palette.state("warning" if breaker.failures else "healthy")
    opened = [change for change in breaker.history if change.state == "open"]
    last = f", the last break {opened[-1].lasts:.0f} s" if opened and opened[-1].lasts else ""
    times = f"opened {words.count(breaker.opens, 'time')}{last}" if breaker.opens else "never opened"
    why = f" · {breaker.reason}" if breaker.state != "closed" and breaker.reason else ""
    facts = f" · failures {breaker.failures} of {breaker.threshold} · {times}{why}"
    said = breaker.state.value if breaker.state == "closed" else words.circuit(router)
    return Text.assemble((said, style), facts)


def _success(performance: PerformanceStatistics) -> str:
    if not performance.commands:
        return "nothing has been asked yet"
    retries = f"{performance.retries:,} retr{'y' if performance.retries == 1 else 'ies'}"
    return (
        f"{words.percent(performance.success_percent)} % of {performance.commands:,} · {retries} · "
        f"{words.count(performance.timeouts, 'timeout')} · {words.count(performance.drops, 'drop')}"
    )


def _sync(router: RouterSnapshot, snapshot: Snapshot, palette: Palette) -> Text:
    state = router.sync
    if state.is_running and state.planned:
        bar = words.progress(state.settled, state.planned, 30)
        return Text.assemble((bar, palette.accent), f" {state.settled} of {state.planned} · {state.failed} failed")
    when = "" if state.finished_at is None else f" · {words.age((snapshot.at - state.finished_at).total_seconds())} ago"
    detail = f" · {state.reason}" if state.reason else ""
    if state.planned:
        counts = f"{state.applied} applied, {state.failed} failed, {state.deferred} deferred in {state.seconds:.1f} s"
        detail = f" · {counts}{detail}"
    return Text(f"{words.sync(state)}{when}{detail}")


def _events(router: RouterSnapshot, palette: Palette, width: int, count: int) -> Text:
    lines = []
    for event in reversed(router.events[-count:]):
        at = event.at.astimezone().strftime("%H:%M:%S")
        again = f" ×{event.repeats}" if event.repeats > 1 else ""
        line = words.fit(f"{at}  {event.kind + again:<20} {event.text}", width - 2)
        lines.append(Text.assemble((line[:10], palette.quiet), line[10:]))
    return Text("\n").join(lines) if lines else Text("nothing has happened yet", style=palette.quiet)
