"""A plan that is looked at is made in the background, carried out as it was shown, or says why it cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from mktui import clock
from mktui.billing import ledger
from mktui.services.demo import open_demo
from mktui.services.planning import PlanStage
from mktui.sync.order import Order

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.services.fleet import Fleet
    from mktui.services.planning import Planning
    from mktui.sync.plan import Plan

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]

NAME = "edge-1"


async def until(is_so: Callable[[], bool]) -> None:
    with anyio.fail_after(30):
        while True:
            if is_so():
                return
            await anyio.sleep(0.02)


async def plan_shown(fleet: Fleet, order: Order | None = None) -> Planning:
    fleet.start_plan(NAME, order)
    await until(lambda: (shown := fleet.plan_of(NAME)) is not None and shown.stage is not PlanStage.READING)
    shown = fleet.plan_of(NAME)
    assert shown is not None
    return shown


def the_plan(shown: Planning) -> Plan:
    assert shown.plan is not None
    return shown.plan


async def rename(fleet: Fleet) -> None:
    """Let billing change one customer."""
    store = (await fleet.office.get()).store
    with store.begin() as connection:
        first = ledger.read_subscribers(connection)[0]
        changed = first.model_copy(update={"comment": "moved", "username": "moved-away"})
        ledger.save_subscriber(connection, changed, now=clock.utc_now())


async def test_a_plan_is_counted_in_the_snapshot_and_gives_way_to_its_report() -> None:
    async with open_demo() as fleet:
        shown = await plan_shown(fleet)
        state = fleet.service(NAME).syncs.state
        assert (state.waiting, state.pending, shown.subscribers, shown.profiles) == (53, 53, 50, 3)
        fleet.start_sync(NAME, Order(saved=the_plan(shown)))
        await until(lambda: fleet.last_report(NAME) is not None)
        assert fleet.plan_of(NAME) is None
        state = fleet.service(NAME).syncs.state
        assert (state.run, state.applied, state.pending, state.waiting) == (1, 53, 0, 0)


async def test_a_stale_plan_writes_nothing_is_said_and_made_again() -> None:
    async with open_demo() as fleet:
        shown = await plan_shown(fleet, Order(heal=True))
        await rename(fleet)
        fleet.start_sync(NAME, Order(heal=True, saved=the_plan(shown)))
        await until(lambda: (now := fleet.plan_of(NAME)) is not None and bool(now.because) and now.plan is not None)
        again = fleet.plan_of(NAME)
        assert again is not None
        assert "nothing was written" in again.because
        assert again.order.heal
        assert again.order.saved is None
        assert any(change.name == "moved-away" for change in the_plan(again).changes)
        assert fleet.last_report(NAME) is None


async def test_the_latest_wish_is_the_one_that_is_planned() -> None:
    async with open_demo() as fleet:
        fleet.start_plan(NAME, Order(prune=True))
        shown = await plan_shown(fleet, Order(heal=True))
        assert shown.order == Order(heal=True)
        await anyio.sleep(0.3)
        now = fleet.plan_of(NAME)
        assert now is not None
        assert now.order == Order(heal=True)


async def test_a_router_that_is_away_is_one_line_and_no_crash() -> None:
    async with open_demo() as fleet:
        await fleet.isolate(NAME)
        shown = await plan_shown(fleet)
        assert shown.stage is PlanStage.FAILED
        assert shown.problem.startswith(NAME)
        assert "\n" not in shown.problem


async def test_holding_is_seen_in_the_snapshot_with_its_reason_until_it_is_let_go() -> None:
    async with open_demo() as fleet:
        await fleet.hold(NAME, "mast is being replaced")
        assert fleet.service(NAME).syncs.state.paused == "mast is being replaced"
        await fleet.let_go(NAME)
        assert fleet.service(NAME).syncs.state.paused is None


async def test_billing_is_asked_in_the_background_how_routers_stand() -> None:
    async with open_demo() as fleet:
        fleet.watch_billing()
        await until(lambda: fleet.service(NAME).syncs.state.owned is not None)
        assert fleet.service(NAME).syncs.state.edits == 53
        assert fleet.snapshot().billing_problem == ""
