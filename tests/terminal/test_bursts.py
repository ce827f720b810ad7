"""Keys that come in one burst, as a bad link delivers them, do what they do one by one."""

from __future__ import annotations

import pytest
from textual.events import Key
from textual.widgets import Input

from tests.terminal.driving import notices, opened, press, settle
from tests.terminal.recorded_configs import with_file

pytestmark = pytest.mark.anyio


async def test_a_line_is_emptied_before_what_follows_is_typed() -> None:
    async with opened(with_file()) as (app, pilot):
        await press(pilot, "6", "enter", "enter")
        box = app.screen.query_one("#value", Input)
        assert box.value == "3"
        for key, letter in (("ctrl+u", None), ("4", "4"), ("home", None), ("1", "1"), ("end", None), ("2", "2")):
            app.post_message(Key(key, letter))
        await settle(pilot)
        assert box.value == "142"


async def test_what_follows_the_palettes_key_is_typed_into_the_palette() -> None:
    async with opened() as (app, pilot):
        for key in ("colon", "t", "h", "R"):
            app.post_message(Key(key, ":" if key == "colon" else key))
        await settle(pilot)
        assert app.screen.query_one(Input).value == "thR"
        assert notices(app) == []
