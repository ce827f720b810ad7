"""SYNC.md's scenarios of size and of loss: many rows, lost answers, lost routers, few sessions. Numbers are theirs."""

from __future__ import annotations

import datetime as dt
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import anyio
import pytest
from pydantic import SecretStr

from mktui import clock
from mktui.billing import journal, ledger, registry
from mktui.billing.model import Kind, Profile, Subscriber
from mktui.core import PoolOptions
from mktui.simulator.faults import CutMoment
from mktui.simulator.profile import RouterProfile
from mktui.sync.plan import Action
from mktui.sync.report import Report, RowStatus
from tests.sync.offices import (
    EMPTY,
    HOUR,
    NEWEST,
    ONE,
    PROFILES,
    VERSIONS,
    come_back,
    customers,
    desk,
    desk_at,
    lose,
    office,
)

if TYPE_CHECKING:
    from mktui.billing.records import JournalRow
    from tests.sync.offices import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
HASTY = PoolOptions(min_size=1, max_size=2, retry_delay=0.01, max_retry_delay=0.02, retry_attempts=1,
                    connection_timeout=0.3, command_timeout=0.3, acquire_timeout=0.3)  # fmt: skip
GUEST = Subscriber(
    external_id="g", username="guest", password=SecretStr("hush-guest"), kind=Kind.HOTSPOT, profile="hour"
)


def open_rows(at: Desk) -> list[tuple[int, JournalRow]]:
    return at.office.store.do(journal.open_rows, at.name)


def names(at: Desk, menu: str = "/ppp/secret") -> list[str]:
    return [row.values["name"] for row in at.router.tables[menu]]


async def test_01_five_thousand_subscribers_and_twenty_profiles_onto_an_empty_router() -> None:
    profiles = [Profile(external_id=f"plan-{index}", name=f"plan-{index}", rate_down_bps=10**6 * (index + 1))
                for index in range(20)]  # fmt: skip
    people = [each.model_copy(update={"profile": profiles[index % 20].name})
              for index, each in enumerate(customers(5000))]  # fmt: skip
    async with desk(0, NEWEST) as at:
        at.save(people, profiles)
        report = await at.sync()
        assert report.is_done, report.to_json()
        assert len(at.live()) == 5000
        second = await at.plan()
        assert second.is_empty
        assert not second.refused


@pytest.mark.parametrize("moment", [CutMoment.AFTER, CutMoment.BEFORE, CutMoment.INSIDE])
async def test_03_a_connection_cut_around_an_add_makes_no_duplicate(moment: CutMoment) -> None:
    async with desk(30, NEWEST, pool=ONE) as at:
        lose(at, "/ppp/secret/add", moment)
        first = await at.sync()
        assert first.count(RowStatus.UNKNOWN) >= 1
        assert (await come_back(at)).is_done
        assert sorted(names(at)) == sorted(f"user-{index:04}" for index in range(30))
        assert not open_rows(at)
        assert (await at.plan()).is_empty


async def test_04_one_black_holed_router_of_three_does_not_hold_up_the_others() -> None:
    held, reports = office(), dict[str, tuple[Report, float]]()

    async def sync(at: Desk) -> None:
        begun_at = clock.now()
        reports[at.name] = await at.sync(), clock.now() - begun_at

    async with AsyncExitStack() as stack:
        stack.callback(held.store.close)
        desks = [await stack.enter_async_context(desk_at(held, NEWEST, pool=HASTY, name=f"edge-{number}"))
                 for number in (1, 2, 3)]  # fmt: skip
        desks[0].save(customers(60), PROFILES)
        desks[1].router.faults.is_silent = True
        async with anyio.create_task_group() as tasks:
            for each in desks:
                tasks.start_soon(sync, each)
    assert reports["edge-1"][0].is_done
    assert reports["edge-3"][0].is_done
    lost, took = reports["edge-2"]
    assert lost.reason
    assert lost.planned == 0
    assert max(reports["edge-1"][1], reports["edge-3"][1]) < 3
    assert took < 5


async def test_06_who_depends_on_an_unknown_profile_is_skipped_and_the_others_are_served() -> None:
    bad = Profile(external_id="x", name="broken", local_address="garbage")
    people = [each.model_copy(update={"profile": "broken"}) if index < 50 else each
              for index, each in enumerate(customers(80))]  # fmt: skip
    async with desk(0, NEWEST) as at:
        at.save(people, [*PROFILES, bad])
        report = await at.sync()
        assert report.count(RowStatus.SKIPPED) == 50
        assert {row.error for row in report.rows if row.status is RowStatus.SKIPPED} == {"dependency"}
        assert report.count(RowStatus.FAILED) == 1
        assert len(at.live()) == 30


