"""What may hurt a network asks first, names the router, and says how it ended; a held picture stays held."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from mktui.errors import CommandTrapped, ConfigError, ConnectFailed, LoginRefused
from mktui.monitor.snapshot import SyncState
from mktui.tui.actions import ACTIONS, Danger, Place
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.modals import Confirm, TestView
from mktui.tui.widgets.live_table import LiveTable
from tests.terminal.driving import lines, look, notices, only, opened, press, settle, text
from tests.terminal.recorded import STEPS, RecordedServices, fleet

if TYPE_CHECKING:
    from mktui.errors import MktuiError
    from mktui.monitor.snapshot import Snapshot

pytestmark = pytest.mark.anyio

ASKING = pytest.mark.parametrize(("key", "asked"), [("R", "reset"), ("b", "isolate")], ids=["reset", "breaker"])


@ASKING
async def test_it_names_the_router_does_nothing_until_yes_and_says_that_it_did(key: str, asked: str) -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await only(pilot, "edge-2")
        await press(pilot, key)
        assert isinstance(app.screen, Confirm)
        assert "edge-2?" in text(app)
        assert services.asked == []
        await press(pilot, "y")
        assert isinstance(app.screen, FleetScreen)
        (told,) = notices(app)
        assert told.severity == "information"
        assert "edge-2" in told.title
    assert services.asked == [(asked, "edge-2")]


@pytest.mark.parametrize("key", ["R", "b"])
async def test_no_leaves_the_router_alone_and_says_so(key: str) -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await only(pilot, "edge-2")
        for count, no in enumerate(("n", "q", "escape"), 1):
            await press(pilot, key)
            assert isinstance(app.screen, Confirm)
            await press(pilot, no)
            assert isinstance(app.screen, FleetScreen)
            assert [told.message for told in notices(app)] == ["edge-2 was left alone"] * count
    assert services.asked == []


@ASKING
async def test_a_protected_router_wants_its_name(key: str, asked: str) -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await only(pilot, "edge-1")
        for typed in ("", "edge-11"):
            await press(pilot, key)
            assert isinstance(app.focused, Input)
            await press(pilot, *typed, "enter")
            assert "that is not its name: edge-1" in text(app)
            assert services.asked == [], typed
            await press(pilot, "escape")
            assert isinstance(app.screen, FleetScreen)
        await press(pilot, key, *"edge-1", "enter")
    assert services.asked == [(asked, "edge-1")]


async def test_escape_while_typing_the_name_leaves_the_router_alone() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await only(pilot, "edge-1")
        await press(pilot, "R", *"edge-1", "escape")
        assert isinstance(app.screen, FleetScreen)
    assert services.asked == []


async def test_the_circuit_of_an_open_router_is_let_back_in_and_a_closed_one_isolated() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await only(pilot, "tower-west")
        await press(pilot, "b")
        assert "Let back in tower-west?" in text(app)
        await press(pilot, "y")
        await only(pilot, "edge-2")
        await press(pilot, "b")
        assert "Isolate edge-2?" in text(app)
        await press(pilot, "y")
    assert services.asked == [("probe", "tower-west"), ("isolate", "edge-2")]


async def test_on_a_routers_screen_the_action_is_for_that_router() -> None:
    services = RecordedServices()
    async with opened(services) as (_, pilot):
        await only(pilot, "plaza")
        await press(pilot, "enter", "j", "R", "y", "t")
    assert services.asked == [("reset", "hotspot-plaza"), ("test", "hotspot-plaza")]


async def test_a_test_shows_every_step_its_time_and_the_verdict() -> None:
    async with opened() as (app, pilot):
        await only(pilot, "edge-1")
        await press(pilot, "t")
        assert isinstance(app.screen, TestView)
        shown = text(app)
        for step in STEPS:
            assert f"✓ {step.name}" in shown
            assert f"{step.took * 1000:.1f} ms" in shown
        assert "edge-1 is fine: RouterOS 7.20.8" in shown
        await press(pilot, "escape")
        assert isinstance(app.screen, FleetScreen)


async def test_read_only_refuses_every_write_with_a_notice_and_still_tests() -> None:
    services = RecordedServices()
    async with opened(services, read_only=True) as (app, pilot):
        assert "  RO " in lines(app)[0]
        writes = [each for each in ACTIONS if each.danger is not Danger.NONE and Place.FLEET in each.where]
        for count, action in enumerate(writes, 1):
            await press(pilot, action.keys)
            assert isinstance(app.screen, FleetScreen), action.id
            assert notices(app)[-1].message == f"{action.title}: refused, this is read-only"
            assert len(notices(app)) == count
        await press(pilot, "t")
        assert isinstance(app.screen, TestView)
    assert [asked for asked, _ in services.asked] == ["test"]


async def test_nothing_under_the_cursor_is_said() -> None:
    services = RecordedServices(replace(fleet(), routers=()))
    async with opened(services) as (app, pilot):
        for count, key in enumerate(("t", "R", "s", "b"), 1):
            await press(pilot, key)
            assert [told.message for told in notices(app)] == ["there is no router under the cursor"] * count
            assert isinstance(app.screen, FleetScreen)
    assert services.asked == []


UNREACHABLE = ConnectFailed("edge-2", address="10.0.0.2:8729", reason="connection refused")


@pytest.mark.parametrize(
    ("key", "error"),
    [
        ("R", UNREACHABLE),
        ("R", ConfigError("there is no [[routers]]", key="routers", remedy="sample_configs/minimal.toml shows one")),
        ("b", LoginRefused("edge-2", username="mktui", text="invalid user name or password (6)")),
    ],
    ids=["unreachable", "reset", "breaker"],
)
async def test_an_error_is_one_clear_notice_in_its_own_words(key: str, error: MktuiError) -> None:
    services = RecordedServices(refuses=error)
    async with opened(services) as (app, pilot):
        await only(pilot, "edge-2")
        await press(pilot, key, "y")
        (told,) = notices(app)
        assert (told.severity, told.message) == ("error", str(error))
        assert "edge-2" in told.title
        assert app.is_running
    assert len(services.asked) == 1


SAID = (
    "[red",
    "[1,2]",
    "no [bold]such[/bold] item",
    "[/ppp/secret]",
    "[@click=app.quit]x[/]",
)


@pytest.mark.parametrize("said", SAID)
async def test_what_a_router_says_is_shown_as_it_said_it(said: str) -> None:
    services = RecordedServices(refuses=CommandTrapped("edge-2", path="/x", texts=[said], category=0))
    async with opened(services, size=(120, 40)) as (app, pilot):
        await only(pilot, "edge-2")
        await press(pilot, "R", "y")
        assert said in text(app)


async def test_an_error_of_a_test_ends_the_test_with_a_notice() -> None:
    services = RecordedServices(refuses=UNREACHABLE)
    async with opened(services) as (app, pilot):
        await press(pilot, "t")
        assert str(UNREACHABLE) in [told.message for told in notices(app)]
        assert app.is_running


def changed() -> Snapshot:
    """The fleet a moment later: nothing waits any more on edge-1."""
    recorded = fleet()
    first, *others = recorded.routers
    queue = replace(first.pool.queue, normal=0, low=0)
    return replace(recorded, routers=(replace(first, pool=replace(first.pool, queue=queue)), *others))


async def test_pause_holds_the_picture_and_the_same_key_lets_it_go_on() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "p")
        held = text(app)
        services.recorded = changed()
        await look(pilot)
        assert text(app) == held
        assert "PAUSED" in held
        await press(pilot, "p")
        assert "PAUSED" not in text(app)
        assert text(app) != held


async def test_a_held_picture_is_the_one_that_was_seen_and_looking_around_does_not_change_it() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        seen = lines(app)[1:]
        services.recorded = changed()
        await press(pilot, "p")
        assert lines(app)[1:] == seen
        await press(pilot, "enter", "escape")
        assert lines(app)[1:] == seen


async def test_new_figures_are_shown_at_the_next_look() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        before = text(app)
        services.recorded = changed()
        await look(pilot)
        assert text(app) != before


async def test_on_a_low_terminal_the_name_is_typed_in_sight() -> None:
    async with opened(size=(40, 10)) as (app, pilot):
        await only(pilot, "edge-1")
        await press(pilot, "R")
        box = app.screen.query_one("#name")
        await settle(pilot)
        assert box.has_focus
        assert app.screen.find_widget(box).visible_region.height == 1


async def test_what_is_pending_is_not_said_before_it_is_known() -> None:
    recorded = fleet()
    unknown = replace(recorded, routers=tuple(replace(each, sync=SyncState()) for each in recorded.routers))
    async with opened(RecordedServices(unknown)) as (app, _):
        assert "– pending" in lines(app)[1]
    async with opened() as (app, _):
        assert "641 pending" in lines(app)[1]


async def test_the_cursor_is_on_what_is_in_most_trouble_until_somebody_presses_a_key() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        worst = app.screen.query_one("#routers", LiveTable).current
        assert worst == "tower-cerro-alto"
        well = fleet().router("edge-2")
        assert well is not None
        mended = replace(well, name=worst)
        rest = tuple(each for each in fleet().routers if each.name != worst)
        services.recorded = replace(fleet(), routers=(*rest, mended))
        await look(pilot)
        assert app.screen.query_one("#routers", LiveTable).current == "tower-west"
        await press(pilot, "p", "p")
        services.recorded = fleet()
        await look(pilot)
        assert app.screen.query_one("#routers", LiveTable).current == "tower-west", "now it stays on its router"


@pytest.mark.parametrize("screen", ["1", "2"])
async def test_other_columns_leave_the_cursor_on_its_router(screen: str) -> None:
    async with opened() as (app, pilot):
        await press(pilot, screen, "j", "j")
        table = app.screen.query_one(LiveTable)
        chosen = table.current
        assert chosen != next(iter(table.rows)).value, "it is not on the first row"
        for width in (120, 80, 200, 99):
            await pilot.resize_terminal(width, 24)
            await settle(pilot)
            await look(pilot)
            assert table.current == chosen
        await press(pilot, "w")
        assert table.current == chosen


async def test_when_a_router_goes_the_cursor_is_on_the_one_in_its_place() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "j", "j")
        table = app.screen.query_one(LiveTable)
        assert table.current == "hotspot-plaza"
        services.recorded = replace(
            fleet(), routers=tuple(each for each in fleet().routers if each.name != table.current)
        )
        await look(pilot)
        assert table.current == "edge-1", "not the first: what is pressed next should be near to what was meant"
