"""The app's part that says what went wrong, and why: a router's errors, its diagnosis, a history that is not kept."""

from __future__ import annotations

from mktui.monitor.diagnosis import diagnose
from mktui.tui import actions
from mktui.tui.palette import Palette
from mktui.tui.room import Room
from mktui.tui.screens.diagnosis import DiagnosisView
from mktui.tui.screens.errors import ErrorsScreen
from mktui.tui.screens.router import RouterScreen


class Explains(Room):
    """An app in which ``l`` and ``d`` say what is wrong with the router under the cursor."""

    _told_problem = ""

    async def action_errors(self) -> None:
        """Show the errors of the router under the cursor; on the error log: only its, or all again."""
        if isinstance(self.screen, ErrorsScreen):
            self.screen.narrow("" if self.screen.router else (self.target("errors") or ""))
        elif name := self.target("errors"):
            await self.show_screen(ErrorsScreen(name))

    def action_diagnosis(self) -> None:
        """Say what is wrong with the router, and go where a finding leads."""
        snapshot = self.services.snapshot()
        name = self.target("diagnosis")
        router = snapshot.router(name or "")
        if name is None or router is None:
            if name is not None:
                self.notify(f"{name} is not in this fleet any more", severity="warning")
            return

        async def chosen(action_id: str | None) -> None:
            if action_id is not None:
                await self._follow(action_id, name)

        found = diagnose(router, snapshot.at)
        palette = Palette(self.theme_variables, snapshot.lost_for is not None)
        self.push_screen(DiagnosisView(router, found, snapshot.at, palette, self.keymap), chosen)

    async def _follow(self, action_id: str, name: str) -> None:
        """Do what a finding names to the router that it was found on, wherever the cursor is by now."""
        if action_id == "errors":
            if isinstance(self.screen, ErrorsScreen):
                self.screen.narrow(name)
            else:
                await self.show_screen(ErrorsScreen(name))
        elif action_id == "open":
            if not isinstance(self.screen, RouterScreen):
                await self.show_screen(RouterScreen(name))
        elif self.view is not None and self.view.target() == name:
            await self.run_action(actions.binding_of(actions.by_id(action_id)))
        else:
            self.notify(f"the cursor has left {name}: nothing was done", severity="warning")

    def tell_of_history(self) -> None:
        """Say once when history is no longer kept, and why, and once when it is again."""
        problem = self.services.errors().problem
        if problem == self._told_problem:
            return
        self._told_problem = problem
        if problem:
            self.notify(f"Its file: {problem}. mktui goes on, and remembers errors and changes until it ends.",
                        title="no history is kept", severity="warning", timeout=15)  # fmt: skip
        else:
            self.notify("errors and changes are kept again", timeout=5)
