"""One router's plan, its writing, and what became of it: looked at, confirmed, watched, read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from mktui.sync.order import Order
from mktui.sync.plan import Change, Refused
from mktui.tui import words
from mktui.tui.actions import Place
from mktui.tui.plan_filter import PlanFilter
from mktui.tui.plan_orders import ORDERS, USUAL, in_order
from mktui.tui.plan_rows import (
    COLUMNS,
    Finding,
    Hint,
    PlanRow,
    advice,
    cells,
    counts,
    reason,
    rows_of_plan,
    rows_of_report,
)
from mktui.tui.screens.filtering import Filterable
from mktui.tui.screens.plan_words import Seen, applying, consequences, crumbs, headline, instead_of_rows, two_lines
from mktui.tui.screens.row import RowView
from mktui.tui.screens.sorting import Sortable
from mktui.tui.screens.view import StillStatic
from mktui.tui.widgets.long_table import LongTable
from mktui.tui.widgets.top_lines import TopLines, first_line, second_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import ComposeResult

    from mktui.monitor.snapshot import Snapshot
    from mktui.services.planning import Planning
    from mktui.sync.plan import Plan
    from mktui.sync.report import Report
    from mktui.tui.palette import Palette


class PlanScreen(Filterable, Sortable):
    """The plan of ``router``; when there is none to look at, the report of its last run."""

    place = Place.PLAN
    orders = tuple(ORDERS)
    DEFAULT_CSS = """
    PlanScreen #message {
        height: 1fr; padding: 1 2; background: $background; display: none; text-wrap: wrap;
    }
    PlanScreen.said #message { display: block; }
    PlanScreen.said LongTable { display: none; }
    PlanScreen #foot { height: 5; padding: 1 1 0 1; background: $background; }
    """

    def __init__(self, router: str) -> None:
        super().__init__()
        self._router = router
        self._is_failed_only = False
        self._rows_of: tuple[object, bool] = (None, False)
        self._filter = PlanFilter()
        self._shown_as: tuple[object, ...] = ((),)
        """The rows, filter and order that the table shows."""
        self._rows: Sequence[PlanRow] = ()
        self._last: tuple[Snapshot, Palette, str] | None = None

    def compose(self) -> ComposeResult:
        """Lay out lines, rows, what is said instead of them, a foot and keys."""
        yield TopLines()
        yield LongTable[PlanRow](COLUMNS, self._cells, id="rows")
        yield StillStatic(id="message")
        yield StillStatic(id="foot")
        yield self.filter_line("filter: part of a name, an action, a field or a reason; ! in front for all others")
        yield Static(id="keys")

    @property
    def table(self) -> LongTable[PlanRow]:
        """The rows."""
        return self.query_one("#rows", LongTable)

    @property
    def planning(self) -> Planning | None:
        """The plan that is looked at."""
        return self.room.services.plan_of(self._router)

    @property
    def report(self) -> Report | None:
        """The last run's report, once there is no plan to look at."""
        return self.room.services.last_report(self._router) if self.planning is None else None

    def on_mount(self) -> None:
        """Give the keys to the table; plan when there is nothing to show."""
        self.table.focus()
        router = self.room.services.snapshot().router(self._router)
        is_running = router is not None and router.sync.is_running
        if self.planning is None and self.report is None and not is_running:
            self.plan(Order())

    def rows_widget(self) -> LongTable[PlanRow]:
        """The table has the keys."""
        return self.table

    def target(self) -> str | None:
        """This router."""
        return self._router

    def opened(self) -> RowView | None:
        """The whole row under the cursor, in words."""
        row = self.table.current if not self.has_class("said") else None
        return None if row is None or isinstance(row, Hint) else RowView(row, self._router, self.room.keymap)

    def plan(self, order: Order) -> None:
        """Plan, and look at the plan from its first row."""
        if self.room.services.snapshot().router(self._router) is None:
            self.notify(f"{self._router} is in the configuration no more", severity="warning")
            return
        self.room.services.start_plan(self._router, order)
        self.on_long_table_moved()

    def show(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        """Show a snapshot, and the plan or the report that goes with it."""
        self._last = (snapshot, palette, mode)
        router = snapshot.router(self._router)
        if router is None:
            return
        seen = Seen(snapshot, router, self.planning, self.report, palette, self.room.keymap, self._is_failed_only)
        self._show_rows(seen)
        self._show_top(seen, mode)
        message = instead_of_rows(seen, has_rows=bool(self._rows))
        self.say_instead(message, self.table)
        self._show_foot(seen)

    def on_long_table_moved(self) -> None:
        """Say what can be done about the row under the cursor."""
        if self._last is not None:
            self.show(*self._last)

    async def on_long_table_selected(self) -> None:
        """A click on the row under the cursor opens it."""
        await self.room.action_open()

    # --- keys

    def action_apply(self) -> None:
        """Carry out exactly the plan that is shown."""
        planning, plan = self.planning, self._ready("apply")
        if planning is None or plan is None:
            return
        if plan.is_empty:
            self.notify("there is nothing to write", severity="warning")
            return

        async def begin(name: str) -> None:
            if self.planning is not planning:
                self.notify("it has been planned again meanwhile: look at it first", severity="warning")
                return
            if planning.order.rollback is not None:  # or the next automatic sync would do it all again
                await self.room.services.hold(name, planning.order.cause)
            self.room.services.start_sync(name, replace(planning.order, saved=plan))

        doing = f"Write {words.count(len(plan.changes), 'change')} to"
        follows = consequences(plan, planning.order, self.room.keymap)
        self.room.ask("apply", doing, f"{self._hidden_by_filter(plan)}{follows}", begin, said="")

    def _hidden_by_filter(self, plan: Plan) -> str:
        """Say that what is not seen is written too."""
        hidden = len(plan.changes) - sum(isinstance(row, Change) for row in self.table.all_rows)
        return f"The filter hides {hidden:,} of them. All of them are written.\n\n" if hidden else ""

    def action_adopt(self) -> None:
        """Take over the row under the cursor that is there and not ours."""
        planning, plan = self.planning, self._ready("adopt")
        row = self.table.current
        found = row.adoptable if isinstance(row, Finding) else None
        if planning is None or plan is None:
            return
        if not isinstance(found, Refused):
            self.notify("the row under the cursor is nothing to adopt: a conflict (!) is", severity="warning")
            return
        name = found.name

        async def adopt(_router: str) -> None:
            self.plan(replace(planning.order, adopt=planning.order.adopt | {name}))

        writes = f"{self.room.keymap.key('apply')} writes it"
        words_of_it = (f"The row {name} that is on the router becomes ours as it is; what billing wants of it is a "
                       f"change like any other. It is planned first; {writes}.")  # fmt: skip
        self.room.ask("adopt", f"Adopt {name} on", words_of_it, adopt, said="")

    def action_rollback(self) -> None:
        """Plan what takes the last run back, as far as nobody has changed it since; a writes it."""
        router = self.room.services.snapshot().router(self._router)
        if router is None or not self.room.is_allowed("rollback"):
            return
        if router.sync.is_running:
            self.notify("it is being written: wait for its end", severity="warning")
        elif not router.sync.run:
            self.notify("no run of it is known that could be taken back", severity="warning")
        else:
            self.plan(Order(cause=f"rollback of {router.sync.run}", rollback=router.sync.run))

    def action_prune(self) -> None:
        """Plan with or without those who are no longer in billing."""
        self._toggle("prune")

    def action_heal(self) -> None:
        """Plan with or without writing over what somebody has changed on the router."""
        self._toggle("heal")

    def action_failed(self) -> None:
        """Show only the rows that were not applied, or all again."""
        if self.report is None:
            self.notify("this is no report: there is one after applying", severity="warning")
            return
        self._is_failed_only = not self._is_failed_only
        self.on_long_table_moved()

    def action_again(self) -> None:
        """Plan afresh with the same wishes."""
        planning = self.planning
        if self._last is not None and self._is_running(self._last[0]):
            self.notify("it is being written: plan again when that is done", severity="warning")
            return
        self.plan(replace(planning.order, saved=None) if planning is not None else Order())

    def _toggle(self, wish: str) -> None:
        planning = self.planning
        order = replace(planning.order, saved=None) if planning is not None else Order()
        if self._last is not None and self._is_running(self._last[0]):
            self.notify("it is being written: plan again when that is done", severity="warning")
            return
        is_prune = order.prune != (wish == "prune")
        is_heal = order.heal != (wish == "heal")
        flags = [f"--{name}" for name, is_set in (("prune", is_prune), ("heal", is_heal)) if is_set]
        self.plan(replace(order, prune=is_prune, heal=is_heal, cause=" ".join(("by hand", *flags))))

    def _ready(self, action_id: str) -> Plan | None:
        """Return the plan when it can be acted on, or say why not."""
        if not self.room.is_allowed(action_id):
            return None
        planning = self.planning
        if self._last is not None and self._is_running(self._last[0]):
            self.notify("it is being written already", severity="warning")
        elif planning is None or planning.plan is None:
            self.notify(f"there is no plan yet: {self.room.keymap.key('sync')} makes one", severity="warning")
        else:
            return planning.plan
        return None

    def _is_running(self, snapshot: Snapshot) -> bool:
        router = snapshot.router(self._router)
        return router is not None and router.sync.is_running

    # --- showing

    def _cells(self, row: PlanRow) -> Mapping[str, Text] | Text:
        assert self._last is not None
        return cells(row, self._last[1])

    def _show_rows(self, seen: Seen) -> None:
        source: object = seen.plan if seen.planning is not None else seen.report
        if self._rows_of[0] is not source or self._rows_of[1] != self._is_failed_only:
            self._rows_of = (source, self._is_failed_only)
            if seen.plan is not None:
                self._rows = rows_of_plan(seen.plan)
            elif seen.report is not None:
                self._rows = rows_of_report(seen.report, is_failed_only=self._is_failed_only)
            else:
                self._rows = ()
        wanted = (self._rows, self.filter_text, self.sorted_by, self.is_reversed)
        if self._shown_as == wanted:
            return
        here = self.table.current if self._shown_as[0] is self._rows else None
        self._shown_as = wanted
        found = self._filter.of(self._rows, self.passes) if self.filter_text else self._rows
        found = in_order(found, self.sorted_by, is_reversed=self.is_reversed)
        self.table.show(found)
        self.table.move_to(next((at for at, row in enumerate(found) if row is here), 0))

    def again(self) -> None:
        """Show what passes now, in the order that is wanted."""
        self.on_long_table_moved()

    def _show_top(self, seen: Seen, mode: str) -> None:
        width = self.width_of_lines()
        first = first_line(
            f"mktui · {seen.router.name}", mode, Text.assemble(headline(seen), style=seen.palette.plain), width
        )
        left, right = crumbs(seen)
        if self.sorted_by != USUAL or self.is_reversed:
            left.append(f"  {self.order_in_words}", style=seen.palette.accent)
        if self.filter_text:
            left.append(f"  filter {self.filter_text}", style=seen.palette.accent)
            right = f"{len(self.table.all_rows):,} of {words.count(len(self._rows), 'row')}"
        self.query_one(TopLines).show(first, second_line(seen.palette, width, left, right))

    def _show_foot(self, seen: Seen) -> None:
        row = self.table.current if not self.has_class("said") else None
        palette, planning = seen.palette, seen.planning
        told = Text(reason(row), style=palette.quiet)
        if row is None and self.filter_text and not self.has_class("said"):
            told = Text(f"no row has this: {seen.keymap.key('back')} shows all again", style=palette.quiet)
        if planning is not None and planning.plan is not None and planning.because:
            told = Text(planning.because, style=palette.state("warning"))
        last = Text()
        if seen.router.sync.is_running:
            last = applying(seen.snapshot, seen.router.sync, palette, self.width_of_lines())
        elif seen.plan is not None:
            last = counts(seen.plan, palette)
        hint = Text(advice(row, self._router, seen.keymap), style=palette.accent)
        lines = [*two_lines(told, self.width_of_lines()), hint, last]
        self.query_one("#foot", StillStatic).show(Text("\n").join(lines))
