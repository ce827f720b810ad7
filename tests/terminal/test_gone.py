"""A router that is taken out while its screen is open: the screen stands, and no key finds it still there."""

from __future__ import annotations

import pytest

from mktui.services.demo import open_demo
from mktui.tui.app import ControlRoom
from tests.terminal.driving import notices, press, settle, text

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("keys", [("s",), ("enter",), ("2", "enter")], ids=["plan", "router", "report"])
async def test_no_key_of_its_screen_does_anything_to_it_or_to_another(keys: tuple[str, ...]) -> None:
    async with open_demo(seed=1) as fleet:
        app = ControlRoom(fleet)
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            app.look()
            await press(pilot, *keys)
            assert app.view is not None
            screen, name = app.view, app.view.target()
            assert name is not None
            await fleet.stop_router(name)
            await press(pilot, "s", "r", "P", "H", "U", "F", "t", "R", "b", "a", "A", "z", "d")
            app.look()
            await settle(pilot)
            assert app.view is screen
            assert app.crash is None
            if keys == ("enter",):
                assert f"{name} is in the configuration no more" in text(app)
                assert "ready" not in text(app), "nothing of it looks as if it were there"
            else:
                assert any(f"{name} is in the configuration no more" in told.message for told in notices(app))