@VERSIONS
async def test_09_a_hotspot_users_counters_are_what_they_were(version: str) -> None:
    async with desk(0, RouterProfile(version=version, secrets=0, online=0)) as at:
        at.save([GUEST], [HOUR, HOUR.model_copy(update={"external_id": "h2", "name": "day"})])
        await at.sync()
        row = next(row for row in at.router.tables["/ip/hotspot/user"] if row.values["name"] == "guest")
        counters = {"bytes-in": "123456", "bytes-out": "9876543", "uptime": "1h2m3s", "packets-in": "77"}
        row.change(counters)
        at.change("g", username="guest-new", profile="day", password=SecretStr("other"), mac="02:00:00:00:00:01")
        assert (await at.sync()).is_done
        at.change("g", status="suspended")
        assert (await at.sync()).is_done
        at.change("g", status="active", mac="", quota_uptime_s=7200)
        assert (await at.sync()).is_done
        assert row.values["name"] == "guest-new"
        assert row.values["profile"] == "day"
        assert counters.items() <= row.values.items()
        assert at.router.commands["/ip/hotspot/user/remove"] == 0
        assert (await at.plan()).is_empty


async def test_13_ten_edits_while_the_router_is_away_are_one_write() -> None:
    async with desk(50, NEWEST) as at:
        assert (await at.sync()).is_done
        at.router.commands.clear()
        for number in range(10):
            at.change("c7", password=SecretStr(f"secret-{number}-hush"), comment=f"edit {number}")
        assert len(at.office.store.do(ledger.edits, at.name)) == 1
        report = await at.sync()
        assert report.planned == 1
        assert report.is_done
        writes = {path: count for path, count in at.router.commands.items() if path.rpartition("/")[2] != "print"}
        assert writes == {"/ppp/secret/set": 1}
        assert at.live()["user-0007"]["password"] == "secret-9-hush"
        assert not at.office.store.do(ledger.edits, at.name)


async def test_16_a_router_that_takes_three_sessions_is_synced_all_the_same() -> None:
    pool = PoolOptions(min_size=5, max_size=10, retry_delay=0.01, max_retry_delay=0.02)
    async with desk(200, RouterProfile(version="7.22.3", secrets=0, online=0, max_sessions=3), pool=pool) as at:
        assert (await at.sync()).is_done
        assert at.router.peak_sessions <= 3
        assert len(at.live()) == 200
        assert (await at.plan()).is_empty


@pytest.mark.parametrize("version", ["6.49", "7.9", "7.22.3"])
async def test_17_both_date_formats_tell_the_routers_clock(version: str) -> None:
    async with desk(50, RouterProfile(version=version, secrets=0, online=0)) as at:
        at.save([GUEST], [HOUR])
        assert (await at.sync()).is_done
        at.change("c1", status="suspended")
        at.change("g", status="suspended")
        assert (await at.sync()).is_done
        assert at.live()["user-0001"]["disabled"] == "true"
        assert at.live("/ip/hotspot/user")["guest"]["disabled"] == "true"
        at.router.tables["/system/clock"].refresh = None
        row = next(iter(at.router.tables["/system/clock"]))
        is_old = "/" in row.values["date"]
        assert is_old == (version in {"6.49", "7.9"})
        row.change({"date": "jan/02/2021" if is_old else "2021-01-02"})
        at.change("c2", status="suspended")
        report = await at.sync()
        assert report.held == 1
        assert "the router's" in report.findings[-1].reason
        assert at.live()["user-0002"]["disabled"] == "false"


@pytest.mark.parametrize("moment", [CutMoment.AFTER, CutMoment.BEFORE])
async def test_22_a_rename_whose_answer_was_lost_is_settled_by_reading(moment: CutMoment) -> None:
    async with desk(10, NEWEST, pool=ONE) as at:
        await at.sync()
        at.change("c3", username="renamed")
        lose(at, "/ppp/secret/set", moment)
        lost = await at.sync()
        assert lost.count(RowStatus.UNKNOWN) == 1
        again = await come_back(at)
        assert again.is_done
        assert again.planned == (0 if moment is CutMoment.AFTER else 1)
        assert len(names(at)) == 10
        assert "renamed" in names(at)
        assert "user-0003" not in names(at)
        assert not open_rows(at)
        assert (await at.plan()).is_empty
        assert {row.name for row in at.office.store.do(registry.read, at.name)} >= {"renamed"}


@pytest.mark.parametrize("moment", [CutMoment.AFTER, CutMoment.BEFORE])
@pytest.mark.parametrize("can_see", [True, False])
async def test_a_password_whose_change_was_lost_is_written_in_the_end(moment: CutMoment, *, can_see: bool) -> None:
    async with desk(10, NEWEST, pool=ONE) as at:
        hide_passwords(at, hidden=not can_see)
        await at.sync()
        at.change("c3", password=SecretStr("another-hush"))
        lose(at, "/ppp/secret/set", moment)
        assert (await at.sync()).count(RowStatus.UNKNOWN) == 1
        assert (await come_back(at)).is_done
        assert at.live()["user-0003"]["password"] == "another-hush"
        assert (await at.plan()).is_empty


