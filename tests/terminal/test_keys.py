"""Each key does what help says of it, and nothing is done to a network unasked."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from textual.command import CommandPalette
from textual.widgets import Input

from mktui.tui.actions import ACTIONS, Action, Danger, Place, footer, help_of
from mktui.tui.app import ControlRoom
from mktui.tui.customer_deeds import Extend
from mktui.tui.finding import Find
from mktui.tui.places import SCREENS
from mktui.tui.screens.add import AddScreen
from mktui.tui.screens.alerts import AlertsScreen
from mktui.tui.screens.billing import BillingScreen
from mktui.tui.screens.billing_form import FormScreen
from mktui.tui.screens.changes import ChangesScreen
from mktui.tui.screens.config import ConfigScreen
from mktui.tui.screens.config_questions import SaveChanges
from mktui.tui.screens.diagnosis import DiagnosisView
from mktui.tui.screens.errors import ErrorsScreen
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.importing import PathLine
from mktui.tui.screens.modals import Confirm, Help, Hold, TestView
from mktui.tui.screens.plan import PlanScreen
from mktui.tui.screens.router import RouterScreen
from mktui.tui.screens.schedule import ScheduleScreen
from mktui.tui.screens.sync import SyncScreen
from mktui.tui.screens.tests import TestsScreen
from mktui.tui.screens.view import View
from mktui.tui.silencing import Silencing
from mktui.tui.widgets.live_table import LiveTable
from tests.terminal.driving import lines, look, notices, opened, press, routers, text
from tests.terminal.recorded import RecordedServices, fleet
from tests.terminal.recorded_alerts import alerts
from tests.terminal.recorded_configs import SEEN
from tests.terminal.recorded_errors import log
from tests.terminal.recorded_schedule import JOBS
from tests.terminal.recorded_syncs import ROUTER, planned, report

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.sync.order import Order
    from tests.terminal.recorded_stability import RecordedStability

pytestmark = pytest.mark.anyio

FIRST, LAST = 0, 4


def on(kind: type[object]) -> Callable[[ControlRoom], bool]:
    """The top screen is of this kind."""
    return lambda app: isinstance(app.screen, kind)


def looked_for(app: ControlRoom) -> list[str]:
    """The names that were asked for."""
    assert isinstance(app.services, RecordedServices)
    return app.services.customers.looked_for


def stability(app: ControlRoom) -> RecordedStability:
    """The stability tests."""
    assert isinstance(app.services, RecordedServices)
    return app.services.stability


def begun(app: ControlRoom) -> list[tuple[str, tuple[str, ...], bool]]:
    """The stability tests that were begun."""
    return stability(app).started


def row(number: int) -> Callable[[ControlRoom], bool]:
    """The cursor is on this row of the fleet."""
    return lambda app: isinstance(app.screen, FleetScreen) and app.screen.table.cursor_row == number


ASK: Final = ("x", *"ppp active print", "enter")
FIND: Final = ("f", *"ana", "enter")
FORM: Final = ("5", "e")
FILE: Final = ("5", "I", *"none.csv", "enter")
PATHS: Final[dict[Place, tuple[str, ...]]] = {
    Place.FLEET: (), Place.ROUTER: ("enter",), Place.SYNC: ("2",), Place.PLAN: ("s",),
    Place.CUSTOMER: FIND,
    Place.CONFIG: ("6",),
    Place.BILLING: ("5",), Place.FORM: FORM, Place.IMPORT: FILE,
    Place.ADD: ("n",), Place.ROWS: ASK,
    Place.TESTS: ("4",),
    Place.ERRORS: ("3",), Place.CHANGES: ("c",), Place.ALERTS: ("7",),
    Place.SCHEDULE: ("8",),
}  # fmt: skip
"""The keys that lead from the fleet to each screen."""


CHANGED: Final = ("6", "enter", "enter", "4", "enter")
"""The keys that lead to a configuration that was changed."""


def planned_last(app: ControlRoom) -> Order:
    """The last order that was planned with."""
    assert isinstance(app.services, RecordedServices)
    return app.services.orders[-1]


def fleet_of(app: ControlRoom) -> LiveTable:
    """The fleet's table."""
    return app.screen.query_one("#routers", LiveTable)


