"""The terminal: takes a frozen snapshot twice a second and shows it; keys become actions of the services.

It owns no router. The task group that holds pools and signals stands outside and outlives it: whatever ends the screen,
connections are closed in good order by their owner.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from textual.app import App, SystemCommand
from textual.css.query import NoMatches
from textual.screen import ModalScreen
from textual.widgets import DataTable, Input

from mktui.errors import MktuiError
from mktui.tui import actions
from mktui.tui.actions import Danger, Where
from mktui.tui.palette import Palette
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.modals import Confirm, Help, TestView
from mktui.tui.screens.router import RouterScreen
from mktui.tui.screens.view import View
from mktui.tui.themes import load_themes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from textual.notifications import SeverityLevel
    from textual.screen import Screen

    from mktui.core.client.connection_test import TestReport, TestStep
    from mktui.monitor.snapshot import Snapshot

TICK: Final = 0.5
"""Seconds between two looks at the services."""
TICK_UNSEEN: Final = 2.0
"""The same while the terminal has lost the focus."""


class Services(Protocol):
    """What the screen needs of the services: a fleet, or a recording of one."""

    def snapshot(self) -> Snapshot:
        """Return how everything is now."""

    async def test(self, name: str, *, on_step: Callable[[TestStep], None] | None = None) -> TestReport:
        """Test a router."""

    async def reset(self, name: str) -> None:
        """Replace a router's connections."""

    async def isolate(self, name: str) -> None:
        """Ask a router nothing more."""

    async def probe(self, name: str) -> None:
        """Let a router back in."""

    def start_sync(self, name: str) -> None:
        """Bring a router into step; it goes on when the screen is left."""


