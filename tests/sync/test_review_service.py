"""Who has paid keeps his service, and who has not does not: around expiries, profiles, and moves."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from mktui import clock
from mktui.billing import registry
from mktui.billing.model import OnInactive, Profile, SubscriberStatus
from mktui.sync.ambiguity import ambiguous
from mktui.sync.bookkeeping import Books
from mktui.sync.digests import Digests
from mktui.sync.guards import Lifts
from mktui.sync.mapping import MANAGED_MENUS, desired
from mktui.sync.mirror import Live
from mktui.sync.options import Absent, Kick, SyncOptions
from mktui.sync.order import Order
from mktui.sync.ownership import row_mark
from mktui.sync.plan import Action
from mktui.sync.planner import Wishes, make_plan
from tests.sync.offices import HOUR, NEWEST, PROFILES, VERSIONS, Calendar, customers, desk, keep_time, kinds, on

if TYPE_CHECKING:
    from mktui.sync.report import Report

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
PRUNE = Order(prune=True)


def done(report: Report) -> list[tuple[str, str]]:
    return [(row.change.action.value, row.change.name) for row in report.rows]


async def test_who_is_called_expired_before_his_end_is_no_expected_expiry(monkeypatch: pytest.MonkeyPatch) -> None:
    calendar = Calendar(monkeypatch)
    async with desk(0, NEWEST) as at:
        at.save(customers(100, valid_until=clock.utc_now() + dt.timedelta(days=20)), PROFILES)
        await at.sync()
        calendar.advance(days=2)
        keep_time(at, calendar)
        for number in range(40):
            at.change(f"c{number}", status="expired")
        report = await at.sync()
        assert report.held == 40
        assert not report.planned
        calendar.advance(days=19)
        keep_time(at, calendar)
        for number in range(40, 100):
            at.change(f"c{number}", valid_until=None)
        over = await at.sync()
        assert {row.change.action for row in over.rows} == {Action.EXPIRE}, "by now their end has come"


@VERSIONS
async def test_a_profile_that_somebody_is_about_to_get_is_not_deleted(version: str) -> None:
    promo = Profile(external_id="px", name="promo", rate_down_bps=5_000_000)
    async with desk(9, on(version)) as at:
        at.save((), [promo])
        await at.sync()
        at.save((), [promo.model_copy(update={"enabled": False})])
        at.change("c0", profile="promo")
        report = await at.sync(PRUNE)
        assert done(report) == [("set", "user-0000")]
        assert kinds(report) == {("absent", "promo")}
        assert at.live()["user-0000"]["profile"] == "promo"
        assert (await at.sync(PRUNE)).planned == 0


@VERSIONS
async def test_who_has_moved_and_stops_paying_loses_what_he_left_behind(version: str) -> None:
    async with desk(60, on(version)) as at:
        await at.sync()
        at.change("c0", routers=("edge-2",))
        at.change("c1", routers=("edge-2",))
        moved = await at.sync()
        assert not moved.planned
        assert kinds(moved) == {("absent", "user-0000"), ("absent", "user-0001")}, "who has paid may still be online"
        at.change("c1", status="suspended")
        assert done(await at.sync()) == [("delete", "user-0001")]
        assert "user-0000" in at.live()
        assert not (await at.sync()).planned


@VERSIONS
async def test_who_became_a_hotspot_user_and_stops_paying_has_no_secret_left(version: str) -> None:
    async with desk(60, on(version), options=SyncOptions(kicks_per_second=1000)) as at:
        at.save((), [HOUR])
        await at.sync()
        assert at.router.traffic.ppp.dial("user-0001", clock.now())
        at.change("c1", kind="hotspot", profile="hour")
        assert done(await at.sync()) == [("add", "user-0001")]
        at.change("c1", status="suspended")
        assert set(done(await at.sync())) == {("disable", "user-0001"), ("delete", "user-0001")}
        assert "user-0001" not in at.live()
        await at.sync()
        assert not list(at.router.tables["/ppp/active"])


def test_a_menu_that_is_not_there_says_nothing_of_who_never_had_a_row_in_it() -> None:
    [suspended] = customers(1, status="suspended")
    wanted = desired("edge-1", PROFILES, [suspended], now=clock.utc_now())
    rows = {menu: () for menu in MANAGED_MENUS if menu != "/ip/hotspot/user"}
    live = Live(rows, {"/ip/hotspot/user": "no such command"})
    plan = make_plan(wanted, live, (), Wishes("00000000"), Digests(b"k" * 32), now=clock.utc_now())
    assert not plan.refused


@pytest.mark.parametrize("kick", [Kick.INACTIVE, Kick.CHANGED])
async def test_who_pays_gets_his_own_profile_back_whatever_the_day_has_seen(kick: Kick) -> None:
    options = SyncOptions(fallback_profile="basic", kick=kick, kicks_per_second=1000)
    async with desk(0, NEWEST, options=options) as at:
        at.save(customers(100, profile="business", on_inactive=OnInactive.FALLBACK_PROFILE), PROFILES)
        await at.sync()
        for number in range(30):
            at.change(f"c{number}", status="suspended")
        assert (await at.sync()).planned == 30
        assert at.router.traffic.ppp.dial("user-0004", clock.now())
        for number in range(10):
            at.change(f"c{number}", status="active")
        paid = await at.sync()
        assert not paid.held
        assert {name for action, name in done(paid) if action == "enable"} == {
            f"user-{number:04}" for number in range(10)
        }
        assert {at.live()[f"user-{number:04}"]["profile"] for number in range(10)} == {"business"}
        assert paid.kicked == (1 if kick is Kick.CHANGED else 0), "he is to come back with his own profile"
        for number in range(10):
            at.change(f"c{number}", status="suspended")
        assert (await at.sync()).held == 10, "falling back is a change like another"
        undone = await at.sync(Order(rollback=paid.run, lifts=Lifts(max_disable=10)))
        assert undone.planned == 10
        assert at.live()["user-0004"]["profile"] == "basic"


async def test_a_deleted_customers_name_goes_to_the_next_one() -> None:
    async with desk(0, NEWEST) as at:
        old, *others = customers(50)
        await at.sync(Order(books=Books(PROFILES, (old, *others))))
        new = old.model_copy(update={"external_id": "new"})
        gone = old.model_copy(update={"status": SubscriberStatus.DELETED})
        for _ in range(2):
            await at.sync(Order(books=Books(PROFILES, (gone, new, *others))))
        assert (await at.sync(Order(books=Books(PROFILES, (gone, new, *others))))).planned == 0
        assert at.live()[old.username]["comment"].endswith(str(row_mark(at.office.installation, "new")))


def test_what_thousands_have_in_common_is_said_in_a_line() -> None:
    found = list(ambiguous(desired("edge-1", (), customers(3000, static_ip="10.0.0.7"), now=clock.utc_now()).rows))
    assert len(found) == 3000
    assert max(len(reason) for _, reason in found) < 200
    assert "and 2996 more too" in found[0][1]


@VERSIONS
async def test_who_comes_back_with_an_old_backup_of_the_router_is_said(version: str) -> None:
    options = SyncOptions(absent=Absent.DELETE)
    async with desk(0, on(version), options=options) as at:
        everybody = customers(50)
        await at.sync(Order(books=Books(PROFILES, tuple(everybody))))
        backup = [dict(row.values) | {".id": row.row_id} for row in at.router.tables["/ppp/secret"]]
        left = Order(prune=True, books=Books(PROFILES, tuple(everybody[1:])))
        assert done(await at.sync(left)) == [("delete", "user-0000")]
        at.router.load_rows("/ppp/secret", backup)
        report = await at.sync(left)
        assert kinds(report) == {("absent", "user-0000")}
        assert "neither billing nor our memory knows it" in report.findings[0].reason
        assert not report.planned, "without our memory of it, it is not ours to change"


async def test_an_end_is_known_from_when_billing_said_it_whatever_held_the_row_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calendar = Calendar(monkeypatch)
    async with desk(0, NEWEST) as at:
        at.save(customers(100, valid_until=clock.utc_now() + dt.timedelta(days=3)), PROFILES)
        await at.sync()
        for number in range(40):
            at.change(f"c{number}", valid_until=clock.utc_now() + dt.timedelta(days=33), mac="02:00:00:00:00:01")
        for number in range(40, 100):
            at.change(f"c{number}", valid_until=None)
        assert (await at.sync()).held == 40
        calendar.advance(days=34)
        keep_time(at, calendar)
        report = await at.sync()
        assert {row.change.action for row in report.rows} == {Action.EXPIRE}
        assert report.planned == 40


async def test_a_suspended_customers_address_keeps_him_no_service_when_the_next_one_has_it() -> None:
    async with desk(50, NEWEST) as at:
        at.change("c0", static_ip="10.0.0.9")
        await at.sync()
        at.change("c0", status="suspended")
        at.change("c1", static_ip="10.0.0.9")
        assert set(done(await at.sync())) == {("disable", "user-0000"), ("set", "user-0001")}
        at.change("c0", status="active")
        both = await at.sync()
        assert not both.planned, "both are in use: nobody knows who is right"
        assert {kind for kind, _ in kinds(both)} == {"conflict"}


@VERSIONS
async def test_a_new_password_is_written_where_the_old_one_could_never_be_seen(version: str) -> None:
    async with desk(5, on(version)) as at:
        await at.sync()
        with at.office.store.begin() as connection:
            registry.remove(connection, registry.read(connection, at.name))
        group = next(each for each in at.router.tables["/user/group"] if each.values["name"] == "full")
        group.change({"policy": group.values["policy"].replace(",sensitive", "")})
        assert not (await at.sync()).planned, "what cannot be seen is not written again"
        at.change("c1", password=SecretStr("brand-new-hush"))
        assert done(await at.sync()) == [("set", "user-0001")]
        assert at.live()["user-0001"]["password"] == "brand-new-hush"
        assert not (await at.sync()).planned
