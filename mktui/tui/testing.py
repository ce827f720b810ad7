"""The app's part that tests a router's stability from anywhere: screen 4 comes, at that router, and asks."""

from __future__ import annotations

from mktui.tui.room import Room
from mktui.tui.screens.tests import TestsScreen


class TestsStability(Room):
    """An app in which ``T`` tests stability."""

    __test__ = False  # its name is not a claim for pytest

    async def action_stability(self) -> None:
        """Test the router under the cursor; on the screen of tests, what that is for."""
        if isinstance(self.screen, TestsScreen):
            self.screen.run_all()
        elif name := self.target("stability"):
            screen = TestsScreen(name)
            await self.show_screen(screen)
            screen.run_all()
