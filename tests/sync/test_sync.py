"""Plan and apply: what is written makes the next plan empty, and nothing that is unknown is taken for absent."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from mktui.billing.demo import demo_books
from mktui.billing.model import Profile, Subscriber, SubscriberStatus
from mktui.core import PoolOptions
from mktui.simulator.faults import CutMoment
from mktui.simulator.profile import RouterProfile
from mktui.sync import normalise
from mktui.sync.digests import Digests
from mktui.sync.mapping import MANAGED_MENUS, NAMING_PROFILES, desired
from mktui.sync.mirror import Live
from mktui.sync.plan import Action
from mktui.sync.planner import Wishes, make_plan
from mktui.sync.report import Report, RowStatus
from tests.sync.offices import HOUR, PROFILES, customers, desk

pytestmark = pytest.mark.anyio
NOW = dt.datetime(2026, 11, 23, 3, 40, tzinfo=dt.UTC)
BOOKS = demo_books(now=dt.datetime.now(dt.UTC))
ONE = PoolOptions(min_size=1, max_size=1, retry_delay=0.01, max_retry_delay=0.02)
DIGESTS = Digests(b"k" * 32)


@pytest.mark.realtime
@pytest.mark.parametrize("version", ["6.49", "7.9", "7.22.3"])
async def test_a_second_plan_is_empty_and_foreign_rows_are_as_before(version: str) -> None:
    async with desk(50, RouterProfile(version=version, secrets=20)) as at:
        at.save([Subscriber(external_id="g", username="guest", password=SecretStr("x"), kind="hotspot",
                            profile="hour")], [HOUR])  # fmt: skip
        before = {row.row_id: dict(row.values) for row in at.router.tables["/ppp/secret"]}
        report = await at.sync()
        assert report.is_done
        assert report.count(RowStatus.APPLIED) == report.planned == 55
        second = await at.plan()
        assert second.is_empty, second.changes
        assert not second.refused
        assert all(at.router.tables["/ppp/secret"].rows[row_id].values == values for row_id, values in before.items())


@pytest.mark.realtime
async def test_one_rejected_row_stops_nobody_else_and_who_depends_on_it_is_skipped() -> None:
    profiles = (Profile(external_id="1", name="good"), Profile(external_id="2", name="bad", local_address="garbage"))
    subscribers = tuple(
        Subscriber(external_id=str(index), username=f"u{index}", profile="bad" if index % 2 else "good")
        for index in range(20)
    )
    async with desk() as at:
        at.save(subscribers, profiles)
        report = await at.sync()
        counts = {status.value: report.count(status) for status in RowStatus if report.count(status)}
        assert counts == {"applied": 14, "failed": 1, "skipped": 10}
        failed = next(row for row in report.rows if row.status is RowStatus.FAILED)
        assert failed.text == "invalid value for argument local-address"
        assert "u1" not in at.live()
        assert "u0" in at.live()


@pytest.mark.realtime
async def test_a_router_lost_in_the_middle_defers_the_rest_and_duplicates_nothing() -> None:
    async with desk(50, RouterProfile(secrets=20), pool=ONE) as at:
        at.router.faults.cut_on["/ppp/secret/add"] = CutMoment.AFTER
        report = await at.sync()
        assert report.count(RowStatus.UNKNOWN) >= 1
        assert report.count(RowStatus.FAILED) == 0
        assert not report.is_done
        assert sum(report.count(status) for status in RowStatus) == report.planned
        assert (await at.sync()).is_done, "unknown rows are settled by reading"
        names = [row.values["name"] for row in at.router.tables["/ppp/secret"]]
        assert len(names) == len(set(names)) == 20 + 50


def test_a_menu_that_cannot_be_read_is_unknown_not_empty() -> None:
    wanted = desired("edge-1", PROFILES, customers(50), now=NOW)
    live = Live({"/ppp/profile": ()}, {"/ppp/secret": "not enough permissions (9)"})
    made = make_plan(wanted, live, (), Wishes("00000000"), DIGESTS, now=NOW)
    assert {change.menu for change in made.changes} == {"/ppp/profile"}
    assert len(made.refused) == 50
    assert "not enough permissions" in made.refused[0].reason


def test_the_routers_own_rows_are_never_planned() -> None:
    mine = Profile(external_id="1", name="default", rate_up_bps=1, rate_down_bps=1)
    live = Live({"/ppp/profile": ({".id": "*0", "name": "default", "default": "true"},)})
    made = make_plan(desired("edge-1", [mine], [], now=NOW), live, (), Wishes("00000000"), DIGESTS, now=NOW)
    assert made.is_empty
    assert made.refused[0].reason == "the router's own row"


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


def test_a_fallback_profile_that_is_not_in_billing_leaves_nobody_with_full_service() -> None:
    [late] = customers(1, status="suspended", on_inactive="fallback profile")
    for fallback, profile, disabled in (("family", "family", "no"), ("typo", "basic", "yes"), ("", "basic", "yes")):
        rows = desired("edge-1", PROFILES, [late], now=NOW, fallback_profile=fallback).rows
        [his] = [row for row in rows if row.external_id == late.external_id and "profile" in row.values]
        assert (his.values["profile"], his.values["disabled"]) == (profile, disabled)


def test_a_profile_is_in_use_by_clients_and_trials_and_not_known_to_be_free_unless_looked_for() -> None:
    everywhere = {menu: () for naming in NAMING_PROFILES.values() for menu in naming}
    rows: dict[str, tuple[dict[str, str], ...]] = {"/ppp/secret": (), "/ip/hotspot/user": (), **everywhere}
    assert Live(rows).users_of_profile("/ppp/profile", "gold") == 0
    assert Live(rows | {"/interface/l2tp-client": ({"profile": "gold"},)}).users_of_profile("/ppp/profile", "gold") == 1
    trial = {"/ip/hotspot/profile": ({"trial-user-profile": "hour"},)}
    assert Live(rows | trial).users_of_profile("/ip/hotspot/user/profile", "hour") == 1
    assert Live({"/ppp/secret": ()}).users_of_profile("/ppp/profile", "gold") is None


def test_no_password_is_in_a_plan_or_report() -> None:
    wanted = desired("edge-1", *BOOKS, now=NOW)
    live = Live(dict.fromkeys(MANAGED_MENUS, ()))
    made = make_plan(wanted, live, (), Wishes("00000000"), DIGESTS, now=NOW)
    report = Report("edge-1", len(made.changes), ())
    shown = repr(made) + repr(wanted) + json.dumps(report.to_json()) + str([change.shown() for change in made.changes])
    shown += str([dict(change.values) for change in made.changes if change.action is Action.ADD])
    assert not any(each.password.get_secret_value() in shown for each in BOOKS[1])
    secrets = {after for change in made.changes for name, _, after in change.shown() if name == "password"}
    assert secrets == {"(set)"}, "in a new row nothing has changed"
    other = dataclasses.replace(made.changes[-1], action=Action.SET, values={"password": "#digest"})
    assert other.shown() == [("password", "", "(changed)")]


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
