"""Screen 8: what is done by itself, when it is next, and what came of it on each router."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text
from textual.widgets import Static

from mktui.config.maintenance import Job, parts
from mktui.services.timetable import with_zone
from mktui.tui import words
from mktui.tui.actions import Place
from mktui.tui.schedule_rows import (
    SHORT,
    Row,
    glyph_of,
    last_of,
    line_of,
    rows_of,
    said,
    story,
    until,
    whom,
)
from mktui.tui.screens.log import WIDE, LogScreen, ago, shown
from mktui.tui.screens.modals import Confirm
from mktui.tui.screens.view import StillStatic
from mktui.tui.widgets.live_table import Column
from mktui.tui.widgets.long_table import LongTable
from mktui.tui.widgets.top_lines import TopLines

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence
    from datetime import datetime

    from textual.app import ComposeResult

    from mktui.monitor.snapshot import JobState, Snapshot
    from mktui.tui.palette import Palette
    from mktui.tui.screens.router import RouterScreen

_JOB: Final = 14
_ROUTERS: Final = 18
COLUMNS: Final = (
    Column("job", " JOB", _JOB),
    Column("routers", "ROUTERS", _ROUTERS),
    Column("when", "WHEN", 14, most=WIDE - 1),
    Column("next", "NEXT", 11, most=WIDE - 1),
    Column("when", "WHEN", 24, least=WIDE),
    Column("next", "NEXT", 27, least=WIDE),
    Column("last", "LAST", 0),
)
EMPTY: Final = """Nothing is done by itself yet.

[maintenance] in the configuration ({config}) says what, and when:

  [maintenance]
  self_check = "daily 03:30"
  pool_reset = "sunday 04:00 on edge-1, tower-*"
  sync = "hourly"

