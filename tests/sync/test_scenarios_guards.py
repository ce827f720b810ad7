"""SYNC.md's scenarios of harm held back: too few rows, many losses, wrong clocks, other boxes. Numbers are theirs."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from mktui import clock
from mktui.billing import journal
from mktui.billing.model import OnInactive, SubscriberStatus
from mktui.simulator.faults import CutMoment
from mktui.simulator.profile import RouterProfile
from mktui.sync.bookkeeping import Books
from mktui.sync.guards import Lifts
from mktui.sync.options import Absent, Limits, SyncOptions
from mktui.sync.order import Order
from mktui.sync.plan import Action
from tests.sync.offices import (
    NEWEST,
    ONE,
    PROFILES,
    VERSIONS,
    Calendar,
    another_box,
    come_back,
    customers,
    desk,
    keep_time,
    lose,
)

if TYPE_CHECKING:
    from tests.sync.offices import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
PRUNE = Order(prune=True)


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    return Calendar(monkeypatch)


def from_source(count: int, *, first: int = 0, prune: bool = True, complete: bool = True, **more: object) -> Order:
    """Order a sync from a source of some rows, which is not billing's own tables."""
    books = Books(PROFILES, tuple(customers(100))[first : first + count], is_complete=complete)
    return Order(prune=prune, books=books, **more)  # type: ignore[arg-type]


def disabled(at: Desk) -> int:
    return sum(row["disabled"] == "true" for row in at.live().values())


async def set_status(at: Desk, status: SubscriberStatus, numbers: range) -> None:
    for number in numbers:
        at.change(f"c{number}", status=status)


@VERSIONS
@pytest.mark.parametrize("count", [0, 50])
async def test_05_a_source_of_no_rows_or_half_of_them_cuts_nobody_off(version: str, count: int) -> None:
    async with desk(0, RouterProfile(version=version, secrets=0, online=0)) as at:
        assert (await at.sync(from_source(100))).is_done
        for order in (from_source(count), from_source(count, complete=False), from_source(count, prune=False)):
            report = await at.sync(order)
            assert report.planned == 0
            assert len(at.live()) == 100
            assert disabled(at) == 0
            assert report.held == ((100 - count) if order.prune and order.books and order.books.is_complete else 0)
        with_adds = await at.sync(from_source(40, first=0, prune=True))
        assert with_adds.held == 60


async def test_05_the_harmless_part_goes_on_when_the_harmful_one_is_held() -> None:
    async with desk(0, NEWEST) as at:
        await at.sync(from_source(50))
        report = await at.sync(from_source(50, first=40))
        assert report.held == 40
        assert report.planned == 40
        assert {row.change.action for row in report.rows} == {Action.ADD}
        assert disabled(at) == 0


async def test_an_empty_source_prunes_nobody_even_where_the_limits_would_allow_it() -> None:
    lax = SyncOptions(limits=Limits(disable_percent=100, small=0))
    async with desk(0, NEWEST, options=lax) as at:
        await at.sync(from_source(2))
        report = await at.sync(from_source(0))
        assert report.held == 2
        assert "--allow-empty" in report.findings[-1].reason
        assert disabled(at) == 0
        assert (await at.sync(from_source(0, allow_empty=True))).planned == 2
        assert disabled(at) == 2


@VERSIONS
async def test_14_another_box_behind_the_same_address_is_warned_of_and_left_alone(version: str) -> None:
    async with desk(50, RouterProfile(version=version, secrets=0, online=0)) as at:
        await at.sync()
        before = {row.row_id: dict(row.values) for row in at.router.tables["/ppp/secret"]}
        another_box(at)
        await set_status(at, SubscriberStatus.SUSPENDED, range(3))
        await set_status(at, SubscriberStatus.DELETED, range(3, 5))
        at.change("c6", password=SecretStr("new-hush"))
        at.change("c7", username="renamed")
        for _ in range(3):
            report = await at.sync(Order(prune=True, heal=True))
            assert report.planned == 0
            assert report.held == 7
            assert all("another box" in each.reason for each in report.findings if each.kind == "held")
            assert {row.row_id: row.values for row in at.router.tables["/ppp/secret"]} == before
        accepted = await at.sync(Order(lifts=Lifts(rebuild=True)))
        assert accepted.is_done
        assert accepted.planned == 7
        assert not accepted.held
        assert (await at.sync()).planned == 0


async def test_14_an_empty_box_is_not_filled_as_if_it_were_ours_before_somebody_says_so() -> None:
    async with desk(50, NEWEST) as at:
        await at.sync()
        another_box(at)
        at.router.load_rows("/ppp/secret", [])
        for _ in range(2):
            assert (await at.sync()).held == 50
        rebuilt = await at.sync(Order(lifts=Lifts(rebuild=True)))
        assert rebuilt.is_done
        assert len(at.live()) == 50


