"""Whose session is ended: only who was cut off and confirmed, only ours, only in time, never who has paid."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from mktui import clock
from mktui.billing import kicks
from mktui.simulator.faults import CutMoment, ReplyFault
from mktui.sync.options import Kick, SyncOptions
from mktui.sync.order import Order
from mktui.sync.report import RowStatus
from tests.sync.offices import (
    HOUR,
    NEWEST,
    ONE,
    VERSIONS,
    Calendar,
    another_box,
    come_back,
    desk,
    guests,
    keep_time,
    lose,
    on,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.billing.records import WaitingKick
    from tests.sync.offices import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
FAST = SyncOptions(kicks_per_second=1000)
PPP, HOTSPOT = "/ppp/active", "/ip/hotspot/active"


def connected(at: Desk, menu: str = PPP) -> list[str]:
    return sorted(row.values["name" if menu == PPP else "user"] for row in at.router.tables[menu])


def waiting(at: Desk) -> list[WaitingKick]:
    return at.office.store.do(kicks.waiting, at.name, now=clock.utc_now())


def dial(at: Desk, *names: str) -> None:
    for name in names:
        assert at.router.traffic.ppp.dial(name, clock.now())


def log_in(at: Desk, *names: str) -> None:
    for name in names:
        assert at.router.traffic.hotspot.log_in(name, clock.now())


@VERSIONS
async def test_who_is_cut_off_is_kicked_and_nobody_else(version: str) -> None:
    async with desk(50, on(version), options=FAST) as at:
        at.save(guests(4), [HOUR])
        await at.sync()
        dial(at, "user-0001", "user-0002", "user-0003")
        log_in(at, "guest-1", "guest-2", "guest-3")
        at.router.tables[PPP].add({"name": "user-0001", "service": "pppoe", "radius": "true"})
        cookies = {row.values["user"] for row in at.router.tables["/ip/hotspot/cookie"]}
        assert cookies == {"guest-1", "guest-2", "guest-3"}
        for external_id, status in (("c1", "suspended"), ("c2", "deleted"), ("g1", "suspended"), ("g2", "deleted")):
            at.change(external_id, status=status)
        report = await at.sync()
        assert report.is_done
        assert report.kicked == 4
        assert connected(at) == ["user-0001", "user-0003"]
        assert [row.values["radius"] for row in at.router.tables[PPP]].count("true") == 1
        assert connected(at, HOTSPOT) == ["guest-3"]
        assert {row.values["user"] for row in at.router.tables["/ip/hotspot/cookie"]} == {"guest-3"}
        assert not waiting(at)


async def test_cookies_go_before_the_session_and_deletes_after_the_kicks() -> None:
    async with desk(50, NEWEST, options=FAST) as at:
        at.save(guests(2), [HOUR])
        await at.sync()
        log_in(at, "guest-1")
        heard: list[str] = []

        def hear(menu: str, _row: object) -> None:
            heard.append(menu)

        for menu in ("/ip/hotspot/cookie", HOTSPOT, "/ppp/secret"):
            at.router.tables[menu].listen(partial(hear, menu))
        at.change("g1", status="suspended")
        at.change("c1", status="deleted")
        assert (await at.sync()).is_done
        removed = [menu for menu, left in zip(heard, (*heard[1:], ""), strict=True) if menu != left]
        assert removed.index("/ip/hotspot/cookie") < removed.index(HOTSPOT) < removed.index("/ppp/secret")


@pytest.mark.parametrize(("servers", "left"), [(("hs1", "hs2"), "hs2"), (("all", "hs2"), "hs2")])
async def test_a_session_at_a_server_with_a_user_of_its_own_is_that_users(servers: tuple[str, str], left: str) -> None:
    async with desk(0, NEWEST, options=FAST) as at:
        at.router.tables["/ip/hotspot"].add({"name": "hs2", "interface": "ether4", "disabled": "false"})
        people = [each.model_copy(update={"username": "guest", "hotspot_server": server})
                  for each, server in zip(guests(2), servers, strict=True)]  # fmt: skip
        at.save(people, [HOUR])
        await at.sync()
        for server, mac in (("hs1", "02:00:00:00:00:01"), ("hs2", "02:00:00:00:00:02")):
            at.router.tables[HOTSPOT].add({"server": server, "user": "guest", "mac-address": mac, "radius": "false"})
            at.router.traffic.hotspot._keep_cookie("guest", mac, clock.now())
        at.change("g0", status="suspended")
        assert (await at.sync()).kicked == 1
        assert [row.values["server"] for row in at.router.tables[HOTSPOT]] == [left]
        kept = [row.values["mac-address"] for row in at.router.tables["/ip/hotspot/cookie"]]
        assert kept == ["02:00:00:00:00:02"], "the other user's device comes back by its cookie"


@VERSIONS
async def test_23_who_pays_between_disable_and_kick_is_not_kicked(version: str) -> None:
    async with desk(50, on(version), options=FAST) as at:
        await at.sync()
        dial(at, "user-0001", "user-0002")
        at.change("c1", status="suspended")
        at.change("c2", status="suspended")
        paid = at_first_write(at, lambda: at.change("c1", status="active"))
        report = await at.sync()
        assert paid
        assert report.kicked == 1
        assert connected(at) == ["user-0001"]
        assert not waiting(at)
        assert (await at.sync()).is_done
        assert at.live()["user-0001"]["disabled"] == "no" or at.live()["user-0001"]["disabled"] == "false"


def at_first_write(at: Desk, act: Callable[[], None]) -> list[bool]:
    """Do something when the router has just disabled somebody."""
    done: list[bool] = []

    def hear(row: dict[str, str]) -> None:
        if not done and row.get("disabled") == "true":
            done.append(True)
            act()

    at.router.tables["/ppp/secret"].listen(hear)
    return done


async def test_a_disable_that_was_not_confirmed_kicks_nobody_before_it_is() -> None:
    async with desk(50, NEWEST, options=FAST, pool=ONE) as at:
        await at.sync()
        dial(at, "user-0001")
        at.change("c1", status="suspended")
        lose(at, "/ppp/secret/set", CutMoment.AFTER)
        report = await at.sync()
        assert report.count(RowStatus.UNKNOWN) == 1
        assert report.kicked == 0
        assert not waiting(at)
        assert connected(at) == ["user-0001"]
        assert (await come_back(at)).kicked == 1
        assert not connected(at)


async def test_a_row_that_the_router_refused_to_disable_kicks_nobody() -> None:
    async with desk(50, NEWEST, options=FAST) as at:
        await at.sync()
        dial(at, "user-0001")
        at.change("c1", status="suspended")
        row = at.router.tables["/ppp/secret"].find("user-0001")
        assert row is not None
        at_print = at.router.tables["/ppp/secret"]
        at_print.refresh = lambda _now: None
        plan = await at.plan()
        assert len(plan.changes) == 1
        at.router.tables["/user/group"].add({"name": "reader", "policy": "api,read,sensitive", "skin": "default"})
        user = at.router.tables["/user"].find("admin")
        assert user is not None
        user.change({"group": "reader"})
        report = await at.sync()
        assert report.count(RowStatus.FAILED) == 1
        assert report.kicked == 0
        assert connected(at) == ["user-0001"]
        assert not waiting(at)


async def test_kicks_outlive_a_crash_for_a_quarter_of_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    calendar = Calendar(monkeypatch)
    for minutes, kicked in ((14.0, 1), (16.0, 0)):
        async with desk(50, NEWEST, options=FAST, pool=ONE) as at:
            keep_time(at, calendar)
            await at.sync()
            dial(at, "user-0001")
            at.change("c1", status="suspended")
            lose(at, "/ppp/active/print", CutMoment.BEFORE)
            report = await at.sync()
            assert report.count(RowStatus.APPLIED) == 1
            assert "sessions could not be ended" in report.reason
            assert len(waiting(at)) == 1
            calendar.advance(minutes=minutes)
            keep_time(at, calendar)
            assert (await come_back(at)).kicked == kicked
            assert bool(connected(at)) is not bool(kicked)
            assert not waiting(at)


async def test_a_kick_that_fails_leaves_the_deletes_to_be_done_once() -> None:
    async with desk(50, NEWEST, options=FAST) as at:
        await at.sync()
        dial(at, "user-0002")
        at.change("c2", status="deleted")
        at.router.faults.replies["/ppp/active/print"] = ReplyFault.TRAPS
        report = await at.sync()
        assert "sessions could not be ended" in report.reason
        assert report.count(RowStatus.APPLIED) == len(report.rows) == 1
        assert at.router.commands["/ppp/secret/remove"] == 1
        assert len(waiting(at)) == 1
        at.router.faults.clear()
        assert (await at.sync()).kicked == 1


async def test_nobody_is_kicked_by_a_wrong_clock_or_at_another_box(monkeypatch: pytest.MonkeyPatch) -> None:
    calendar = Calendar(monkeypatch)
    async with desk(50, NEWEST, options=FAST) as at:
        keep_time(at, calendar)
        await at.sync()
        dial(at, "user-0001")
        at.change("c1", status="suspended")
        at.router.faults.replies["/ppp/active/print"] = ReplyFault.TRAPS
        await at.sync()
        at.router.faults.clear()
        calendar.advance(minutes=8)
        assert (await at.sync()).kicked == 0
        keep_time(at, calendar)
        serial = another_box(at)
        assert (await at.sync()).kicked == 0
        another_box(at, serial)
        assert connected(at) == ["user-0001"]
        assert (await at.sync()).kicked == 1


@pytest.mark.parametrize(("kick", "left"), [(Kick.NEVER, ["user-0001", "user-0002"]), (Kick.INACTIVE, ["user-0002"]),
                                            (Kick.CHANGED, [])])  # fmt: skip
async def test_what_ends_a_session_is_a_setting(kick: Kick, left: list[str]) -> None:
    async with desk(50, NEWEST, options=SyncOptions(kick=kick, kicks_per_second=1000)) as at:
        await at.sync()
        dial(at, "user-0001", "user-0002")
        at.change("c1", status="suspended")
        at.change("c2", profile="basic", password=SecretStr("y-hush"))
        assert (await at.sync()).is_done
        assert connected(at) == left


async def test_who_was_renamed_and_cut_off_is_kicked_by_the_name_that_he_came_with() -> None:
    async with desk(50, NEWEST, options=FAST) as at:
        await at.sync()
        dial(at, "user-0001")
        at.change("c1", status="suspended", username="renamed")
        assert (await at.sync()).kicked == 1
        assert not connected(at)


async def test_kicks_are_slow_enough_for_a_router() -> None:
    async with desk(100, NEWEST, options=SyncOptions(kicks_per_second=50)) as at:
        await at.sync()
        dial(at, *(f"user-{number:04}" for number in range(15)))
        for number in range(15):
            at.change(f"c{number}", status="suspended")
        begun_at = clock.now()
        report = await at.sync(Order())
        assert report.kicked == 15
        assert clock.now() - begun_at >= 14 / 50