DOES: Final[dict[str, tuple[tuple[str, ...], Callable[[ControlRoom], bool]]]] = {
    "help": ((), on(Help)),
    "palette": ((), on(CommandPalette)),
    "filter": ((), lambda app: isinstance(app.focused, Input)),
    "open": ((), on(RouterScreen)),
    "back": (("enter",), on(FleetScreen)),
    "fleet": (("enter",), on(FleetScreen)),
    "syncs": ((), on(SyncScreen)),
    "error_log": ((), on(ErrorsScreen)),
    "tests": ((), on(TestsScreen)),
    "billing": ((), on(BillingScreen)),
    "config": ((), on(ConfigScreen)),
    "alerts": ((), on(AlertsScreen)),
    "schedule": ((), on(ScheduleScreen)),
    "last": (("2", "6"), on(SyncScreen)),
    "customer": ((), on(Find)),
    "sync": ((), on(PlanScreen)),
    "apply": (("s",), on(Confirm)),
    "adopt": (("s", "j"), on(Confirm)),
    "prune": (("s",), lambda app: "  prune" in lines(app)[1]),
    "heal": (("s",), lambda app: "  heal" in lines(app)[1]),
    "failed": (("2", "j", "j", "enter"), lambda app: "failed only" in lines(app)[1]),
    "rollback": (("2", "G", "enter"), lambda app: planned_last(app).rollback == 16),
    "hold": (("2",), on(Hold)),
    "switch": (("5",), lambda app: "Billing › profiles" in lines(app)[1]),
    "mark": (("5",), lambda app: "1 marked" in lines(app)[1]),
    "standing": (FIND, on(Confirm)),
    "extend": (FIND, on(Extend)),
    "new_row": (("5",), on(FormScreen)),
    "remove": (("5",), on(Confirm)),
    "import": (("5",), on(PathLine)),
    "kick": (FIND, on(Confirm)),
    "again": ((*FIND, "p"), lambda app: len(looked_for(app)) == 2),
    "test": ((), on(TestView)),
    "stability": ((), on(Confirm)),
    "one": (("4", "j"), lambda app: begun(app) == [("simulated", ("concurrent-connections",), False)]),
    "aim": (("4",), lambda app: "Tests › edge-1" in lines(app)[1]),
    "stop": (("4", "T"), lambda app: not stability(app).shown.is_running),
    "reset": ((), on(Confirm)),
    "breaker": ((), on(Confirm)),
    "run": ((), on(Find)),
    "silence": (("7",), on(Silencing)),
    "run_job": (("8",), on(Confirm)),
    "copy": (ASK, lambda app: any("in your clipboard" in told.message for told in notices(app))),
    "edit": ((), on(ConfigScreen)),
    "new": ((), on(AddScreen)),
    "try": (("n", *"10.0.0.9"), lambda app: "edge-9" in text(app) or "is fine" in text(app)),
    "save": (CHANGED, on(SaveChanges)),
    "undo": (CHANGED, lambda app: "1 change" not in lines(app)[0]),
    "preset": (("6",), lambda app: "preset: development" in lines(app)[1]),
    "unset": (("6", "enter"), lambda app: "1 change" in lines(app)[0]),
    "diagnosis": ((), on(DiagnosisView)),
    "errors": ((), on(ErrorsScreen)),
    "changes": ((), on(ChangesScreen)),
    "sort": ((), lambda app: "by router" in text(app)),
    "reverse": ((), lambda app: routers(app)[FIRST] == "edge-1"),
    "wide": ((), lambda app: any(str(each.label) == "VERSION" for each in fleet_of(app).columns.values())),
    "span": (("enter",), lambda app: "1 h, a column 1 min" in text(app)),
    "pause": ((), lambda app: "PAUSED" in lines(app)[0]),
    "down": ((), row(1)),
    "up": (("j", "j"), row(1)),
    "top": (("j", "j"), row(FIRST)),
    "bottom": ((), row(LAST)),
    "redraw": ((), lambda app: routers(app)[LAST] == "edge-2"),  # test_journey spoils a terminal and draws it afresh
    "suspend": ((), lambda app: any("cannot be given back" in told.message for told in notices(app))),
    "quit": (("enter",), on(FleetScreen)),
}
"""For each action: the keys before it, and what is so after its key."""


def test_every_action_has_a_claim() -> None:
    assert list(DOES) == [action.id for action in ACTIONS]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
async def test_the_key_does_what_help_says(action: Action) -> None:
    before, is_done = DOES[action.id]
    first = fleet().routers[4].name
    services = RecordedServices(
        replace(fleet(), alerts=alerts(), maintenance=JOBS),
        will_plan={first: planned()},
        reports={ROUTER: report()},
        config=SEEN,
        log=log(),
    )
    async with opened(services) as (app, pilot):
        await press(pilot, *before)
        assert not is_done(app) or action.id == "redraw"
        await press(pilot, action.keys.split(",")[0])
        assert is_done(app), text(app)
        await press(pilot, "escape")
    assert all(asked in {"test", "plan"} for asked, _ in services.asked)  # nothing else is done unasked


async def test_quit_on_the_fleet_ends_the_program() -> None:
    async with opened() as (app, pilot):
        await pilot.press("q")
        assert app._exit
    assert app.return_code == 0


async def test_open_shows_the_router_under_the_cursor_and_back_keeps_the_cursor() -> None:
    async with opened() as (app, pilot):
        await press(pilot, "j", "j", "enter")
        assert "Fleet › hotspot-plaza" in text(app) or "mktui · hotspot-plaza" in text(app)
        await press(pilot, "escape")
        assert row(2)(app)


def screens_of(kind: type[View]) -> list[type[View]]:
    """Every screen: the kinds of View that no other is made from."""
    kinds = kind.__subclasses__()
    return [screen for each in kinds for screen in screens_of(each)] if kinds else [kind]


