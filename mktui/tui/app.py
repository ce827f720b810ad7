"""The terminal: takes a frozen snapshot twice a second and shows it; keys become actions of the services.

It owns no router. The task group that holds pools and signals stands outside and outlives it: whatever ends the screen,
connections are closed in good order by their owner.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from textual.app import SystemCommand
from textual.css.query import NoMatches
from textual.screen import ModalScreen
from textual.widgets import Input

from mktui.tui import actions, words
from mktui.tui.doing import Does
from mktui.tui.driver import backlog_of, forget_screen, has_caught_up
from mktui.tui.explaining import Explains
from mktui.tui.finding import FindsCustomers
from mktui.tui.link import Link
from mktui.tui.moving import Moves
from mktui.tui.palette import Palette
from mktui.tui.screens.add import AddScreen
from mktui.tui.screens.filtering import Filterable
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.view import View
from mktui.tui.style import STYLE
from mktui.tui.testing import TestsStability

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.driver import Driver
    from textual.screen import Screen

    from mktui.monitor.snapshot import Snapshot
    from mktui.tui.keymap import Keymap
    from mktui.tui.services import Services

TICK: Final = 0.5
"""Seconds between two looks at the services."""
PLAIN: Final = "ansi"
"""The theme that needs no colours: NO_COLOR takes what it has, and what is left says the same."""
HISTORY_AFTER: Final = 3.0
"""Seconds after the first picture at which it is tried whether history can be kept: said early, and not in its way."""
TICK_UNSEEN: Final = 2.0
"""The same while the terminal has lost the focus."""


class ControlRoom(Moves, Does, FindsCustomers, Explains, TestsStability):
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
        notices: Iterable[str] = (),
        is_first: bool = False,
        keymap: Keymap | None = None,
    ) -> None:
        super().__init__(services, read_only=read_only, driver=driver, keymap=keymap)
        self._is_first = is_first
        self._link = Link()
        self._paused = False
        self._seen: Snapshot | None = None
        self.crash: Exception | None = None
        self._has_focus = True
        self._ticks = 0
        self._problems = [*notices, *self.themes.take(self)]
        self._problems += [f"your keys are not used: {problem}" for problem in self.keymap.problems]
        theme = PLAIN if self.is_plain else theme
        if theme in self.themes.names:
            self.theme = theme
        else:
            self._problems.append(f"there is no theme {theme!r}; there are: {', '.join(self.themes.names)}")

    @property
    def mode(self) -> str:
        """Read-only or not, and whether the screen is held."""
        slow = " LINK SLOW" if self._link.is_slow(monotonic()) else ""
        lost = self._seen.lost_for if self._seen is not None else None
        old = f" CONNECTION LOST {words.age(lost)}" if lost is not None else ""
        return ("RO" if self.read_only else "RW") + (" PAUSED" if self._paused else "") + slow + old

    def on_mount(self) -> None:
        """Open the fleet and begin to look."""
        if (
            not self.is_headless and self.console.color_system == "standard"
        ):  # of its 16 colours, none is a shade away from the ground
            self.add_class("few-colours")
        self.push_screen(FleetScreen())
        if self._is_first and not self.read_only:
            self.push_screen(AddScreen(is_first=True))
        self.set_interval(TICK, self._tick, name="look")
        self.set_timer(HISTORY_AFTER, self.services.watch_errors, name="history")
        self.call_after_refresh(self.look)
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

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Fill the palette from the registry with what has a meaning here."""
        yield from super().get_system_commands(screen)
        for action in self.keymap.actions:
            if action.id != "palette" and (not isinstance(screen, View) or screen.place in action.where):
                handler = partial(self.run_action, actions.binding_of(action))
                yield SystemCommand(
                    f"{action.title} ({action.shown})", actions.help_of(action, self.keymap.actions), handler
                )

    def _handle_exception(self, error: Exception) -> None:
        """Keep a bug for the owner: it is told in one line there, and its traceback goes to a file."""
        if self.crash is None:
            self.crash = error
            self.exit(return_code=1)

    # --- looking

    def _tick(self) -> None:
        self._ticks += 1
        for problem in self.themes.take_changed(self):
            self.notify(problem, severity="warning", timeout=10)
        if not self._link.may_draw(backlog_of(self._driver), monotonic()):
            return
        if has_caught_up(self._driver):
            self.refresh(layout=True)
        self.tell_of_history()
        is_due = self._has_focus or self._ticks % int(TICK_UNSEEN / TICK) == 0
        if is_due and not self._paused:
            self.look()

    def look(self) -> None:
        """Show how everything is now."""
        if self.view is not None:
            if self._seen is None or not self._paused:
                self._seen = self.services.snapshot()
            self.paint(self.view)

    def paint(self, view: View) -> None:
        """Show in a screen what was seen last."""
        if view.is_mounted and self._seen is not None:
            with suppress(NoMatches):  # a screen that is being taken down
                is_old = self._seen.lost_for is not None
                view.set_class(is_old, "old")
                view.show(self._seen, Palette(self.theme_variables, is_old), self.mode)

    # --- moving about

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Say whether an action has a meaning where we are.

        The keys of filter and palette are taken before the focus is asked, so that what follows in one burst is typed
        there; and over a question there is nothing to choose but its answer.
        """
        del parameters
        if action == "filter":
            return isinstance(self.screen, Filterable) and not isinstance(self.focused, Input)
        if action in {"palette", "command_palette"}:
            return not isinstance(self.screen, ModalScreen) and not isinstance(self.focused, Input)
        return self.view is None or actions.is_at_home(action, self.view.place)

    def action_pause(self) -> None:
        """Hold the screen still, or let it go on."""
        self._paused = not self._paused
        self.look()

    def action_redraw(self) -> None:
        """Draw everything afresh."""
        forget_screen(self._driver)
        self.refresh(layout=True)

    def action_suspend(self) -> None:
        """Stop the process until ``fg``; the screen is drawn afresh then, and pools look after their connections."""
        if self._driver is None or not self._driver.can_suspend:
            self.notify("this terminal cannot be given back", severity="warning")
            return
        with self.suspend():
            sys.stderr.write("mktui stands still: no router is watched and no sync goes on until fg\n")
            sys.stderr.flush()
            # the driver's own hearing of it may come late, take the terminal over twice, and never give it back
            hears = signal.signal(signal.SIGCONT, signal.SIG_IGN)
            os.kill(os.getpid(), signal.SIGSTOP)
            signal.signal(signal.SIGCONT, hears)
        self.look()

    # --- doing
