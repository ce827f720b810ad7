"""Rows of syncs and plans are found by what they say, and what a filter hides is not forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mktui.sync.plan import Change
from mktui.sync.report import RowReport
from mktui.tui import plan_filter
from mktui.tui.plan_rows import Finding, Hint, Outcome
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.modals import Confirm
from mktui.tui.screens.plan import PlanScreen
from mktui.tui.screens.sync import SyncScreen
from tests.terminal.driving import lines, only, opened, press, text
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_syncs import ROUTER, many, planned, report

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from mktui.services.planning import Planning
    from mktui.tui.app import ControlRoom
    from mktui.tui.plan_rows import PlanRow

pytestmark = pytest.mark.anyio


def served(ready: Planning | None = None) -> RecordedServices:
    """Services with a plan for whoever asks."""
    return RecordedServices(will_plan={ROUTER: ready or planned()})


def plan(app: ControlRoom) -> PlanScreen:
    """The plan, which is on top."""
    assert isinstance(app.screen, PlanScreen)
    return app.screen


def standings(app: ControlRoom) -> list[str]:
    """The routers of the sync screen, from the top."""
    assert isinstance(app.screen, SyncScreen)
    return list(app.screen.table._order)


async def typed(pilot: Pilot[None], words: str) -> None:
    """Filter by these words."""
    await press(pilot, "slash", *words, "enter")


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("edge", {"edge-1", "edge-2"}),
        ("offline", {"tower-west", "tower-cerro-alto"}),
        ("mast", {"tower-west"}),
        ("!edge", {"tower-west", "tower-cerro-alto", "hotspot-plaza"}),
        ("nothing", set()),
    ],
    ids=repr,
)
async def test_syncs_are_filtered_by_name_state_and_why_they_are_held(words: str, left: set[str]) -> None:
    async with opened() as (app, pilot):
        await press(pilot, "2")
        await typed(pilot, words)
        assert set(standings(app)) == left
        assert f"filter {words}" in lines(app)[1]
        assert ("no router here" in text(app)) == (not left)
        await press(pilot, "escape")
        assert len(standings(app)) == 5
        await press(pilot, "escape")
        assert isinstance(app.screen, FleetScreen)


async def test_syncs_are_sorted_by_each_figure_and_come_round() -> None:
    async with opened() as (app, pilot):
        await press(pilot, "2")
        first = {"standing": standings(app)[0]}
        for _ in range(5):
            await press(pilot, "o")
            order = lines(app)[1].partition(" by ")[2].split()[0]
            first[order] = standings(app)[0]
        assert first == {
            "standing": "tower-cerro-alto", "router": "edge-1", "pending": "edge-2", "drift": "edge-1",
            "held": "edge-1", "last": "edge-2",
        }  # fmt: skip
        await press(pilot, "o")
        assert standings(app)[0] == "tower-cerro-alto"
        await press(pilot, "O")
        assert standings(app)[-1] == "tower-west"
        assert "by standing reversed" in lines(app)[1]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("silver", {"ivan-02", "marta-12", "luis-03"}),
        ("SUSPENDED", {"nube-08"}),
        ("hotspot user", {"room-214"}),
        ("hotspot/user", {"room-214"}),
        ("c-ana-77", {"ana-77"}),
        ("conflict", {"boss"}),
    ],
    ids=repr,
)
async def test_a_plan_is_filtered_by_all_that_it_says_of_a_row(words: str, names: set[str]) -> None:
    async with opened(served()) as (app, pilot):
        await only(pilot, "plaza")
        await press(pilot, "s")
        await typed(pilot, words)
        found = plan(app).table.all_rows
        assert {each.rows[0].name if isinstance(each, Finding) else named(each) for each in found} == names
        assert f"{len(found)} of 14 rows" in lines(app)[1]


def named(row: PlanRow) -> str:
    """The name in billing's words of a row that is written."""
    assert isinstance(row, Change)
    return row.name


async def test_a_row_is_found_in_the_group_that_a_guard_holds() -> None:
    async with opened(served()) as (app, pilot):
        await only(pilot, "plaza")
        await press(pilot, "s")
        await typed(pilot, "camp-077")
        (group,) = plan(app).table.all_rows
        assert isinstance(group, Finding)
        assert len(group.rows) == 120


async def test_applying_with_a_filter_says_how_much_of_what_is_written_is_hidden() -> None:
    services = served()
    async with opened(services) as (app, pilot):
        await only(pilot, "plaza")
        await press(pilot, "s")
        await typed(pilot, "silver")
        await press(pilot, "a")
        assert isinstance(app.screen, Confirm)
        assert "Write 10 changes" in text(app)
        assert "The filter hides 8 of them. All of them are written." in text(app)
        await press(pilot, "n", "escape", "a")
        assert "hides" not in text(app)


async def test_a_filter_that_nothing_passes_says_so_and_esc_shows_all_again() -> None:
    async with opened(served()) as (app, pilot):
        await only(pilot, "plaza")
        await press(pilot, "s")
        await typed(pilot, "xyz")
        assert plan(app).table.all_rows == []
        assert "no row has this: esc shows all again" in text(app)
        await press(pilot, "A")
        await press(pilot, "escape")
        assert len(plan(app).table.all_rows) == 14
        await press(pilot, "escape")
        assert isinstance(app.screen, FleetScreen)


async def test_the_cursor_stays_on_its_row_while_a_filter_is_typed_and_left() -> None:
    async with opened(served()) as (app, pilot):
        await only(pilot, "plaza")
        await press(pilot, "s", "G", "k", "k")
        here = plan(app).table.current
        assert isinstance(here, Change)
        await typed(pilot, here.name)
        assert plan(app).table.current is here
        await press(pilot, "escape")
        assert plan(app).table.current is here


async def test_five_thousand_rows_are_put_into_words_once_however_much_is_typed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[PlanRow] = []
    in_words = plan_filter.in_words

    def counted(row: PlanRow) -> str:
        asked.append(row)
        return in_words(row)

    monkeypatch.setattr(plan_filter, "in_words", counted)
    async with opened(served(planned(many(5000)))) as (app, pilot):
        await only(pilot, "plaza")
        await press(pilot, "s")
        assert asked == [], "without a filter nothing is put into words"
        await typed(pilot, "user-0123")
        assert [named(each) for each in plan(app).table.all_rows] == [
            f"user-{number:05}" for number in range(1230, 1240)
        ]
        assert "10 of 5,000 rows" in lines(app)[1]
        assert len(asked) == 5000


async def test_a_report_keeps_the_head_and_the_hint_of_each_group_that_has_a_row() -> None:
    async with opened(RecordedServices(reports={ROUTER: report()})) as (app, pilot):
        await press(pilot, "2")
        await typed(pilot, "plaza")
        await press(pilot, "enter")
        await typed(pilot, "nueva")
        kinds = [type(each) for each in plan(app).table.all_rows]
        assert kinds == [Outcome, Hint, RowReport, RowReport]
        assert "3 failed" in text(app), "a head speaks of its whole group"
