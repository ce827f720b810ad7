"""The screen of tests: what is begun, where, and that a router is asked about first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mktui.errors import WrongUse
from mktui.stability.scenarios import SCENARIOS
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.modals import Confirm
from mktui.tui.screens.tests import ScenarioView, TestsScreen
from tests.terminal.driving import lines, look, notices, only, opened, press, text
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_stability import FAILED, NOTHING, PASSED, RUNNING, RecordedStability

pytestmark = pytest.mark.anyio


def served(stability: RecordedStability) -> RecordedServices:
    return RecordedServices(stability=stability)


async def test_simulated_routers_are_tested_without_a_question() -> None:
    tests = RecordedStability()
    async with opened(served(tests)) as (app, pilot):
        await press(pilot, "4", "T")
        assert tests.started == [("simulated", (), False)]
        assert "63 %" in text(app)
        assert lines(app)[8].split()[:5] == ["●", "Batch", "efficiency", "passed", "6.9"]
        assert "waiting" in lines(app)[10]


@pytest.mark.parametrize("opening", [("T",), ("enter", "T")])
async def test_a_router_is_tested_after_a_yes(opening: tuple[str, ...]) -> None:
    tests = RecordedStability()
    async with opened(served(tests)) as (app, pilot):
        await only(pilot, "plaza")
        await press(pilot, *opening)
        assert isinstance(app.screen, Confirm)
        assert "40 rows of its own" in text(app)
        assert tests.started == []
        await press(pilot, "y")
        assert tests.started == [("hotspot-plaza", (), True)]
        assert isinstance(app.screen, TestsScreen)
        assert "Tests › hotspot-plaza" in lines(app)[1]


async def test_a_no_tests_nothing() -> None:
    tests = RecordedStability()
    async with opened(served(tests)) as (app, pilot):
        await only(pilot, "plaza")
        await press(pilot, "T", "n")
        assert tests.started == []
        assert notices(app)[-1].message == "hotspot-plaza was left alone"


async def test_a_protected_router_wants_its_name() -> None:
    tests = RecordedStability()
    async with opened(served(tests)) as (_, pilot):
        await only(pilot, "edge-1")
        await press(pilot, "T", "enter")
        assert tests.started == []
        await press(pilot, *"edge-1", "enter")
        assert tests.started == [("edge-1", (), True)]


async def test_read_only_writes_nothing_and_says_so_but_reads_and_simulates() -> None:
    tests = RecordedStability()
    async with opened(served(tests), read_only=True) as (app, pilot):
        await only(pilot, "plaza")
        await press(pilot, "T")
        assert "what would write is left out" in " ".join(text(app).split())
        await press(pilot, "y")
        assert tests.started == [("hotspot-plaza", (), False)]


async def test_where_goes_through_simulated_and_every_router() -> None:
    async with opened(served(RecordedStability())) as (app, pilot):
        await press(pilot, "4")
        seen = []
        for _ in range(6):
            seen.append(lines(app)[1].split("›")[1].split()[0])
            await press(pilot, "m")
        assert seen == ["simulated", "edge-1", "edge-2", "hotspot-plaza", "tower-west", "tower-cerro-alto"]
        assert "simulated routers" in lines(app)[1]


async def test_a_scenario_that_only_reads_is_asked_about_as_such() -> None:
    tests = RecordedStability()
    async with opened(served(tests)) as (app, pilot):
        await press(pilot, "4", "m", "m", "v")
        assert "Reads over connections of its own" in text(app)
        assert "40 rows" not in text(app)
        await press(pilot, "y")
        assert tests.started == [("edge-2", ("pool-initialisation",), False)]


async def test_what_is_refused_is_told() -> None:
    tests = RecordedStability(refuses=WrongUse("tests are made elsewhere"))
    async with opened(served(tests)) as (app, pilot):
        await press(pilot, "4", "T", "ctrl+s")
        assert [each.message for each in notices(app)] == ["tests are made elsewhere"] * 2


async def test_a_run_can_be_stopped_and_one_that_is_over_cannot() -> None:
    tests = RecordedStability(RUNNING)
    async with opened(served(tests)) as (app, pilot):
        await press(pilot, "4", "Z")
        assert not tests.shown.is_running
        await press(pilot, "Z")
        assert notices(app)[-1].message == "no test runs"


async def test_a_run_goes_on_when_the_screen_is_left_and_is_found_again() -> None:
    tests = RecordedStability()
    async with opened(served(tests)) as (app, pilot):
        await press(pilot, "4", "T", "escape")
        assert isinstance(app.screen, FleetScreen)
        assert tests.shown.is_running
        await press(pilot, "4")
        assert "running" in lines(app)[1]
        tests.shown = PASSED
        await look(pilot)
        assert "10 passed" in lines(app)[1]


async def test_from_afar_one_step_back_stops_a_run_of_ones_own_and_the_next_one_leaves() -> None:
    tests = RecordedStability(replace(RUNNING, ends_with_screen=True), lingers=True)
    async with opened(served(tests)) as (app, pilot):
        await press(pilot, "4", "escape")
        assert tests.stopped == 1
        assert isinstance(app.screen, TestsScreen)
        assert notices(app)[-1].message == "it stops; rows of its own are removed first"
        await press(pilot, "escape")
        assert isinstance(app.screen, FleetScreen)
        assert tests.stopped == 1


async def test_a_report_is_saved_and_where_is_said() -> None:
    tests = RecordedStability(FAILED)
    async with opened(served(tests)) as (app, pilot):
        await press(pilot, "4", "ctrl+s")
        assert tests.saved == 1
        assert "/stability/20261123T033900-1a2b-simulated.html" in notices(app)[-1].message


async def test_enter_shows_everything_of_the_scenario_under_the_cursor() -> None:
    async with opened(served(RecordedStability(FAILED)), size=(120, 40)) as (app, pilot):
        await press(pilot, "4", *"jjjjjj", "enter")
        assert isinstance(app.screen, ScenarioView)
        load = SCENARIOS[6]
        report = FAILED.report.scenario(load.name) if FAILED.report is not None else None
        assert report is not None
        assert all(figure.name in text(app) for figure in report.figures)
        await press(pilot, "escape")
        assert isinstance(app.screen, TestsScreen)
        assert app.screen.table.current == "load"


async def test_an_idle_screen_of_tests_paints_nothing() -> None:
    async with opened(served(RecordedStability(replace(NOTHING, kept=FAILED.kept)))) as (app, pilot):
        await press(pilot, "4")
        before = text(app)
        await look(pilot)
        assert text(app) == before