async def test_an_attribute_that_was_taken_away_can_come_back_as_it_was() -> None:
    async with desk(10, NEWEST, pool=ONE) as at:
        at.change("c3", static_ip="10.9.9.9")
        await at.sync()
        at.change("c3", static_ip="")
        lose(at, "/ppp/secret/unset", CutMoment.AFTER)
        assert (await at.sync()).count(RowStatus.UNKNOWN) == 1
        assert (await come_back(at)).is_done
        assert not at.live()["user-0003"].get("remote-address")
        at.change("c3", static_ip="10.9.9.9")
        report = await at.sync()
        assert report.is_done
        assert not report.findings
        assert at.live()["user-0003"]["remote-address"] == "10.9.9.9"


async def test_what_both_have_taken_away_is_no_drift_when_billing_gives_it_again() -> None:
    async with desk(10, NEWEST) as at:
        at.change("c3", static_ip="10.9.9.9")
        await at.sync()
        row = next(row for row in at.router.tables["/ppp/secret"] if row.values["name"] == "user-0003")
        row.change({}, unset=("remote-address",))
        at.change("c3", static_ip="")
        await at.sync()
        at.change("c3", static_ip="10.9.9.9")
        report = await at.sync()
        assert not report.findings
        assert row.values["remote-address"] == "10.9.9.9"


@VERSIONS
async def test_10_a_user_who_may_not_see_passwords_writes_none_for_nothing(version: str) -> None:
    async with desk(50, RouterProfile(version=version, secrets=0, online=0)) as at:
        hide_passwords(at, hidden=True)
        at.save([GUEST], [HOUR])
        assert (await at.sync()).is_done
        at.router.commands.clear()
        for _ in range(5):
            report = await at.sync()
            assert report.planned == 0
            kinds = {(each.kind, each.menu) for each in report.findings}
            assert kinds == {("unverifiable", "/ppp/secret"), ("unverifiable", "/ip/hotspot/user")}
        assert not [path for path in at.router.commands if path.endswith(("/set", "/add"))]
        at.change("c5", password=SecretStr("new-hush"))
        assert (await at.sync()).planned == 1
        assert (await at.sync()).planned == 0
        assert at.live()["user-0005"]["password"] == "new-hush"


async def test_a_swap_of_two_names_goes_through_a_third() -> None:
    async with desk(10, NEWEST) as at:
        await at.sync()
        ids = {row.values["name"]: row.row_id for row in at.router.tables["/ppp/secret"]}
        with at.office.store.begin() as connection:  # billing itself needs a name in between
            for external_id, name in (("c1", "between"), ("c2", "user-0001"), ("c1", "user-0002")):
                one = ledger.find_subscriber(connection, external_id)
                assert one is not None
                ledger.save_subscriber(connection, one.model_copy(update={"username": name}), now=clock.utc_now())
        plan = await at.plan()
        assert [change.action for change in plan.changes] == [Action.RENAME] * 3
        assert (await at.sync()).is_done
        after = {row.values["name"]: row.row_id for row in at.router.tables["/ppp/secret"]}
        assert after["user-0001"] == ids["user-0002"]
        assert after["user-0002"] == ids["user-0001"]
        assert (await at.plan()).is_empty


async def test_a_name_that_was_given_up_goes_to_a_new_customer_in_the_same_run() -> None:
    async with desk(10, NEWEST) as at:
        await at.sync()
        at.change("c1", username="moved")
        at.save([Subscriber(external_id="new", username="user-0001", profile="basic")])
        assert (await at.sync()).is_done
        assert {"moved", "user-0001"} <= set(names(at))
        assert len(names(at)) == 11
        assert (await at.plan()).is_empty


async def test_a_renamed_profile_takes_its_customers_along_without_a_write_each() -> None:
    async with desk(60, NEWEST) as at:
        await at.sync()
        at.save((), [PROFILES[0].model_copy(update={"name": "starter"})])
        at.router.commands.clear()
        report = await at.sync()
        assert report.is_done
        assert not report.findings
        assert at.router.commands["/ppp/secret/set"] == 0
        assert sum(row["profile"] == "starter" for row in at.live().values()) == 20
        at.change("c0", profile="business")  # what was followed is nobody's drift
        moved = await at.sync()
        assert not moved.findings
        assert at.live()["user-0000"]["profile"] == "business"
        assert (await at.plan()).is_empty


async def test_a_row_that_was_removed_on_the_router_comes_back_and_is_counted_as_such() -> None:
    async with desk(50, EMPTY) as at:
        await at.sync()
        table = at.router.tables["/ppp/secret"]
        for row in list(table)[:3]:
            table.remove(row)
        report = await at.sync()
        assert report.is_done
        assert [row.change.action for row in report.rows] == [Action.READD] * 3
        done = at.office.store.do(journal.done_since, at.name, clock.utc_now() - dt.timedelta(days=1))
        assert done[Action.READD] == 3


def hide_passwords(at: Desk, *, hidden: bool) -> None:
    """Give the API user a group that may do all but see passwords."""
    if hidden:
        policy = "api,read,write,policy,test,reboot,ftp"
        at.router.tables["/user/group"].add({"name": "blind", "policy": policy, "skin": "default"})
        user = at.router.tables["/user"].find("admin")
        assert user is not None
        user.change({"group": "blind"})