def test_keys_ids_and_titles_are_unique_and_each_has_its_handler() -> None:
    for facts in (
        [action.id for action in ACTIONS],
        [action.title for action in ACTIONS],
        [action.shown for action in ACTIONS],
        [key for action in ACTIONS for key in action.keys.split(",")],
    ):
        assert [fact for fact, times in Counter(facts).items() if times > 1] == []
    for action in ACTIONS:
        if action.is_place:
            assert action.id in SCREENS
        elif action.is_of_screen:
            screens = [view for view in screens_of(View) if view.place in action.where]
            assert screens
            assert all(callable(getattr(screen, f"action_{action.id}")) for screen in screens), action.id
        else:
            assert callable(getattr(ControlRoom, f"action_{action.id}"))


async def test_help_lists_every_action_and_says_which_ask_first() -> None:
    async with opened(size=(80, 72)) as (app, pilot):
        await press(pilot, "question_mark")
        shown = lines(app)
        for action in ACTIONS:
            if action.id in {"down", "up", "top", "bottom"}:
                assert any(line.strip().startswith("j k g G  move") for line in shown)
                continue
            (line,) = (line for line in shown if f" {action.shown}  {action.title} " in line)
            assert help_of(action) in line
            assert line.rstrip().endswith("asks") == (action.danger is Danger.CONFIRMED)
        await press(pilot, "question_mark")
        assert on(FleetScreen)(app)


async def test_the_palette_finds_an_action_by_its_name_and_asks_all_the_same() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        titles = [command.title for command in app.get_system_commands(app.screen)]
        missing = [action.id for action in ACTIONS if f"{action.title} ({action.shown})" not in titles]
        assert missing == ["palette", *(action.id for action in ACTIONS if Place.FLEET not in action.where)]
        await press(pilot, "colon", *"pool", "down", "enter")
        assert on(Confirm)(app), text(app)
        await press(pilot, "escape")
    assert services.asked == []


@pytest.mark.parametrize("place", PATHS, ids=lambda place: place.value)
@pytest.mark.parametrize("width", [40, 60, 80, 120])
async def test_the_footer_fits(width: int, place: Place) -> None:
    async with opened(size=(width, 24)) as (app, pilot):
        await press(pilot, *PATHS[place])
        shown = lines(app)[-1]
    expected = footer(place, width)
    assert len(shown) <= width
    assert shown.split() == " ".join(f"{action.shown} {action.title}" for action in expected).split()
    if width >= 80:
        assert expected[0].id == "help" or place is Place.ADD  # there a question mark is typed
        assert {action.id for action in expected} & {"quit", "back"}


def test_the_footer_of_80_columns_leaves_none_of_its_keys_out() -> None:
    for place in Place:
        assert footer(place, 80) == footer(place, 1000)


async def test_sort_goes_through_every_order_and_comes_round() -> None:
    async with opened() as (app, pilot):
        seen = []
        for _ in range(5):
            await press(pilot, "o")
            order = lines(app)[1].partition(" by ")[2].split()[0]
            seen.append((order, routers(app)[FIRST]))
        assert [order for order, _ in seen] == ["router", "queue", "p95", "pending", "health"]
        assert [first for _, first in seen[:4]] == ["edge-1", "edge-1", "hotspot-plaza", "edge-2"]
        await press(pilot, "o", "O")
        assert routers(app) == ["tower-west", "tower-cerro-alto", "hotspot-plaza", "edge-2", "edge-1"]
        assert "by router reversed" in text(app)


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("edge", ["edge-1", "edge-2"]),
        ("EDGE-2", ["edge-2"]),
        ("!edge", ["tower-cerro-alto", "tower-west", "hotspot-plaza"]),
        ("!", ["tower-cerro-alto", "tower-west", "hotspot-plaza", "edge-1", "edge-2"]),
        ("nothing", []),
    ],
    ids=repr,
)
async def test_a_filter_shows_routers_that_have_a_text_or_have_it_not(typed: str, left: list[str]) -> None:
    async with opened() as (app, pilot):
        await press(pilot, "slash", *typed)
        assert routers(app) == left
        await press(pilot, "enter")
        assert routers(app) == left
        assert f"filter {typed}" in lines(app)[1]
        await press(pilot, "escape")
        assert len(routers(app)) == 5


async def test_letters_typed_into_a_filter_are_no_commands() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "slash", "R", "s", "t", "b", "q")
        assert app.screen.query_one("#filter", Input).value == "Rstbq"
        assert on(FleetScreen)(app)
    assert services.asked == []
    assert notices(app) == []


async def test_a_router_that_goes_away_while_it_is_open_leaves_its_screen_standing() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "enter")
        services.recorded = type(services.recorded)(services.recorded.at, "isp-north", ())
        await look(pilot)
        await press(pilot, "R")
        assert on(RouterScreen)(app)
        await press(pilot, "escape")
        assert routers(app) == []
    assert services.asked == []


async def test_letters_that_come_with_the_slash_in_one_burst_are_no_commands() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        for key in ("slash", "s", "y"):  # as a slow link delivers them
            app.simulate_key(key)
        await press(pilot)
        assert services.asked == []
        assert app.screen.query_one("#filter", Input).value == "sy"
