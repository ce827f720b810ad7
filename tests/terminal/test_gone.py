"""A router that is taken out while its screen is open: the screen is left, and no key finds it still there."""

from __future__ import annotations

import pytest

from mktui.services.demo import open_demo
from mktui.tui.app import ControlRoom
from mktui.tui.screens.fleet import FleetScreen
from tests.terminal.driving import notices, press, settle

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("keys", [("s",), ("enter",), ("2", "enter")], ids=["plan", "router", "report"])
async def test_its_screen_is_left_and_that_is_said(keys: tuple[str, ...]) -> None:
    async with open_demo(seed=1) as fleet:
        app = ControlRoom(fleet)
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            app.look()
            await press(pilot, *keys)
            assert app.view is not None
            name = app.view.target()
            assert name is not None
            await fleet.stop_router(name)
            await press(pilot, "P", "H", "U")
            app.look()
            await settle(pilot)
            assert isinstance(app.screen, FleetScreen)
            assert app.crash is None
            assert any(name in told.message and "no more" in told.message for told in notices(app))
