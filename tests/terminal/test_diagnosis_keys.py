"""A diagnosis under the fingers: each rule shows its figures and a cure, and the key of a finding does what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from mktui.monitor.diagnosis import RULES, diagnose
from mktui.tui import actions
from mktui.tui.keymap import keymap_of
from mktui.tui.screens.diagnosis import DiagnosisView
from mktui.tui.screens.errors import ErrorsScreen
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.modals import Confirm, TestView
from mktui.tui.screens.plan import PlanScreen
from mktui.tui.screens.router import RouterScreen
from tests.monitor.test_diagnosis import PLANTED
from tests.terminal.driving import lines, notices, only, opened, press, text
from tests.terminal.recorded import NOW, RecordedServices, fleet
from tests.terminal.recorded_errors import log, row
from tests.terminal.recorded_syncs import planned

if TYPE_CHECKING:
    from mktui.monitor.records import Diagnosis
    from mktui.tui.app import ControlRoom

pytestmark = pytest.mark.anyio

ROUTER: Final = "edge-1"
TALL: Final = (80, 60)
LEADS: Final[dict[str, type[object]]] = {
    "errors": ErrorsScreen, "open": RouterScreen, "test": TestView, "sync": PlanScreen, "breaker": Confirm,
}  # fmt: skip
ACTED_ON: Final = [rule for rule in RULES if diagnose(PLANTED[rule][0], NOW)[0].action]


def ill(rule: str) -> tuple[RecordedServices, Diagnosis]:
    """The fleet with one router that has one trouble, and what is found of it."""
    planted = replace(PLANTED[rule][0], is_protected=False)
    others = tuple(each for each in fleet().routers if each.name != ROUTER)
    recorded = replace(fleet(), routers=(planted, *others))
    (found,) = diagnose(planted, NOW)
    return RecordedServices(recorded=recorded, log=log(), will_plan={ROUTER: planned()}), found


def words_of(app: ControlRoom) -> str:
    """What is on the screen, as one line: long texts are wrapped."""
    return " ".join(text(app).split())


def printable(told: str) -> str:
    """A text as it may be shown."""
    return " ".join("".join(letter if letter.isprintable() else "·" for letter in told).split())


@pytest.mark.parametrize("rule", RULES)
async def test_a_finding_shows_symptom_figures_cause_cure_and_key(rule: str) -> None:
    services, found = ill(rule)
    async with opened(services, size=TALL) as (app, pilot):
        await only(pilot, ROUTER)
        await press(pilot, "d")
        shown = words_of(app)
        assert f"{found.severity.value}: {found.symptom}" in shown
        for told in (*found.evidence, found.cause, found.remedy):
            assert printable(told) in shown
        if found.action:
            (line,) = (line for line in lines(app) if f"  {actions.by_id(found.action).shown}   " in line)
            assert len(line.split()) > 2, "the key says where it leads"


@pytest.mark.parametrize("rule", ACTED_ON)
async def test_the_key_of_a_finding_closes_the_diagnosis_and_does_what_it_says(rule: str) -> None:
    services, found = ill(rule)
    async with opened(services, size=TALL) as (app, pilot):
        await only(pilot, ROUTER)
        await press(pilot, "d", actions.by_id(found.action).keys)
        assert isinstance(app.screen, LEADS[found.action])
        assert ROUTER in text(app)
    assert all(asked in {("test", ROUTER), ("plan", ROUTER)} for asked in services.asked)


async def test_a_finding_that_would_change_something_is_refused_read_only() -> None:
    services, _ = ill("isolated")
    async with opened(services, read_only=True) as (app, pilot):
        await only(pilot, ROUTER)
        await press(pilot, "d", "b")
        assert isinstance(app.screen, FleetScreen)
        assert [notice.message for notice in notices(app)] == ["circuit: refused, this is read-only"]
    assert services.asked == []


@pytest.mark.parametrize("way", [("enter",), ("2",), ("3", "slash", *"edge-1", "enter"), ("s",)], ids=str)
async def test_a_router_is_diagnosed_wherever_it_is_under_the_cursor_and_opened_as_itself(way: tuple[str, ...]) -> None:
    services, _ = ill("router cpu")
    async with opened(services, size=TALL) as (app, pilot):
        await only(pilot, ROUTER)
        await press(pilot, *way)
        if way == ("2",):
            await press(pilot, "slash", *ROUTER, "enter")
        await press(pilot, "d")
        assert isinstance(app.screen, DiagnosisView)
        assert "processor is nearly full" in text(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, RouterScreen)
        assert f"Fleet › {ROUTER}" in text(app)


async def test_errors_from_a_diagnosis_are_its_errors_even_on_a_log_that_is_narrowed_already() -> None:
    services, _ = ill("connection errors")
    async with opened(services) as (app, pilot):
        await only(pilot, ROUTER)
        await press(pilot, "l", "d", "l")
        assert isinstance(app.screen, ErrorsScreen)
        assert app.screen.router == ROUTER
        assert len(app.screen_stack) == 3, "no second log on top of the first"


async def test_a_cursor_that_was_moved_by_what_came_meanwhile_leaves_the_router_alone() -> None:
    services = RecordedServices(log=replace(log(), rows=log().rows[2:]))
    async with opened(services) as (app, pilot):
        await press(pilot, "3", "d")
        assert isinstance(app.screen, DiagnosisView)
        below = app.screen_stack[-2]
        assert isinstance(below, ErrorsScreen)
        services.log = replace(services.log, rows=(row(1, "edge-2", "Silent", "", "no answer"), *services.log.rows))
        below.again()
        await press(pilot, "t")
        assert [notice.message for notice in notices(app)] == ["the cursor has left tower-west: nothing was done"]
    assert services.asked == []


async def test_with_ones_own_keys_a_diagnosis_names_and_obeys_these_and_no_others() -> None:
    keymap = keymap_of({"errors": "V", "diagnosis": "W", "copy": "C", "down": "n", "new": "+", "back": "backspace"})
    assert keymap.problems == ()
    services, found = ill("connection errors")
    assert found.action == "errors"
    async with opened(services, size=TALL, keymap=keymap) as (app, pilot):
        await only(pilot, ROUTER)
        await press(pilot, "W")
        assert isinstance(app.screen, DiagnosisView)
        (line,) = (line for line in lines(app) if "its errors, one by one" in line)
        assert line.split()[0] == "V"
        assert "C copies   backspace closes" in text(app)
        await press(pilot, "l", "y", "d")
        assert isinstance(app.screen, DiagnosisView)
        assert app.clipboard == ""
        await press(pilot, "C")
        assert app.clipboard.startswith(ROUTER)
        for closes in ("W", "backspace"):
            await press(pilot, closes)
            assert isinstance(app.screen, FleetScreen)
            await press(pilot, "W")
        await press(pilot, "V")
        assert isinstance(app.screen, ErrorsScreen)


async def test_a_key_that_no_finding_names_does_nothing_over_a_diagnosis() -> None:
    services = RecordedServices(log=log())
    async with opened(services) as (app, pilot):
        await only(pilot, "plaza")
        await press(pilot, "d", "R", "s", "b", "3", "c")
        assert isinstance(app.screen, DiagnosisView)
        await press(pilot, "d")
        assert isinstance(app.screen, FleetScreen)
    assert services.asked == []


async def test_a_diagnosis_is_copied_as_plain_words_for_whoever_must_mend_it() -> None:
    services, found = ill("encoding")
    async with opened(services) as (app, pilot):
        await only(pilot, ROUTER)
        await press(pilot, "d", "y")
        first, _, symptom, *rest = app.clipboard.splitlines()
        assert first == "edge-1 10.0.0.1:8729: healthy, 2026-11-23T03:40:12+00:00"
        assert symptom == f"notice: {found.symptom}"
        assert rest[-1] == f"  do: {found.remedy}"
        assert all(line.isprintable() for line in app.clipboard.splitlines())
        assert isinstance(app.screen, DiagnosisView)


async def test_j_and_k_move_a_long_diagnosis() -> None:
    async with opened() as (app, pilot):
        await only(pilot, "plaza")
        await press(pilot, "d")
        assert "nearly full" not in text(app)
        await press(pilot, *["j"] * 40)
        assert "nearly full" in text(app)
        await press(pilot, *["k"] * 40)
        assert "5 findings" in text(app)


async def test_a_router_that_has_left_the_fleet_is_neither_diagnosed_nor_opened() -> None:
    services = RecordedServices(log=replace(log(), rows=(row(3, "gone-1", "Silent", "", "no answer"),)))
    async with opened(services) as (app, pilot):
        await press(pilot, "3", "d", "enter")
        assert isinstance(app.screen, ErrorsScreen)
        said = [notice.message for notice in notices(app)]
    assert said == ["gone-1 is not in this fleet any more"] * 2
