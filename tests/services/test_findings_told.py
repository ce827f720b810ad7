"""What a plan finds out about a router is told until a plan finds it no more; in real time, a thread reads billing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio
import pytest

from mktui import clock
from mktui.billing.model import SubscriberStatus
from mktui.core.pool.options import PoolOptions
from mktui.monitor.diagnosis import diagnose
from mktui.services.fleet import open_fleet
from mktui.services.router import RouterSetup
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from mktui.sync.order import Order
from tests.sync.offices import PROFILES, Calendar, Desk, customers, office
from tests.wiring import ROUTER, wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mktui.sync.run import Office

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Finding:
    """Something about a router and its customers that a plan finds, and what ends it."""

    begin: Callable[[Desk, Calendar], object]
    end: Callable[[Desk, Calendar], object]
    evidence: str


def suspend(at: Desk, status: SubscriberStatus) -> None:
    for number in range(60):
        at.change(f"c{number}", status=status)


def ask_radius(at: Desk, use: str) -> None:
    next(iter(at.router.tables["/ppp/aaa"])).change({"use-radius": use})


def begin_radius(at: Desk, _calendar: Calendar) -> None:
    """It matters to secrets that are to be written."""
    ask_radius(at, "true")
    at.change("c1", static_ip="10.9.9.9")


def hide(at: Desk, *, hidden: bool) -> None:
    group = at.router.tables["/user/group"].find("full")
    assert group is not None
    policies = "api,read,write" if hidden else "api,read,write,sensitive"
    group.change({"policy": policies})


def expire(at: Desk, calendar: Calendar) -> None:
    calendar.advance(days=365)
    at.change("c0", valid_until=clock.utc_now() - dt.timedelta(days=1))


OF_A_PLAN: Final[dict[str, Finding]] = {
    "clock": Finding(
        expire, lambda _at, calendar: calendar.advance(days=-365), "our clock is 365 days ahead of the router's"
    ),
    "guard": Finding(
        lambda at, _calendar: suspend(at, SubscriberStatus.SUSPENDED),
        lambda at, _calendar: suspend(at, SubscriberStatus.ACTIVE),
        "60× disable held back",
    ),
    "radius": Finding(
        begin_radius, lambda at, _calendar: ask_radius(at, "false"),
        "the router asks RADIUS too",
    ),
    "rights": Finding(
        lambda at, _calendar: hide(at, hidden=True), lambda at, _calendar: hide(at, hidden=False),
        "100 passwords are hidden by the router",
    ),
}  # fmt: skip
"""By the rule that speaks of it."""


@pytest.mark.parametrize("rule", OF_A_PLAN)
async def test_what_a_plan_finds_is_told_until_a_plan_finds_it_no_more(
    rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar, finding = Calendar(monkeypatch), OF_A_PLAN[rule]
    router = SimulatedRouter(RouterProfile(secrets=0, online=0))
    held = office(f"sqlite:///{tmp_path / 'billing.db'}", folder=tmp_path / "prints")
    at = Desk(held, None, router)  # type: ignore[arg-type]  # no client is needed
    at.save(customers(100), PROFILES)

    async def opened() -> Office:
        await anyio.lowlevel.checkpoint()
        return held

    async with anyio.create_task_group() as tasks:
        setup = RouterSetup(ROUTER, PoolOptions(), connect=wire(router, tasks))
        async with open_fleet([setup], open_office=opened) as fleet:
            await fleet.service("edge-1").known()
            syncs = fleet.service("edge-1").syncs

            async def found() -> dict[str, tuple[str, ...]]:
                await syncs.look(Order())
                return {each.rule: each.evidence for each in diagnose(fleet.snapshot().routers[0], clock.utc_now())}

            assert (await fleet.sync("edge-1")).is_done
            assert await found() == {}
            finding.begin(at, calendar)
            syncs._client._executor.cache.flush()  # what is asked once a minute, a minute later
            told = await found()
            assert list(told) == [rule]
            assert finding.evidence in " | ".join(told[rule])
            finding.end(at, calendar)
            syncs._client._executor.cache.flush()
            assert await found() == {}
        tasks.cancel_scope.cancel()
