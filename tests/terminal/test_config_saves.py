"""What is changed while a save is under way is neither lost nor saved unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from mktui.tui.screens.config import ConfigScreen
from tests.terminal.driving import notices, opened, press, settle
from tests.terminal.recorded_configs import with_file

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from mktui.config.save import Seen
    from mktui.services.configuring import Saved

pytestmark = pytest.mark.anyio


async def typed(pilot: Pilot[None], *keys: str) -> None:
    """Press keys without waiting for what they began to end."""
    for key in keys:
        pilot.app.simulate_key(key)
        await settle(pilot)


async def test_what_is_changed_while_a_save_is_under_way_stays_unsaved(monkeypatch: pytest.MonkeyPatch) -> None:
    services, may_go_on = with_file(), anyio.Event()
    save = services.save_config

    async def slowly(seen: Seen, text: str) -> Saved:
        await may_go_on.wait()
        return await save(seen, text)

    monkeypatch.setattr(services, "save_config", slowly)
    async with opened(services) as (app, pilot):
        await press(pilot, "6")
        screen = app.screen
        assert isinstance(screen, ConfigScreen)
        assert screen._draft is not None
        screen.table.go_to("pool")
        await press(pilot, "enter")
        screen.table.go_to("pool.max_size")
        await typed(pilot, "enter", "backspace", "9", "enter", "ctrl+s", "y")
        await typed(pilot, "u")
        assert "being saved cannot be taken back" in notices(app)[-1].message
        screen.table.go_to("pool.batch_size")
        await typed(pilot, "enter", "backspace", "backspace", "2", "1", "enter")
        await typed(pilot, "ctrl+s")
        assert "it is being saved" in notices(app)[-1].message
        screen.table.go_to("pool.acquire_timeout")
        await typed(pilot, "enter", "7", "7")
        may_go_on.set()
        await app.workers.wait_for_complete()
        await settle(pilot)
        assert [each.setting.key for each in screen._draft.differences()] == [("pool", "batch_size")]
        await typed(pilot, "enter")
        assert {each.setting.key[-1] for each in screen._draft.differences()} == {"batch_size", "acquire_timeout"}
        await press(pilot, "ctrl+s", "y")
        assert screen.unsaved() == 0
        assert "batch_size" in notices(app)[-1].message
