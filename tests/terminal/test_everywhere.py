"""From wherever one is, whatever key comes, at whatever size and in whatever theme: the control room stands."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from mktui.tui.actions import ACTIONS, Place
from mktui.tui.places import SCREENS
from mktui.tui.screens.config import ConfigScreen
from mktui.tui.screens.config_questions import Discard
from mktui.tui.screens.sync import SyncScreen
from mktui.tui.widgets.live_table import LiveTable
from mktui.tui.widgets.long_table import LongTable
from tests.terminal.driving import lines, look, opened, press, settle
from tests.terminal.pictured_alerts import MANY
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_configs import with_file
from tests.terminal.recorded_errors import CHANGES, log
from tests.terminal.recorded_schedule import JOBS
from tests.terminal.recorded_syncs import ROUTER, planned, report
from tests.terminal.test_keys import CHANGED, FIND, PATHS

if TYPE_CHECKING:
    from mktui.tui.app import ControlRoom

pytestmark = pytest.mark.anyio
KEYS = {action.id: action.keys.split(",")[0] for action in ACTIONS}
LEAVES = {"quit", "suspend"}


def with_plans() -> RecordedServices:
    """Services that can plan and have reports."""
    return RecordedServices(will_plan={ROUTER: planned()}, reports={ROUTER: report()})


@pytest.mark.parametrize("place", SCREENS)
@pytest.mark.parametrize("over", [FIND, ("s",), ("enter",), ("l",)], ids=["customer", "plan", "opened", "errors"])
async def test_a_number_leads_to_its_screen_from_what_was_opened_over_it(place: str, over: tuple[str, ...]) -> None:
    async with opened(with_plans()) as (app, pilot):
        await press(pilot, KEYS[place], *over)
        if app.view is None:
            await press(pilot, "escape")  # a row in words is closed first
        await press(pilot, KEYS[place])
        assert app.crash is None
        assert isinstance(app.screen, SCREENS[place])


@pytest.mark.parametrize("seed", range(12))
async def test_no_order_of_keys_ends_anything(seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311 - a walk, no secret
    keys = [key for name, key in KEYS.items() if name not in LEAVES] + ["enter", "escape", "y", "tab", "space", "1"]
    async with opened(with_plans()) as (app, pilot):
        pressed = []
        for _ in range(40):
            pressed.append(chosen.choice(keys))
            app.simulate_key(pressed[-1])
            await settle(pilot)
            assert app.crash is None, " ".join(pressed)


async def test_numbers_in_one_burst_lead_where_the_last_one_says() -> None:
    async with opened(with_plans()) as (app, pilot):
        for key in "232323565632":
            app.simulate_key(key)
        await settle(pilot)
        await press(pilot, "3", "2")
        assert isinstance(app.screen, SyncScreen)
        assert sum(isinstance(screen, SyncScreen) for screen in app.screen_stack) == 1


async def test_what_began_at_a_screen_goes_back_to_it_as_it_was_left() -> None:
    async with opened(with_plans()) as (app, pilot):
        await press(pilot, "2", "j")
        left = app.screen
        await press(pilot, *FIND, "2")
        assert app.screen is left


async def test_unsaved_changes_under_another_screen_are_asked_about_too() -> None:
    async with opened(with_file()) as (app, pilot):
        await press(pilot, *CHANGED)
        assert isinstance(app.screen, ConfigScreen)
        assert app.screen.unsaved() == 1
        await press(pilot, *FIND, "2")
        assert isinstance(app.screen, Discard)
        await press(pilot, "n")
        assert any(isinstance(screen, ConfigScreen) and screen.unsaved() for screen in app.screen_stack)
        await press(pilot, "2", "y")
        assert isinstance(app.screen, SyncScreen)


@pytest.mark.parametrize("place", PATHS)
async def test_every_key_is_drawn_in_the_terminals_own_colours_too(place: Place) -> None:
    async with opened(with_plans(), theme="ansi") as (app, pilot):
        for action in ACTIONS:
            if action.id in LEAVES or place not in action.where:
                continue
            await press(pilot, *PATHS[place], KEYS[action.id])
            await look(pilot)
            assert app.crash is None, f"{action.id} on {place}"
            while len(app.screen_stack) > 2:
                await app.pop_screen()


@pytest.mark.parametrize("place", PATHS)
async def test_a_terminal_of_any_size_is_no_reason_to_end(place: Place) -> None:
    async with opened(with_plans()) as (app, pilot):
        await press(pilot, *PATHS[place])
        for size in ((1, 1), (2, 3), (9, 2), (20, 5), (300, 2), (3, 100), (80, 24)):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            await look(pilot)
            assert app.crash is None, size


LISTS: Final[dict[str, tuple[str, ...]]] = {
    "fleet": (), "syncs": ("2",), "errors": ("3",), "changes": ("c",), "alerts": ("7",), "billing": ("5",),
    "schedule": ("8",),
    "plan": ("slash", *ROUTER, "enter", "s"),
}  # fmt: skip
HEIGHTS: Final = (1, 2, 3, 4, 5, 6, 8, 11, 12, 13, 14, 19, 20, 21, 22, 24, 5)


def with_everything() -> RecordedServices:
    """Services with rows on every screen, and more to say above the alerts than there is room for."""
    services = replace(with_plans(), log=log(), audit=CHANGES)
    services.recorded = replace(services.recorded, alerts=MANY, maintenance=JOBS)
    return services


def line_of_cursor(app: ControlRoom) -> str:
    """The line of the row under the cursor, if it is seen at all."""
    (table,) = app.screen.query("LiveTable, LongTable").results()
    assert isinstance(table, LiveTable | LongTable)
    has_header = table.show_header if isinstance(table, LiveTable) else table.has_header
    seen = table.scrollable_content_region.intersection(app.screen.region)
    y = table.cursor_row - table.scroll_offset.y + has_header
    return lines(app)[table.region.y + y] if has_header <= y < seen.height else ""


@pytest.mark.parametrize("keys", LISTS.values(), ids=LISTS)
async def test_on_a_terminal_of_any_height_the_row_under_the_cursor_is_seen_and_the_cursor_moves(
    keys: tuple[str, ...],
) -> None:
    async with opened(with_everything()) as (app, pilot):
        await press(pilot, *keys)
        for height in HEIGHTS:
            await pilot.resize_terminal(20, height)
            await settle(pilot)
            await look(pilot)
            assert line_of_cursor(app).strip(), f"{height} high"
            (table,) = app.screen.query("LiveTable, LongTable").results()
            assert isinstance(table, LiveTable | LongTable)
            for key in "Gkjg":
                before = table.cursor_row
                await press(pilot, key)
                assert table.cursor_row != before, f"{key} at {height} high"
                assert line_of_cursor(app).strip(), f"{key} at {height} high"
