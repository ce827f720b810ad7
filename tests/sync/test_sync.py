"""Plan and apply: what is written makes the next plan empty, and nothing that is unknown is taken for absent."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from mktui.billing.demo import demo_books
from mktui.billing.model import Kind, Profile, Subscriber, SubscriberStatus
from mktui.core import Client, PoolOptions
from mktui.simulator.faults import CutMoment
from mktui.simulator.profile import RouterProfile
from mktui.sync import normalise
from mktui.sync.apply import apply
from mktui.sync.mapping import MANAGED_MENUS, Desired, desired
from mktui.sync.mirror import Live, read_live
from mktui.sync.plan import Action, Plan, Registry, plan
from mktui.sync.report import Report, RowStatus
from tests.wiring import client_and_router

pytestmark = pytest.mark.anyio
NOW = dt.datetime(2026, 11, 23, 3, 40, tzinfo=dt.UTC)
BOOKS = demo_books()
ONE = PoolOptions(min_size=1, max_size=1, retry_delay=0.01, max_retry_delay=0.02)


async def planned(client: Client, wanted: Desired) -> Plan:
    return plan(wanted, await read_live(client, MANAGED_MENUS), Registry(), now=NOW)


async def synced(client: Client, wanted: Desired) -> Report:
    return await apply(await planned(client, wanted), client)


@pytest.mark.parametrize("version", ["6.49", "7.9", "7.22.3"])
async def test_a_second_plan_is_empty(version: str) -> None:
    profiles, subscribers = BOOKS
    hotspot = Profile(external_id="h", name="hour", kind=Kind.HOTSPOT, rate_down_bps=4_000_000, session_timeout_s=3600)
    guest = Subscriber(external_id="g", username="guest", password=SecretStr("x"), kind=Kind.HOTSPOT, profile="hour")
    wanted = desired("edge-1", [*profiles, hotspot], [*subscribers, guest], now=NOW)
    async with client_and_router(profile=RouterProfile(version=version, secrets=20)) as (client, router):
        before = {row.row_id: dict(row.values) for row in router.tables["/ppp/secret"]}
        report = await synced(client, wanted)
        assert report.is_done
        assert report.count(RowStatus.APPLIED) == report.planned == 55
        assert (await planned(client, wanted)).is_empty
        assert all(router.tables["/ppp/secret"].rows[row_id].values == values for row_id, values in before.items())


async def test_what_differs_is_set_and_only_that() -> None:
    wanted = desired("edge-1", *BOOKS, now=NOW)
    async with client_and_router() as (client, router):
        await synced(client, wanted)
        row = router.tables["/ppp/secret"].named("demo-000")[0]
        row.change({"profile": "gold", "comment": "hand written", "disabled": "true"})
        made = await planned(client, wanted)
        [change] = made.changes
        assert (change.action, change.name, dict(change.values)) == (
            Action.SET, "demo-000", {"profile": "basic", "disabled": "no"},
        )  # fmt: skip
        await apply(made, client)
        assert row.values["comment"] == "hand written"


async def test_one_rejected_row_stops_nobody_else_and_who_depends_on_it_is_skipped() -> None:
    profiles = (Profile(external_id="1", name="good"), Profile(external_id="2", name="bad", local_address="garbage"))
    subscribers = tuple(
        Subscriber(external_id=str(index), username=f"u{index}", profile="bad" if index % 2 else "good")
        for index in range(20)
    )
    async with client_and_router() as (client, router):
        report = await synced(client, desired("edge-1", profiles, subscribers, now=NOW))
        assert [report.count(status) for status in RowStatus] == [11, 1, 10, 0, 0]
        failed = next(row for row in report.rows if row.status is RowStatus.FAILED)
        assert failed.text == "invalid value for argument local-address"
        assert not router.tables["/ppp/secret"].named("u1")
        assert router.tables["/ppp/secret"].named("u0")


async def test_a_router_lost_in_the_middle_defers_the_rest_and_duplicates_nothing() -> None:
    wanted = desired("edge-1", *BOOKS, now=NOW)
    async with client_and_router(ONE) as (client, router):
        made = await planned(client, wanted)
        router.faults.cut_on["/ppp/secret/add"] = CutMoment.AFTER
        report = await apply(made, client)
        assert report.count(RowStatus.UNKNOWN) >= 1
        assert report.count(RowStatus.FAILED) == 0
        assert not report.is_done
        assert sum(report.count(status) for status in RowStatus) == report.planned
        assert (await synced(client, wanted)).is_done, "unknown rows are settled by reading"
        names = [row.values["name"] for row in router.tables["/ppp/secret"]]
        assert len(names) == len(set(names)) == 20 + 50


async def test_a_menu_that_cannot_be_read_is_unknown_not_empty() -> None:
    wanted = desired("edge-1", *BOOKS, now=NOW)
    live = Live({"/ppp/profile": ()}, {"/ppp/secret": "not enough permissions (9)"})
    made = plan(wanted, live, Registry(), now=NOW)
    assert {change.menu for change in made.changes} == {"/ppp/profile"}
    assert len(made.refused) == 50
    assert "not enough permissions" in made.refused[0].reason


async def test_the_routers_own_rows_are_never_planned() -> None:
    mine = Profile(external_id="1", name="default", rate_up_bps=1, rate_down_bps=1)
    async with client_and_router() as (client, _):
        made = await planned(client, desired("edge-1", [mine], [], now=NOW))
        assert made.is_empty
        assert made.refused[0].reason == "the router's own row"


async def test_a_hidden_password_is_no_drift() -> None:
    wanted = desired("edge-1", *BOOKS, now=NOW)
    async with client_and_router() as (client, router):
        await synced(client, wanted)
        router.tables["/user/group"].add({"name": "blind", "policy": "api,read,write"})
        router.tables["/user"].rows["*1"].change({"group": "blind"})
        assert (await planned(client, wanted)).is_empty


def test_who_may_not_connect_is_disabled_and_other_routers_customers_are_left_out() -> None:
    def row(**facts: object) -> dict[str, str]:
        subscriber = Subscriber.model_validate({"external_id": "1", "username": "u", "profile": "p", **facts})
        return desired("edge-1", [], [subscriber], now=NOW).rows[0].values

    assert row()["disabled"] == "no"
    assert row(status=SubscriberStatus.SUSPENDED)["disabled"] == "yes"
    assert row(valid_until=NOW)["disabled"] == "yes"
    assert row(valid_until=NOW + dt.timedelta(seconds=1))["disabled"] == "no"
    elsewhere = Subscriber(external_id="1", username="u", profile="p", routers=("edge-2",))
    assert not desired("edge-1", [], [elsewhere], now=NOW).rows


def test_no_password_is_in_a_plan_or_report() -> None:
    wanted = desired("edge-1", *BOOKS, now=NOW)
    made = plan(wanted, Live(dict.fromkeys(MANAGED_MENUS, ())), Registry(), now=NOW)
    report = Report("edge-1", len(made.changes), ())
    shown = repr(made) + repr(wanted) + json.dumps(report.to_json()) + str([change.shown() for change in made.changes])
    assert not any(each.password.get_secret_value() in shown for each in BOOKS[1])
    assert "(changed)" in shown


@pytest.mark.parametrize(
    ("one", "other"),
    [("10M/20M", "10000k/20000k"), ("1M", "1M/1M"), ("1M/2M 2M/4M 1M/1M 8/8 8", "1000k/2M 2M/4M 1M 8s/8s 8")],
)
def test_rate_limits_that_mean_the_same_are_the_same(one: str, other: str) -> None:
    assert normalise.same("rate-limit", one, other)
    assert not normalise.same("rate-limit", one, "9M/9M")


@given(st.sampled_from(sorted(normalise.FIELDS)), st.text(max_size=30))
def test_normalising_twice_changes_nothing(name: str, text: str) -> None:
    once = normalise.comparable(name, text)
    assert normalise.comparable(name, once) == once


@pytest.mark.parametrize(
    "facts",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"rate_down_bps": -1},
        {"rate_limit_raw": "1M", "rate_up_bps": 1},
        {"colour": "red"},
    ],
)
def test_a_profile_that_cannot_be_is_refused(facts: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Profile.model_validate({"external_id": "1", "name": "p", **facts})