async def test_14_what_another_box_shows_settles_nothing_that_was_left_open() -> None:
    async with desk(50, NEWEST, pool=ONE) as at:
        await at.sync()
        at.change("c3", status="deleted")
        lose(at, "/ppp/secret/remove", CutMoment.BEFORE)
        await at.sync()
        rows = [dict(row.values) for row in at.router.tables["/ppp/secret"]]
        serial = another_box(at)
        at.router.load_rows("/ppp/secret", [])
        await come_back(at)
        assert len(at.office.store.do(journal.open_rows, at.name)) == 1
        at.router.load_rows("/ppp/secret", rows)
        next(iter(at.router.tables["/system/routerboard"])).change({"serial-number": serial})
        assert (await at.sync()).is_done
        assert "user-0003" not in at.live()
        assert not at.office.store.do(journal.open_rows, at.name)


@VERSIONS
@pytest.mark.parametrize("on_inactive", list(OnInactive))
async def test_18_our_clock_a_year_ahead_cuts_nobody_off(
    version: str, on_inactive: OnInactive, calendar: Calendar
) -> None:
    options = SyncOptions(fallback_profile="family", limits=Limits(update_percent=100, expiry_percent=100))
    async with desk(0, RouterProfile(version=version, secrets=0, online=0), options=options) as at:
        end = clock.utc_now() + dt.timedelta(days=30)
        at.save(customers(100, profile="basic", valid_until=end, on_inactive=on_inactive), PROFILES)
        assert (await at.sync()).is_done
        calendar.advance(days=365)
        report = await at.sync(PRUNE)
        assert report.planned == 0
        assert report.held == 100
        assert "ahead of the router's" in report.findings[0].reason
        assert disabled(at) == 0
        assert {row["profile"] for row in at.live().values()} == {"basic"}
        calendar.advance(days=-365)
        back = await at.sync(PRUNE)
        assert back.planned == 0
        assert (await at.plan()).is_empty


@pytest.mark.parametrize("keeps_time", [True, False])
async def test_18_our_clock_before_the_last_runs_cuts_nobody_off(calendar: Calendar, *, keeps_time: bool) -> None:
    async with desk(50, NEWEST) as at:
        if not keeps_time:
            at.router.tables["/system/clock"].refresh = None
            next(iter(at.router.tables["/system/clock"])).change({"date": "1970-01-02"})
        await at.sync()
        await set_status(at, SubscriberStatus.SUSPENDED, range(2))
        calendar.advance(seconds=-100)
        report = await at.sync()
        assert report.held == 2
        assert "before the last run's" in report.findings[0].reason
        assert disabled(at) == 0
        assert (await at.sync()).planned == 2


async def test_19_a_source_that_loses_a_tenth_every_minute_stops_at_the_daily_limit(calendar: Calendar) -> None:
    async with desk(0, NEWEST) as at:
        left = customers(100)
        await at.sync(Order(books=Books(PROFILES, tuple(left)), prune=True))
        offs = []
        for _ in range(30):
            calendar.advance(minutes=1)
            left = left[: int(len(left) * 0.9)]
            report = await at.sync(Order(cause="automatic", books=Books(PROFILES, tuple(left)), prune=True))
            offs.append(disabled(at))
        assert report.held > 0
        assert offs[-1] <= 0.2 * 103
        assert offs[-1] > 0
        assert len(at.live()) == 100


async def test_19_the_next_day_has_its_own_limit_and_no_more(calendar: Calendar) -> None:
    async with desk(100, NEWEST) as at:
        await at.sync()
        await set_status(at, SubscriberStatus.SUSPENDED, range(15))
        assert (await at.sync()).planned == 15
        await set_status(at, SubscriberStatus.SUSPENDED, range(15, 25))
        calendar.advance(hours=23)
        keep_time(at, calendar)
        assert (await at.sync()).held == 10
        calendar.advance(hours=2)
        keep_time(at, calendar)
        assert (await at.sync()).planned == 10
        assert disabled(at) == 25


async def test_with_fewer_than_forty_rows_two_losses_are_a_day() -> None:
    async with desk(20, NEWEST) as at:
        await at.sync()
        at.change("c0", status="suspended")
        at.change("c1", status="deleted")
        assert (await at.sync()).planned == 2
        at.change("c2", status="suspended")
        held = await at.sync()
        assert held.held == 1
        assert "small_most" in held.findings[0].reason or "disable_percent" in held.findings[0].reason
        assert (await at.sync(Order(lifts=Lifts(max_disable=1)))).planned == 1


