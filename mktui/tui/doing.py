"""The app's part that does something to a router: tests it, resets its pool, isolates it, plans its sync."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mktui.errors import MktuiError
from mktui.services.command_words import in_words
from mktui.services.console import is_read, parse_line
from mktui.tui.finding import Find
from mktui.tui.room import Room
from mktui.tui.screens.console import ConsoleScreen
from mktui.tui.screens.modals import Confirm, Hold, TestView
from mktui.tui.screens.plan import PlanScreen

if TYPE_CHECKING:
    from mktui.core.protocol.sentences import Command
    from mktui.monitor.snapshot import RouterSnapshot


class Does(Room):
    """An app in which keys do something to the router under the cursor."""

    def action_test(self) -> None:
        """Test the router's connection."""
        if name := self.target("test"):
            self.run_worker(self._test(name), name=f"test {name}")

    async def _test(self, name: str) -> None:
        router = self.services.snapshot().router(name)
        shown = TestView(name, router.address if router is not None else "")
        await self.push_screen(shown)
        try:
            shown.end(await self.services.test(name, on_step=shown.add))
        except MktuiError as error:
            shown.dismiss()
            self.notify(str(error), title=f"test {name}", severity="error", timeout=15)

    def action_run(self) -> None:
        """Ask for a command, and run it on the router."""
        if name := self.target("run"):
            hint = "/ppp/active/print .proplist=name,address ?service=pppoe"
            self.push_screen(Find(f"run on {name}:", hint), partial(self._typed, name))

    async def _typed(self, name: str, line: str | None) -> None:
        """Run what was typed: a read at once, a write after a question."""
        router = self.services.snapshot().router(name)
        if line is None or router is None:
            return
        try:
            command = parse_line(line)
        except MktuiError as error:
            self.notify(str(error), title="not run", severity="warning", timeout=10)
            return
        if is_read(command):
            await self._open_console(name, line, command)
        elif self.read_only:
            self.notify(f"{command.path}: refused, it is no read and this is read-only", severity="warning")
        else:
            self._ask_to_write(router, line, command)

    def _ask_to_write(self, router: RouterSnapshot, line: str, command: Command) -> None:
        async def answered(yes: bool | None) -> None:
            if yes:
                await self._open_console(router.name, line, command)
            else:
                self.notify(f"{router.name} was left alone")

        consequence = "It is no read, so it may change the router. It is sent once, and kept in the audit."
        doing = f"Run {in_words(command)} on"
        self.push_screen(Confirm(router.name, doing, consequence, must_type=router.is_protected), answered)

    async def _open_console(self, name: str, line: str, command: Command) -> None:
        if isinstance(self.screen, ConsoleScreen):
            self.pop_screen()
        await self.show_screen(ConsoleScreen(name, line, command))

    def action_reset(self) -> None:
        """Replace the router's connections."""
        self.ask("reset", "Reset the pool of", "Its connections are replaced one at a time. Commands under way "
                        "go on to their end.", self.services.reset)  # fmt: skip

    async def action_sync(self) -> None:
        """Plan what would bring the router into step, and look at it."""
        name, view = self.target("sync"), self.view
        router = self.services.snapshot().router(name or "")
        if isinstance(self.screen, PlanScreen):
            self.screen.action_again()
            self.look()
        elif router is not None and view is not None:
            if not router.sync.is_running:
                self.services.start_plan(router.name, view.order())
            await self.show_screen(PlanScreen(router.name))

    def action_hold(self) -> None:
        """Hold the router's automatic syncs, or let them go on."""
        name = self.target("hold")
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
                hold = self.do("Hold", router.name, lambda name: self.services.hold(name, reason), "held")
                self.run_worker(hold, name=f"hold {router.name}")

        self.push_screen(Hold(router.name), answered)

    def action_breaker(self) -> None:
        """Isolate the router, or let it back in."""
        name = self.target("breaker")
        router = self.services.snapshot().router(name or "")
        if router is None:
            return
        if router.pool.circuit_breaker.state == "closed":
            self.ask("breaker", "Isolate", f"Nothing more is asked of it until you press {self.keymap.key('breaker')} "
                            "again. What is under way goes on to its end.", self.services.isolate)  # fmt: skip
        else:
            self.ask("breaker", "Let back in", "It is asked once now; when it answers, the circuit closes.",
                            self.services.probe)  # fmt: skip
