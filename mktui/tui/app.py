"""The terminal: takes a frozen snapshot twice a second and shows it; keys become actions of the services.

It owns no router. The task group that holds pools and signals stands outside and outlives it: whatever ends the screen,
connections are closed in good order by their owner.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from textual.app import SystemCommand
from textual.css.query import NoMatches
from textual.screen import ModalScreen
from textual.widgets import DataTable, Input

from mktui.errors import MktuiError
from mktui.tui import actions
from mktui.tui.actions import Danger
from mktui.tui.driver import backlog_of, forget_screen, has_caught_up
from mktui.tui.finding import FindsCustomers
from mktui.tui.link import Link
from mktui.tui.palette import Palette
from mktui.tui.places import SCREENS
from mktui.tui.screens.config import ConfigScreen
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.modals import Confirm, Help, Hold, TestView
from mktui.tui.screens.plan import PlanScreen
from mktui.tui.screens.view import View
from mktui.tui.style import STYLE
from mktui.tui.themes import OwnThemes
from mktui.tui.widgets.long_table import LongTable
from mktui.tui.widgets.page import Page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from textual.driver import Driver
    from textual.notifications import SeverityLevel
    from textual.screen import Screen

    from mktui.monitor.snapshot import Snapshot
    from mktui.tui.services import Services

TICK: Final = 0.5
"""Seconds between two looks at the services."""
TICK_UNSEEN: Final = 2.0
"""The same while the terminal has lost the focus."""


class ControlRoom(FindsCustomers):
    """The application."""

    TITLE = "mktui"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS = actions.bindings()  # type: ignore[assignment]  # a list of Binding is one of those that are allowed
    CSS = STYLE

    def __init__(
        self,
        services: Services,
        *,
        theme: str = "noc-dark",
        read_only: bool = False,
        driver: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver)
        self.services = services
        self._link = Link()
        self._read_only = read_only
        self._paused = False
        self._seen: Snapshot | None = None
        self.crash: Exception | None = None
        self._has_focus = True
        self._ticks = 0
        self._themes = OwnThemes()
        self._problems = self._themes.take(self)
        if theme in self.available_themes:
            self.theme = theme
        else:
            self._problems.append(f"there is no theme {theme!r}; there are {', '.join(self.available_themes)}")

    @property
    def mode(self) -> str:
        """Read-only or not, and whether the screen is held."""
        slow = " LINK SLOW" if self._link.is_slow(monotonic()) else ""
        return ("RO" if self._read_only else "RW") + (" PAUSED" if self._paused else "") + slow

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
        """Fill the palette from the registry with what has a meaning here."""
        yield from super().get_system_commands(screen)
        for action in actions.ACTIONS:
            if action.id != "palette" and (not isinstance(screen, View) or screen.place in action.where):
                handler = partial(self.run_action, actions.binding_of(action))
                yield SystemCommand(f"{action.title} ({action.shown})", action.help, handler)

    def _handle_exception(self, error: Exception) -> None:
        """Keep a bug for the owner: it is told in one line there, and its traceback goes to a file."""
        if self.crash is None:
            self.crash = error
            self.exit(return_code=1)

    # --- looking

    def _tick(self) -> None:
        self._ticks += 1
        for problem in self._themes.take_changed(self):
            self.notify(problem, severity="warning", timeout=10)
        if not self._link.may_draw(backlog_of(self._driver), monotonic()):
            return
        if has_caught_up(self._driver):
            self.refresh(layout=True)
        is_due = self._has_focus or self._ticks % int(TICK_UNSEEN / TICK) == 0
        if is_due and not self._paused:
            self._look()

    def _look(self) -> None:
        view = self.view
        if view is not None and view.is_mounted:
            with suppress(NoMatches):  # a screen that is being taken down
                if self._seen is None or not self._paused:
                    self._seen = self.services.snapshot()
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
        return self.view is None or actions.is_at_home(action, self.view.place)

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

    async def action_open(self) -> None:
        """Open what is under the cursor."""
        screen = self.view.opened() if self.view is not None else None
        if screen is not None:
            await self._show_screen(screen)

    async def _show_screen(self, screen: Screen[None]) -> None:
        """Put a screen on top with its figures in it: the next key of a burst finds its rows."""
        await self.push_screen(screen)
        self._look()

    async def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter on a row opens it."""
        event.stop()
        await self.action_open()

    async def action_back(self) -> None:
        """Go back to where we came from."""
        if isinstance(self.screen, FleetScreen):
            self.screen.close_filter(keep=False)
        elif len(self.screen_stack) > 2 and self._may_leave(self.action_back, is_back=True):  # the fleet stays
            self.pop_screen()
            self._look()

    def action_fleet(self) -> None:
        """Go to the fleet."""
        if self._may_leave(self.action_fleet):
            while len(self.screen_stack) > 2:
                self.pop_screen()
            self._look()

    def _may_leave(self, again: Callable[[], Awaitable[None] | None], *, is_back: bool = False) -> bool:
        return self.view is None or self.view.may_leave(again, is_back=is_back)

    async def action_edit(self) -> None:
        """Open the configuration at the router."""
        if name := self._target("edit"):
            await self._show_screen(ConfigScreen(name))

    async def action_go(self, place: str) -> None:
        """Go to one of the numbered screens."""
        screen = SCREENS[place]
        if not isinstance(self.screen, screen) and self._may_leave(partial(self.action_go, place)):
            self.action_fleet()
            await self._show_screen(screen())

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
        if isinstance(self.focused, DataTable | LongTable | Page):
            getattr(self.focused, f"action_{what}")()

    def action_redraw(self) -> None:
        """Draw everything afresh."""
        forget_screen(self._driver)
        self.refresh(layout=True)

    async def action_quit(self) -> None:
        """Leave the screen; from the fleet, leave the program."""
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
        self.ask("reset", "Reset the pool of", "Its connections are replaced one at a time. Commands under way "
                        "go on to their end.", self.services.reset)  # fmt: skip

    async def action_sync(self) -> None:
        """Plan what would bring the router into step, and look at it."""
        name, view = self._target("sync"), self.view
        router = self.services.snapshot().router(name or "")
        if isinstance(self.screen, PlanScreen):
            self.screen.action_again()
            self._look()
        elif router is not None and view is not None:
            if not router.sync.is_running:
                self.services.start_plan(router.name, view.order())
            await self._show_screen(PlanScreen(router.name))

    def action_hold(self) -> None:
        """Hold the router's automatic syncs, or let them go on."""
        name = self._target("hold")
        router = self.services.snapshot().router(name or "")
        if router is None:
            return
        if router.sync.paused is not None:
            why = f"They are held: {router.sync.paused}"
            self.ask("hold", "Let go the automatic syncs of", why, self.services.let_go)
            return

        def answered(reason: str | None) -> None:
            if reason is None:
                self.notify(f"{router.name} was left alone")
            else:
                hold = self._do("Hold", router.name, lambda name: self.services.hold(name, reason), "held")
                self.run_worker(hold, name=f"hold {router.name}")

        self.push_screen(Hold(router.name), answered)

    def action_breaker(self) -> None:
        """Isolate the router, or let it back in."""
        name = self._target("breaker")
        router = self.services.snapshot().router(name or "")
        if router is None:
            return
        if router.pool.circuit_breaker.state == "closed":
            self.ask("breaker", "Isolate", "Nothing more is asked of it until you press b again. What is under "
                            "way goes on to its end.", self.services.isolate)  # fmt: skip
        else:
            self.ask("breaker", "Let back in", "It is asked once now; when it answers, the circuit closes.",
                            self.services.probe)  # fmt: skip

    def is_allowed(self, action_id: str) -> bool:
        """Say whether an action may be done at all; when not, the operator is told."""
        action = actions.by_id(action_id)
        if self._read_only and action.danger is not Danger.NONE:
            self.notify(f"{action.title}: refused, this is read-only", severity="warning")
            return False
        return True

    def _target(self, action_id: str) -> str | None:
        """Return the router an action is for, or say why there is none."""
        if not self.is_allowed(action_id):
            return None
        view = self.view
        name = view.target() if view is not None else None
        if name is None and view is not None:
            self.notify("there is no router under the cursor", severity="warning")
        return name

    def ask(
        self, action_id: str, doing: str, consequence: str, do: Callable[[str], Awaitable[None]], *, said: str = "done"
    ) -> None:
        """Ask before something is done to the router, then do it and say so; ``said`` is "" where it is seen anyhow."""
        name = self._target(action_id)
        router = self.services.snapshot().router(name or "")
        if router is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(self._do(doing, router.name, do, said), name=f"{doing} {router.name}")
            else:
                self.notify(f"{router.name} was left alone")

        self.push_screen(Confirm(router.name, doing, consequence, must_type=router.is_protected), answered)

    async def _do(self, doing: str, name: str, do: Callable[[str], Awaitable[None]], said: str) -> None:
        try:
            await do(name)
        except MktuiError as error:
            self.notify(str(error), title=f"{doing} {name}", severity="error", timeout=15)
        else:
            if said:
                self.notify(said, title=f"{doing} {name}")
        self._look()

    async def _test(self, name: str) -> None:
        router = self.services.snapshot().router(name)
        shown = TestView(name, router.address if router is not None else "")
        await self.push_screen(shown)
        try:
            shown.end(await self.services.test(name, on_step=shown.add))
        except MktuiError as error:
            shown.dismiss()
            self.notify(str(error), title=f"test {name}", severity="error", timeout=15)