The clock is that of [billing] timezone. mktui begins to go by it when it is
started next, here or as mktui serve."""
_DOES: Final = {
    Job.CHECK: "A connection test of each: nothing is changed there.",
    Job.RESET: "Connections are replaced, one router at a time. Commands under way go on to their end.",
    Job.SYNC: "Each is brought into step with billing, as when it is due: what guards hold back stays.",
}
_BUT: Final = "Who is offline, or protected and not named by the schedule, or whose syncs are held, is left alone."


class ScheduleScreen(LogScreen["Row"]):
    """The jobs, and what came of them."""

    place = Place.SCHEDULE
    columns = COLUMNS
    orders = ("job",)
    named = "Schedule"
    hint = "filter: part of a job, a router, an outcome or a text; ! in front for all others"
    DEFAULT_CSS = """
    ScheduleScreen #message {
        height: 1fr; padding: 1 2; background: $background; display: none; text-wrap: wrap;
    }
    ScheduleScreen.said #message { display: block; }
    ScheduleScreen.said LongTable, ScheduleScreen.said #sums, ScheduleScreen.said #whole { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._turned: set[str] = set()
        self._rows: tuple[Row, ...] = ()
        self._made_of: tuple[tuple[JobState, ...], frozenset[str]] = ((), frozenset())

    def compose(self) -> ComposeResult:
        """Lay out lines, the next job, rows, what is said instead, the row under the cursor, filter and keys."""
        yield TopLines()
        yield StillStatic(id="sums")
        yield LongTable[Row](self.columns, self._line, id="log")
        yield StillStatic(id="message")
        yield StillStatic(id="whole")
        yield self.filter_line(self.hint)
        yield Static(id="keys")

    # --- what is shown

    @property
    def order_in_words(self) -> str:
        """There is one order, and nothing to be said of it."""
        return ""

    def show(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        """Show the jobs, or how to have some."""
        super().show(snapshot, palette, mode)
        empty = Text(EMPTY.format(config=self.room.keymap.key("config")), style=palette.plain)
        self.say_instead(None if snapshot.maintenance else empty, self.table)

    def rows(self) -> Sequence[Row]:
        """Return the rows of the picture."""
        seen = self._last[0] if self._last is not None else self.room.services.snapshot()
        made_of = (seen.maintenance, frozenset(self._turned))
        if made_of != self._made_of:
            self._made_of, self._rows = made_of, rows_of(*made_of)
        return self._rows

    def texts_of(self, row: Row) -> tuple[str, ...]:
        """Return what a filter looks into."""
        return row.texts

    def router_of(self, row: Row) -> str:
        """Return the router of a row."""
        return row.router

    def same(self, row: Row) -> Hashable:
        """Return what a row is known by; how it stands moves."""
        return row.job.job, row.outcome.router if row.outcome is not None else "", bool(row.folded)

    def sort_key(self) -> None:
        """As they come: a job, and its routers below it."""

    def nothing(self) -> str:
        """Return what is said when there is no row at all."""
        return ""

    def _line(self, row: Row) -> Mapping[str, Text] | Text:
        assert self._last is not None
        snapshot, palette, _ = self._last
        if not row.is_job:
            unfold = self.room.keymap.key("open")
            return line_of(row, palette, unfold=unfold, indent=_JOB, width=_ROUTERS)
        return self.cells(row, palette, snapshot.at, is_wide=self.size.width >= WIDE)

    def cells(self, row: Row, palette: Palette, now: datetime, *, is_wide: bool) -> Mapping[str, Text]:
        """Return a job as the table shows it."""
        job = row.job
        glyph, health = glyph_of(job)
        style = palette.state(health) if health else palette.accent if job.is_running else palette.quiet
        clock = f" {with_zone(job.next_at, SHORT)}" if is_wide else ""
        return {
            "job": Text.assemble((f" {glyph} ", style), (job.job, "bold")),
            "routers": Text(whom(job), style="" if job.routers else palette.state("warning")),
            "when": Text(shown(parts(job.words)[0])),
            "next": Text.assemble(until(job.next_at, now), (clock, palette.quiet)),
            "last": Text(last_of(job, now, is_wide=is_wide), style=style),
        }

    def as_line(self, row: Row) -> str:
        """Return a row to be pasted somewhere else."""
        job, outcome = row.job, row.outcome
        if outcome is not None:
            parts_of = (outcome.at.isoformat(timespec="seconds"), job.job, outcome.router, outcome.status, outcome.text)
            return shown(" ".join(parts_of)).rstrip()
        return shown(f"{job.job}: {job.words}, next {job.next_at.isoformat(timespec='seconds')}")

    def whole(self, row: Row, snapshot: Snapshot, palette: Palette) -> list[Text]:
        """Return a row with nothing left out."""
        outcome = row.outcome
        if outcome is None:
            return story(row.job, snapshot.at, palette)
        head = Text.assemble((outcome.router, "bold"), f"  {row.job.job} {outcome.status}")
        at = f"{ago(outcome.at, snapshot.at)}: {with_zone(outcome.at)}"
        return [head, *([Text(said(outcome))] if outcome.text else []), Text(at, style=palette.quiet)]

    def told(self, snapshot: Snapshot, palette: Palette) -> Iterator[Text]:
        """Nothing stands above the row."""
        del snapshot, palette
        yield from ()

    def sums(self, snapshot: Snapshot, palette: Palette) -> Text:
        """Return what is done now, or next and when."""
        jobs = snapshot.maintenance
        if running := [each.job for each in jobs if each.is_running]:
            return Text.assemble(("now      ", palette.quiet), (" and ".join(running), "bold"))
        soonest = min(jobs, key=lambda each: each.next_at, default=None)
        if soonest is None:
            return Text()
        at = f" {until(soonest.next_at, snapshot.at)}: {with_zone(soonest.next_at)}"
        return Text.assemble(("next     ", palette.quiet), (soonest.job, "bold"), at)

    # --- keys

    def opened(self) -> RouterScreen | None:
        """The router of the row under the cursor; a job shows the routers where it was done one by one, or as one."""
        row = self.table.current
        if row is None or row.outcome is not None:
            return super().opened()
        self._turned ^= {row.job.job}
        self.again()
        return None

    def action_run_job(self) -> None:
        """Begin the job under the cursor now, after a question."""
        row = self.table.current
        if not self.room.is_allowed("run_job"):
            return
        if row is None:
            self.notify("there is no job under the cursor", severity="warning")
        elif row.job.is_running:
            self.notify(f"{row.job.job} runs already", severity="warning")
        elif not row.job.routers:
            self.notify(f"{row.job.job}: no router of this fleet is meant", severity="warning")
        else:
            self._ask_to_run(row.job)

    def _ask_to_run(self, job: JobState) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                run = self.room.services.schedule.run
                self.run_worker(self.room.do("Run", job.job, run, "begun"), name=f"run {job.job}")
            else:
                self.notify("it was left as it is")

        protected = self._protected(job)
        many = job.routers[0] if len(job.routers) == 1 else words.count(len(job.routers), "router")
        doing = f"Run {job.job} now{f' on {many}, also' if protected and many != protected else ''} on"
        consequence = f"{_DOES[Job(job.job)]} {_BUT}" if job.job in set(Job) else _BUT
        self.app.push_screen(Confirm(protected or many, doing, consequence, must_type=bool(protected)), answered)

    def _protected(self, job: JobState) -> str:
        """Return the protected routers that a job changes, as they are to be typed; "": there is none."""
        _, named = parts(job.words)
        routers = self.room.services.snapshot().routers
        changed = [each.name for each in routers if each.is_protected and each.name in named]
        return "" if job.job == Job.CHECK else ", ".join(changed)