async def test_a_lift_holds_for_one_run_and_only_so_far() -> None:
    async with desk(100, NEWEST) as at:
        await at.sync()
        await set_status(at, SubscriberStatus.SUSPENDED, range(30))
        assert (await at.sync(Order(lifts=Lifts(max_disable=29)))).held == 30
        assert (await at.sync(Order(lifts=Lifts(max_disable=30)))).planned == 30
        await set_status(at, SubscriberStatus.SUSPENDED, range(30, 31))
        assert (await at.sync()).held == 1


async def test_expected_expiries_have_their_own_limit_and_others_are_disables(calendar: Calendar) -> None:
    async with desk(0, NEWEST) as at:
        month_end = clock.utc_now() + dt.timedelta(days=3)
        at.save(customers(100, valid_until=month_end), PROFILES)
        at.save(customers(140, valid_until=None)[100:])
        await at.sync()
        for number in range(100, 110):  # an end that was only set an hour before it comes is nobody's month-end
            at.change(f"c{number}", valid_until=clock.utc_now() + dt.timedelta(hours=1))
        calendar.advance(hours=2)
        keep_time(at, calendar)
        sudden = await at.sync()
        assert [row.change.action for row in sudden.rows] == [Action.DISABLE] * 10
        for number in range(80, 100):
            at.change(f"c{number}", valid_until=month_end + dt.timedelta(days=30))
        await at.sync()
        calendar.advance(days=3)
        keep_time(at, calendar)
        expected = await at.sync()
        assert {row.change.action for row in expected.rows} == {Action.EXPIRE}
        assert expected.planned == 80
        assert not expected.held
        assert (await at.plan()).is_empty


async def test_more_expected_expiries_than_their_limit_are_held() -> None:
    limits = Limits(expiry_percent=10)
    async with desk(0, NEWEST, options=SyncOptions(limits=limits)) as at:
        with pytest.MonkeyPatch.context() as patch:
            calendar = Calendar(patch)
            at.save(customers(60, valid_until=clock.utc_now() + dt.timedelta(days=2)), PROFILES)
            await at.sync()
            calendar.advance(days=2.1)
            keep_time(at, calendar)
            assert (await at.sync()).held == 60
            assert disabled(at) == 0
            assert (await at.sync(Order(lifts=Lifts(max_disable=60)))).planned == 60


async def test_a_router_that_lost_most_of_our_rows_looks_restored_until_somebody_says_rebuild() -> None:
    async with desk(100, NEWEST) as at:
        await at.sync()
        table = at.router.tables["/ppp/secret"]
        for row in list(table)[:60]:
            table.remove(row)
        at.save(customers(105)[100:])
        report = await at.sync()
        assert report.held == 60
        assert "--rebuild" in report.findings[0].reason
        assert report.planned == 5, "new customers are served"
        assert len(at.live()) == 45
        assert (await at.sync(Order(lifts=Lifts(rebuild=True)))).is_done
        assert len(at.live()) == 105


async def test_updates_over_their_limit_are_held_and_raises_and_enables_go_on() -> None:
    async with desk(100, NEWEST) as at:
        at.change("c99", status="suspended")
        await at.sync()
        for number in range(40):
            at.change(f"c{number}", mac=f"02:00:00:00:00:{number:02X}")
        at.change("c99", status="active")
        at.save((), [PROFILES[0].model_copy(update={"rate_down_bps": 20_000_000, "rate_up_bps": 20_000_000})])
        report = await at.sync()
        assert report.held == 40
        assert {(row.change.action, row.change.name) for row in report.rows} == {
            (Action.ENABLE, "user-0099"), (Action.SET, "basic"),
        }  # fmt: skip
        assert (await at.sync(Order(lifts=Lifts(max_update=40)))).planned == 40


async def test_pruning_that_deletes_has_the_limit_of_deletes() -> None:
    options = SyncOptions(absent=Absent.DELETE)
    async with desk(0, NEWEST, options=options) as at:
        await at.sync(from_source(100))
        assert (await at.sync(from_source(94))).held == 6
        assert (await at.sync(from_source(95))).planned == 5
        assert len(at.live()) == 95
        assert (await at.sync(from_source(94))).held == 1


async def test_a_deleted_status_needs_no_prune_and_counts_as_a_delete() -> None:
    async with desk(100, NEWEST) as at:
        await at.sync()
        await set_status(at, SubscriberStatus.DELETED, range(6))
        assert (await at.sync()).held == 6
        at.change("c5", status="active")
        assert (await at.sync()).planned == 5
