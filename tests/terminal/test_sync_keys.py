"""A plan is looked at, confirmed and carried out as it was shown; nothing is written unasked, and nothing waits."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import pytest
from textual.widgets import Input

from mktui.errors import DatabaseUnavailable
from mktui.services.demo import open_demo
from mktui.sync.plan import Action
from mktui.tui.app import ControlRoom
from mktui.tui.plan_rows import Finding, rows_of_plan, rows_of_report
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.modals import Confirm, Hold
from mktui.tui.screens.plan import PlanScreen
from mktui.tui.screens.row import RowView
from mktui.tui.screens.sync import SyncScreen
from tests.terminal.driving import fleet_is_shown, lines, look, notices, only, opened, press, settle, text
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_syncs import (
    FAILED,
    HELD,
    IN_STEP,
    PLAN,
    READING,
    ROUTER,
    many,
    planned,
    report,
    with_sync,
    writing,
)

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from mktui.services.planning import Planning

pytestmark = pytest.mark.anyio


def ready(plan: Planning | None = None, name: str = ROUTER) -> RecordedServices:
    return RecordedServices(will_plan={name: plan or planned()})


async def planning(pilot: Pilot[None], part: str = "plaza") -> PlanScreen:
    """Press s on a router of the fleet."""
    await only(pilot, part)
    await press(pilot, "s")
    screen = pilot.app.screen
    assert isinstance(screen, PlanScreen)
    return screen


async def test_sync_plans_at_once_and_writes_nothing() -> None:
    services = ready()
    async with opened(services) as (app, pilot):
        await planning(pilot)
        assert "10 changes" in lines(app)[0]
        assert "5,000 subscribers · 20 profiles" in lines(app)[1]
    assert services.asked == [("plan", ROUTER)]


async def test_apply_carries_out_the_very_plan_that_was_shown() -> None:
    services = ready()
    async with opened(services) as (app, pilot):
        await planning(pilot)
        await press(pilot, "a")
        assert isinstance(app.screen, Confirm)
        assert f"Write 10 changes to {ROUTER}?" in text(app)
        assert "2 rows lose service" in text(app)
        await press(pilot, "y")
    assert services.asked == [("plan", ROUTER), ("sync", ROUTER)]
    assert services.orders[-1].saved is PLAN


async def test_no_writes_nothing() -> None:
    services = ready()
    async with opened(services) as (_, pilot):
        await planning(pilot)
        await press(pilot, "a", "n")
    assert services.asked == [("plan", ROUTER)]


async def test_a_protected_router_is_written_only_after_its_name() -> None:
    services = ready(name="edge-1")
    async with opened(services) as (app, pilot):
        await planning(pilot, "edge-1")
        await press(pilot, "a", "y")
        assert isinstance(app.focused, Input)
        assert services.asked == [("plan", "edge-1")]
        app.focused.value = ""
        await press(pilot, *"edge-1", "enter")
    assert services.asked[-1] == ("sync", "edge-1")


async def test_a_plan_that_was_made_again_behind_the_question_is_not_applied() -> None:
    services = ready()
    async with opened(services) as (app, pilot):
        await planning(pilot)
        await press(pilot, "a")
        services.plans[ROUTER] = planned(many(3))
        await press(pilot, "y")
        assert "look at it first" in text(app)
    assert services.asked == [("plan", ROUTER)]


@pytest.mark.parametrize("key", ["a", "A"])
async def test_read_only_plans_and_refuses_to_write(key: str) -> None:
    services = ready()
    async with opened(services, read_only=True) as (app, pilot):
        await planning(pilot)
        await press(pilot, "j", key)
        assert isinstance(app.screen, PlanScreen)
        assert "refused, this is read-only" in notices(app)[-1].message
    assert services.asked == [("plan", ROUTER)]


async def test_adopt_asks_by_name_and_plans_again_with_that_row() -> None:
    services = ready()
    async with opened(services) as (app, pilot):
        await planning(pilot)
        await press(pilot, "A")
        assert "nothing to adopt" in notices(app)[-1].message
        await press(pilot, "j", "A")
        assert f"Adopt boss on {ROUTER}?" in text(app)
        await press(pilot, "y")
        assert "adopt boss" in lines(app)[1]
    assert [asked for asked, _ in services.asked] == ["plan", "plan"]
    assert services.orders[-1].adopt == {"boss"}


@pytest.mark.parametrize(("key", "wish"), [("P", "prune"), ("H", "heal")])
async def test_a_wish_is_planned_with_and_without(key: str, wish: str) -> None:
    services = ready()
    async with opened(services) as (app, pilot):
        await planning(pilot)
        await press(pilot, key)
        assert f"  {wish}" in lines(app)[1]
        assert services.orders[-1].cause == f"by hand --{wish}"
        await press(pilot, key)
        assert f"  {wish}" not in lines(app)[1]
    assert [getattr(order, wish) for order in services.orders] == [False, True, False]
    assert {asked for asked, _ in services.asked} == {"plan"}


async def test_sync_on_the_plan_plans_again_with_the_same_wishes() -> None:
    services = ready()
    async with opened(services) as (_, pilot):
        await planning(pilot)
        await press(pilot, "P", "s")
    assert [order.prune for order in services.orders] == [False, True, True]


async def test_what_clashes_comes_first_then_who_is_cut_off() -> None:
    kinds = [row.kind if isinstance(row, Finding) else type(row).__name__ for row in rows_of_plan(PLAN)]
    assert kinds == ["held", "conflict", "drift", *["Change"] * 10, "absent"]
    cut = [getattr(row, "action", None) for row in rows_of_plan(PLAN)[3:5]]
    assert cut == [Action.EXPIRE, Action.DISABLE]


async def test_a_guard_says_the_flag_that_lifts_it() -> None:
    async with opened(ready()) as (app, pilot):
        await planning(pilot)
        assert f"mktui sync apply {ROUTER} --max-disable 120" in text(app)
        assert "[sync.limits]" in text(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, RowView)
        assert "camp-001" in text(app)


async def test_enter_shows_each_field_before_and_after_and_no_password() -> None:
    async with opened(ready()) as (app, pilot):
        await planning(pilot)
        await press(pilot, *["j"] * 9, "enter")
        assert "set secret pedro-41" in text(app)
        assert "(changed)" in text(app)
        assert "#d3" not in text(app)
        await press(pilot, "escape", "k", "enter")
        assert "silver → gold" in text(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, PlanScreen)


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (READING, "reading billing and the router …"),
        (FAILED, "cannot connect to 10.0.7.3:8728: connection refused"),
        (replace(FAILED, problem=str(DatabaseUnavailable("it is locked", database="billing.db"))), "it is locked"),
        (planned(IN_STEP), "in step: 5,020 rows as billing wants, nothing to write"),
    ],
    ids=["reading", "unreachable", "locked", "in step"],
)
async def test_without_rows_one_line_says_why_and_nothing_can_be_applied(plan: Planning, said: str) -> None:
    services = ready(plan)
    async with opened(services) as (app, pilot):
        await planning(pilot)
        assert said in text(app)
        await press(pilot, "a")
        assert isinstance(app.screen, PlanScreen)
        assert len(notices(app)) == 1
    assert services.asked == [("plan", ROUTER)]


async def test_writing_shows_bar_rate_and_failures_and_goes_on_when_the_screen_is_left() -> None:
    services = RecordedServices(recorded=writing(), plans={ROUTER: planned()})
    async with opened(services) as (app, pilot):
        await planning(pilot)
        assert "21 of 41   12/s   2 s left   1 failed" in text(app)
        for key in ("a", "P", "s"):
            await press(pilot, key)
            assert "being written" in notices(app)[-1].message
        await press(pilot, "escape")
        assert isinstance(app.screen, FleetScreen)
        assert "21 of 41" in text(app)
    assert services.asked == []


async def test_a_report_groups_by_cause_with_a_hint_and_can_show_only_what_failed() -> None:
    services = RecordedServices(recorded=with_sync(ROUTER, reason=""), reports={ROUTER: report()})
    async with opened(services) as (app, pilot):
        await press(pilot, "2")
        assert isinstance(app.screen, SyncScreen)
        app.screen.table.go_to(ROUTER)
        await press(pilot, "enter")
        assert "▲ 3 failed   input does not match any value of profile" in text(app)
        assert "→ the profile is not on the router: sync profiles first" in text(app)
        assert "8 applied" in text(app)
        await press(pilot, "F")
        assert "● 8 applied" not in text(app)
        assert "boss" not in text(app)
        await press(pilot, "F")
        assert "● 8 applied" in text(app)
    assert services.asked == []
    assert not any(isinstance(row, Finding) for row in rows_of_report(report(), is_failed_only=True))


async def test_a_run_is_taken_back_by_a_plan_of_its_own_and_automatic_syncs_are_held() -> None:
    services = RecordedServices(
        recorded=with_sync(ROUTER, reason="", run=17), reports={ROUTER: report()}, will_plan={ROUTER: planned()}
    )
    async with opened(services) as (app, pilot):
        await press(pilot, "2")
        assert isinstance(app.screen, SyncScreen)
        app.screen.table.go_to(ROUTER)
        await press(pilot, "enter", "U")
        assert services.orders[-1].rollback == 17
        assert services.asked == [("plan", ROUTER)], "nothing is written by the key alone"
        await press(pilot, "a")
        assert "automatic syncs are held" in text(app)
        await press(pilot, "y")
    assert services.asked[1:] == [("hold: rollback of 17", ROUTER), ("sync", ROUTER)]
    assert services.orders[-1].rollback == 17


async def test_without_a_run_there_is_nothing_to_take_back() -> None:
    services = RecordedServices(recorded=with_sync(ROUTER, reason="", run=0), reports={ROUTER: report()})
    async with opened(services) as (app, pilot):
        await press(pilot, "2")
        assert isinstance(app.screen, SyncScreen)
        app.screen.table.go_to(ROUTER)
        await press(pilot, "enter", "U")
        assert "no run of it is known" in notices(app)[-1].message
    assert services.orders == []


async def test_five_thousand_changes_are_moved_through_without_a_stall() -> None:
    async with opened(ready(planned(many(5000)))) as (app, pilot):
        begun_at = time.perf_counter()
        await planning(pilot)
        await press(pilot, "G")
        assert "user-04999" in text(app)
        await press(pilot, "g", "pagedown")
        assert "user-04999" not in text(app)
        screen = app.screen
        assert isinstance(screen, PlanScreen)
        assert time.perf_counter() - begun_at < 5
        drawn_at = time.perf_counter()
        screen.on_long_table_moved()
        screen.table.refresh()
        await settle(pilot)
        assert time.perf_counter() - drawn_at < 0.5


async def test_hold_asks_why_and_lets_go_what_is_held() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "2")
        assert services.is_billing_watched
        await press(pilot, "z")
        assert isinstance(app.screen, Hold)
        await press(pilot, *"mast", "enter")
        await press(pilot, "j")
        assert "paused: mast is being replaced" in text(app)
        await press(pilot, "z", "y")
    assert services.asked == [("hold: mast", "tower-cerro-alto"), ("let go", "tower-west")]


async def test_what_a_guard_has_held_is_grouped_and_told_in_full() -> None:
    held = next(row for row in rows_of_plan(PLAN) if isinstance(row, Finding))
    assert (held.kind, len(held.rows), held.reason) == ("held", 120, HELD)


@pytest.mark.realtime
async def test_the_demo_is_planned_confirmed_written_and_in_step() -> None:
    async with open_demo() as fleet:
        app = ControlRoom(fleet)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await fleet_is_shown(pilot)
            screen = await planning(pilot, "edge-1")

            async def until(said: str) -> None:
                with anyio.fail_after(30):
                    while said not in text(app):
                        await anyio.sleep(0.05)
                        await look(pilot)

            await until("plan of")
            assert screen.planning is not None
            shown = screen.planning.plan
            assert shown is not None
            assert shown.changes
            await press(pilot, "a", *"edge-1", "enter")
            await until(f"{len(shown.changes):,} applied")
            await press(pilot, "s")
            await until("in step")
            await press(pilot, "2")
            assert isinstance(app.screen, SyncScreen)
            app.screen.table.go_to("edge-1")
            await until("edge-1: automatic syncs off")
            await until(f"run 1, 0s ago: {len(shown.changes):,} of {len(shown.changes):,} applied")
            assert any("edge-1" in line and "in step" in line for line in lines(app))
