"""The app's part that does something to a router: tests it, resets its pool, isolates it, plans its sync."""

from __future__ import annotations

from mktui.errors import MktuiError
from mktui.tui.room import Room
from mktui.tui.screens.modals import Hold, TestView
from mktui.tui.screens.plan import PlanScreen


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
            self.ask("breaker", "Isolate", "Nothing more is asked of it until you press b again. What is under "
                            "way goes on to its end.", self.services.isolate)  # fmt: skip
        else:
            self.ask("breaker", "Let back in", "It is asked once now; when it answers, the circuit closes.",
                            self.services.probe)  # fmt: skip
