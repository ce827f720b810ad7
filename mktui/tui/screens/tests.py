"""Screen 4: the stability test, scenario by scenario, as it goes and as it ended; and the reports that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from mktui.errors import MktuiError
from mktui.services.stability import CONSEQUENCE
from mktui.stability.report import SIMULATED
from mktui.stability.scenarios import SCENARIOS
from mktui.stability.stage import Reach
from mktui.tui.actions import Place
from mktui.tui.palette import Palette
from mktui.tui.screens.modals import box_css
from mktui.tui.screens.view import StillStatic, View
from mktui.tui.stability_text import detail, kept, progress, rows, whole
from mktui.tui.widgets.live_table import Column, LiveTable
from mktui.tui.widgets.top_lines import TopLines, fleet_line, second_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult
    from textual.events import Resize

    from mktui.monitor.snapshot import Snapshot
    from mktui.services.stability import StabilityState
    from mktui.stability.stage import Scenario
    from mktui.tui.keymap import Keymap

_FIRST: Final = (
    Column("glyph", "", 2),
    Column("scenario", " SCENARIO", 25),
    Column("verdict", "VERDICT", 9),
    Column("seconds", "SECONDS", 8, is_number=True),
    Column("gap", "", 2),
)
NARROW: Final = (*_FIRST, Column("why", "SEEN", 33))
WIDE: Final = (*_FIRST, Column("why", "SEEN", 72))
_WIDE: Final = 118
_BY_NAME: Final = {each.name: each for each in SCENARIOS}
_ONLY_READS: Final = (
    "Reads over connections of its own (3 at most); this is read-only, so what would write is left out."
)


class TestsScreen(View):
    """What a stability test sees. ``router``: where it is made; None: on simulated routers."""

    __test__ = False  # its name is not a claim for pytest

    place = Place.TESTS
    DEFAULT_CSS = """
    TestsScreen #scenarios { height: 11; background: $background; }
    TestsScreen #detail { height: 1fr; padding: 1 1 0 1; background: $background; }
    TestsScreen #progress { height: 1; padding: 0 1; background: $background; }
    TestsScreen #kept { height: auto; padding: 0 1; background: $background; }
    """

    def __init__(self, router: str | None = None) -> None:
        super().__init__()
        self._router = router
        self._stopped = ""
        """The run that a step back has stopped."""
        self._last: tuple[Snapshot, Palette, str] | None = None

    def compose(self) -> ComposeResult:
        """Lay out lines, scenarios, the one under the cursor, progress, reports and keys."""
        yield TopLines()
        yield LiveTable(NARROW, id="scenarios")
        yield StillStatic(id="detail")
        yield StillStatic(id="progress")
        yield StillStatic(id="kept")
        yield Static(id="keys")

    @property
    def table(self) -> LiveTable:
        """The scenarios."""
        return self.query_one("#scenarios", LiveTable)

    @property
    def state(self) -> StabilityState:
        """How the tests stand."""
        return self.room.services.stability.state()

    def on_mount(self) -> None:
        """Give the keys to the table; show what runs where it runs."""
        self.table.focus()
        state = self.state
        if self._router is None and state.is_running and state.report is not None and state.report.target != SIMULATED:
            self._router = state.report.target

    def on_resize(self, event: Resize) -> None:
        """Fit columns to the width."""
        super().on_resize(event)
        self.table.use(WIDE if event.size.width >= _WIDE else NARROW)
        self._again()

    def target(self) -> str | None:
        """The router that is tested; None: simulated ones."""
        return self._router

    def opened(self) -> ScenarioView | None:
        """Everything about the scenario under the cursor."""
        name = self.table.current
        return ScenarioView(_BY_NAME[name], self.state, self.room.keymap) if name else None

    def show(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        """Show how the tests stand."""
        self._last = (snapshot, palette, mode)
        state, width = self.state, self.width_of_lines()
        self.table.show(rows(state, palette))
        first, _ = fleet_line(snapshot, mode, palette, width)
        left, right = f"Tests › {self._router or 'simulated routers'}", _said(state)
        self.query_one(TopLines).show(first, second_line(palette, width, left, right))
        self.query_one("#progress", StillStatic).show(progress(state, palette, width, self.room.keymap))
        most = max(1, min(8, len(state.kept) + 1, self.size.height - 27))
        self.query_one("#kept", StillStatic).show(kept(state, palette, snapshot.at, most))
        self._show_detail(state, palette, max(4, self.size.height - 17 - most))

    def on_data_table_row_highlighted(self) -> None:
        """Tell of the scenario under the cursor."""
        self._again()

    def _again(self) -> None:
        if self._last is not None:
            self.show(*self._last)

    def _show_detail(self, state: StabilityState, palette: Palette, height: int) -> None:
        name = self.table.current
        if name is None:
            return
        report = state.report.scenario(name) if state.report is not None else None
        shown = detail(_BY_NAME[name], report, palette, (self.width_of_lines(), height))
        self.query_one("#detail", StillStatic).show(shown)

    # --- keys

    def may_leave(self, again: Callable[[], Awaitable[None] | None], *, is_back: bool) -> bool:
        """One step back stops a test that ends with this screen, and the next one leaves."""
        del again
        state = self.state
        run = state.report.run if state.report is not None else ""
        if is_back and state.is_running and state.ends_with_screen and run != self._stopped:
            self._stopped = run
            self.action_stop()
            return False
        return True

    def run_all(self) -> None:
        """Run every scenario."""
        self._start(())

    def action_one(self) -> None:
        """Run the scenario under the cursor."""
        if name := self.table.current:
            self._start((name,))

    def action_stop(self) -> None:
        """Stop the test; what it has found stays."""
        if not self.state.is_running:
            self.notify("no test runs", severity="warning")
            return
        self.room.services.stability.stop()
        self.notify("it stops; rows of its own are removed first")

    def action_aim(self) -> None:
        """Test the next router, or simulated ones."""
        places = [None, *(router.name for router in self.room.services.snapshot().routers)]
        at = places.index(self._router) if self._router in places else 0
        self._router = places[(at + 1) % len(places)]
        self._again()

    def action_save(self) -> None:
        """Keep the last report."""
        self.run_worker(self._save(), name="save stability report")

    async def _save(self) -> None:
        try:
            page = await self.room.services.stability.save()
        except MktuiError as error:
            self.notify(str(error), title="not saved", severity="warning")
        else:
            self.notify(f"{page}\nand the same as JSON beside it", title="report saved")
        self._again()

    def _start(self, names: tuple[str, ...]) -> None:
        if self._router is None:
            self._begin(SIMULATED, names, may_write=False)
            return
        writes = any(each.reach is Reach.WRITES for each in SCENARIOS if not names or each.name in names)
        may_write = writes and not self.room.read_only

        async def begin(router: str) -> None:
            self._begin(router, names, may_write=may_write)

        consequence = CONSEQUENCE if may_write else _ONLY_READS
        self.room.ask("stability", "Test the stability of", consequence, begin, said="")

    def _begin(self, target: str, names: tuple[str, ...], *, may_write: bool) -> None:
        if self.state.is_running:
            stops = f"{self.room.keymap.key('stop')} on screen {self.room.keymap.key('tests')} stops it"
            self.notify(f"a stability test runs already: {stops}", severity="warning")
            return
        try:
            self.room.services.stability.start(target, names, may_write=may_write)
        except MktuiError as error:
            self.notify(str(error), severity="warning")
        self._again()


def _said(state: StabilityState) -> str:
    if state.report is None:
        return "nothing was tested yet"
    return f"{state.report.target}: {'running' if state.is_running else state.report.summary}"


class ScenarioView(ModalScreen[None]):
    """One scenario with everything that was seen."""

    DEFAULT_CSS = box_css("ScenarioView") + "ScenarioView #box { width: 100; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "close", show=False)]

    def __init__(self, scenario: Scenario, state: StabilityState, keymap: Keymap) -> None:
        super().__init__()
        self._scenario, self._state, self._keymap = scenario, state, keymap

    def compose(self) -> ComposeResult:
        """Lay out the words."""
        with VerticalScroll(id="box"):
            yield Static(id="told")

    def on_resize(self, event: Resize) -> None:
        """Fit the words to the width."""
        report = self._state.report
        its = report.scenario(self._scenario.name) if report is not None else None
        width = min(96, event.size.width - 6)
        told = whole(self._scenario, its, Palette(self.app.theme_variables), width, self._keymap)
        self.query_one("#told", Static).update(told)
