"""What every part of the screen's program stands on: the services, the question before a deed, the next look."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from textual.app import App
from textual.binding import BindingsMap

from mktui.errors import MktuiError
from mktui.tui import actions
from mktui.tui.actions import Danger
from mktui.tui.keymap import Keymap
from mktui.tui.screens.modals import Confirm
from mktui.tui.screens.view import View
from mktui.tui.themes import OwnThemes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.driver import Driver
    from textual.notifications import SeverityLevel
    from textual.screen import Screen

    from mktui.tui.services import Services


class Room(App[None]):
    """An app that shows the services and asks before it does what cannot be taken back."""

    def __init__(
        self, services: Services, *, read_only: bool, driver: type[Driver] | None, keymap: Keymap | None = None
    ) -> None:
        if not os.environ.get("NO_COLOR"):
            os.environ.pop("NO_COLOR", None)  # an empty one asks for nothing
        self.is_plain = "NO_COLOR" in os.environ
        super().__init__(driver_class=driver, ansi_color=True if self.is_plain else None)
        self.keymap = keymap or Keymap()
        mine = {actions.binding_of(action) for action in actions.ACTIONS}
        self._others = BindingsMap([binding for _, binding in self._bindings if binding.action not in mine])
        self.wear(self.keymap)
        self.themes = OwnThemes()
        self.services = services
        self.read_only = read_only
        self.chart_span = 0
        """Which of ``latency_chart.SPANS`` was chosen, on whatever router."""

    def wear(self, keymap: Keymap) -> None:
        """Let these keys be pressed from now on, and shown: help and palette read them there, too.

        Textual's own keymap would take a key from every other action, on whatever screen.
        """
        self.keymap = keymap
        self._bindings = BindingsMap.merge([self._others, BindingsMap(actions.bindings(keymap.actions))])
        for screen in self.screen_stack if self.is_running else ():
            if isinstance(screen, View):
                screen.show_keys(screen.size.width)

    @property
    def view(self) -> View | None:
        """The fleet's or a router's screen, when it is on top."""
        return self.screen if isinstance(self.screen, View) else None

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

    async def action_open(self) -> None:
        """Open what is under the cursor."""
        raise NotImplementedError

    def paint(self, view: View) -> None:
        """Show in a screen what was seen last."""
        raise NotImplementedError

    def look(self) -> None:
        """Show how everything is now, without waiting for the next tick."""
        raise NotImplementedError

    async def show_screen(self, screen: Screen[None]) -> None:
        """Put a screen on top with its figures in it: the next key of a burst finds its rows."""
        await self.push_screen(screen)
        self.look()

    def is_allowed(self, action_id: str) -> bool:
        """Say whether an action may be done at all; when not, the operator is told."""
        action = actions.by_id(action_id)
        if self.read_only and action.danger is not Danger.NONE:
            self.notify(f"{action.title}: refused, this is read-only", severity="warning")
            return False
        return True

    def target(self, action_id: str) -> str | None:
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
        name = self.target(action_id)
        router = self.services.snapshot().router(name or "")
        if router is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(self.do(doing, router.name, do, said), name=f"{doing} {router.name}")
            else:
                self.notify(f"{router.name} was left alone")

        self.push_screen(Confirm(router.name, doing, consequence, must_type=router.is_protected), answered)

    async def do(self, doing: str, name: str, do: Callable[[str], Awaitable[None]], said: str) -> None:
        """Do something to a router, and say how it went."""
        try:
            await do(name)
        except MktuiError as error:
            self.notify(str(error), title=f"{doing} {name}", severity="error", timeout=15)
        else:
            if said:
                self.notify(said, title=f"{doing} {name}")
        self.look()