class ControlRoom(App[None]):
    """The application."""

    TITLE = "mktui"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS = actions.bindings()  # type: ignore[assignment]  # a list of Binding is one of those that are allowed
    CSS = """
    DataTable > .datatable--header { background: $background; color: $quiet; text-style: none; }
    DataTable:focus { background-tint: transparent; }
    DataTable:focus > .datatable--header { background-tint: transparent; }
    DataTable > .datatable--cursor { background: $panel; color: $foreground; text-style: none; }
    DataTable:focus > .datatable--cursor { background: $panel; color: $foreground; text-style: none; }
    DataTable:ansi > .datatable--cursor, DataTable:ansi:focus > .datatable--cursor { text-style: reverse; }
    """

    def __init__(self, services: Services, *, theme: str = "noc-dark", read_only: bool = False) -> None:
        super().__init__()
        self._services = services
        self._read_only = read_only
        self._paused = False
        self._seen: Snapshot | None = None
        self.crash: Exception | None = None
        self._has_focus = True
        self._ticks = 0
        themes, self._problems = load_themes()
        for each in themes:
            self.register_theme(each)
        if theme in self.available_themes:
            self.theme = theme
        else:
            self._problems.append(f"there is no theme {theme!r}; there are {', '.join(each.name for each in themes)}")

    @property
    def mode(self) -> str:
        """Read-only or not, and whether the screen is held."""
        return ("RO" if self._read_only else "RW") + (" PAUSED" if self._paused else "")

    @property
    def view(self) -> View | None:
        """The fleet's or a router's screen, when it is on top."""
        return self.screen if isinstance(self.screen, View) else None

    def on_mount(self) -> None:
        """Open the fleet and begin to look."""
        self.push_screen(FleetScreen())
        self.set_interval(TICK, self._tick, name="look")
        self.call_after_refresh(self._look)
        for problem in self._problems:
            self.notify(problem, severity="warning", timeout=10)

    def on_app_focus(self) -> None:
        """Look as often as before."""
        self._has_focus = True

    def on_app_blur(self) -> None:
        """Look less often: nobody does."""
        self._has_focus = False

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give themes that are not ours what the stylesheet needs."""
        return {"quiet": "ansi_bright_black"}

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a notice. A router's words are never taken for markup, unless somebody asks for it."""
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Fill the palette from the registry."""
        yield from super().get_system_commands(screen)
        for action in actions.ACTIONS:
            if action.id != "palette":
                yield SystemCommand(
                    f"{action.title} ({action.shown})", action.help, getattr(self, f"action_{action.id}")
                )

    def _handle_exception(self, error: Exception) -> None:
        """Keep a bug for the owner: it is told in one line there, and its traceback goes to a file."""
        if self.crash is None:
            self.crash = error
            self.exit(return_code=1)

    # --- looking

    def _tick(self) -> None:
        self._ticks += 1
        is_due = self._has_focus or self._ticks % int(TICK_UNSEEN / TICK) == 0
        if is_due and not self._paused:
            self._look()

    def _look(self) -> None:
        view = self.view
        if view is not None and view.is_mounted:
            with suppress(NoMatches):  # a screen that is being taken down
                if self._seen is None or not self._paused:
                    self._seen = self._services.snapshot()
                view.show(self._seen, Palette(self.theme_variables), self.mode)

    # --- moving about

    def action_help(self) -> None:
        """Show every key."""
        self.push_screen(Help())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Say whether an action has a meaning where we are.

        The filter's key is taken before the focus is asked, so that what follows it in one burst is for the filter; and
        over a question there is nothing to choose but its answer.
        """
        del parameters
        if action == "filter":
            return isinstance(self.screen, FleetScreen) and not isinstance(self.focused, Input)
        if action in {"palette", "command_palette"}:
            return not isinstance(self.screen, ModalScreen)
        return True

    def action_help_quit(self) -> None:
        """Answer ctrl+c: it is no way out of a program that holds connections."""
        self.notify("q leaves", timeout=3)

    def action_palette(self) -> None:
        """Open the command palette."""
        self.action_command_palette()

    def action_filter(self) -> None:
        """Filter the fleet."""
        if isinstance(self.screen, FleetScreen):
            self.screen.open_filter()

    def action_open(self) -> None:
        """Open the router under the cursor."""
        if isinstance(self.screen, FleetScreen) and (name := self.screen.target()):
            self.push_screen(RouterScreen(name))
            self.call_after_refresh(self._look)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter on a row opens it."""
        event.stop()
        self.action_open()

    async def action_back(self) -> None:
        """Go back to where we came from."""
        if isinstance(self.screen, FleetScreen):
            self.screen.close_filter(keep=False)
        elif len(self.screen_stack) > 2:  # the app's own empty screen and the fleet stay
            self.pop_screen()
            self._look()

    def action_fleet(self) -> None:
        """Go to the fleet."""
        while len(self.screen_stack) > 2:
            self.pop_screen()
        self._look()

    def action_sort(self) -> None:
        """Sort by the next column."""
        if isinstance(self.screen, FleetScreen):
            self.screen.next_sort()

    def action_reverse(self) -> None:
        """Turn the order round."""
        if isinstance(self.screen, FleetScreen):
            self.screen.reverse()

    def action_pause(self) -> None:
        """Hold the screen still, or let it go on."""
        self._paused = not self._paused
        self._look()

    def action_down(self) -> None:
        """Next row."""
        self._table_do("cursor_down")

    def action_up(self) -> None:
        """Row before."""
        self._table_do("cursor_up")

    def action_top(self) -> None:
        """First row."""
        self._table_do("scroll_top")

    def action_bottom(self) -> None:
        """Last row."""
        self._table_do("scroll_bottom")

    def _table_do(self, what: str) -> None:
        if isinstance(self.focused, DataTable):
            getattr(self.focused, f"action_{what}")()

    def action_redraw(self) -> None:
        """Draw everything afresh."""
        self.refresh(layout=True)

    async def action_quit(self) -> None:
        """Leave a router; from the fleet, leave the program."""
        if len(self.screen_stack) > 2:
            await self.action_back()
        else:
            self.exit()

    # --- doing

    def action_test(self) -> None:
        """Test the router's connection."""
        if name := self._target("test"):
            self.run_worker(self._test(name), name=f"test {name}")

    def action_reset(self) -> None:
        """Replace the router's connections."""
        self._confirmed("reset", "Reset the pool of", "Its connections are replaced one at a time. Commands under way "
                        "go on to their end.", self._services.reset)  # fmt: skip

    def action_sync(self) -> None:
        """Bring the router into step with billing."""

        async def start(name: str) -> None:
            self._services.start_sync(name)

        self._confirmed("sync", "Sync", "Profiles and customers that billing has are added or set. Nothing is "
                        "removed.", start)  # fmt: skip

    def action_breaker(self) -> None:
        """Isolate the router, or let it back in."""
        name = self._target("breaker")
        router = self._services.snapshot().router(name or "")
        if router is None:
            return
        if router.pool.circuit_breaker.state == "closed":
            self._confirmed("breaker", "Isolate", "Nothing more is asked of it until you press b again. What is under "
                            "way goes on to its end.", self._services.isolate)  # fmt: skip
        else:
            self._confirmed("breaker", "Let back in", "It is asked once now; when it answers, the circuit closes.",
                            self._services.probe)  # fmt: skip

    def _target(self, action_id: str) -> str | None:
        """Return the router an action is for, or say why there is none."""
        action = actions.by_id(action_id)
        if self._read_only and action.danger is not Danger.NONE:
            self.notify(f"{action.title}: refused, this is read-only", severity="warning")
            return None
        view = self.view
        name = view.target() if view is not None and action.where is Where.ROUTERS else None
        if name is None and view is not None:
            self.notify("there is no router under the cursor", severity="warning")
        return name

    def _confirmed(self, action_id: str, doing: str, consequence: str, do: Callable[[str], Awaitable[None]]) -> None:
        """Ask, then do."""
        name = self._target(action_id)
        router = self._services.snapshot().router(name or "")
        if router is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(self._do(doing, router.name, do), name=f"{doing} {router.name}")
            else:
                self.notify(f"{router.name} was left alone")

        self.push_screen(Confirm(router.name, doing, consequence, must_type=router.is_protected), answered)

    async def _do(self, doing: str, name: str, do: Callable[[str], Awaitable[None]]) -> None:
        try:
            await do(name)
        except MktuiError as error:
            self.notify(str(error), title=f"{doing} {name}", severity="error", timeout=15)
        else:
            self.notify("begun" if doing == "Sync" else "done", title=f"{doing} {name}")
        self._look()

    async def _test(self, name: str) -> None:
        router = self._services.snapshot().router(name)
        shown = TestView(name, router.address if router is not None else "")
        await self.push_screen(shown)
        try:
            shown.end(await self._services.test(name, on_step=shown.add))
        except MktuiError as error:
            shown.dismiss()
            self.notify(str(error), title=f"test {name}", severity="error", timeout=15)
