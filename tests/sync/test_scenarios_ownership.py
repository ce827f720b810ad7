"""SYNC.md's scenarios of what is ours and what is not: foreign rows, drift, profiles in use. Numbers are theirs."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from mktui.billing.model import Kind, Profile
from mktui.simulator.faults import ReplyFault
from mktui.simulator.profile import RouterProfile
from mktui.sync.bookkeeping import Books
from mktui.sync.options import Absent, SyncOptions
from mktui.sync.order import Order
from tests.sync.offices import HOUR, NEWEST, PROFILES, RAW, VERSIONS, customers, desk, guests, kinds, on, put, row

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]


@VERSIONS
async def test_07_a_foreign_row_of_the_same_name_is_a_conflict_and_untouched(version: str) -> None:
    async with desk(10, on(version)) as at:
        at.save(guests(), [HOUR])
        theirs = [
            put(at, name="user-0003", comment="VOUCHER_SYSTEM|12|x"),
            put(at, name="user-0004"),
            put(at, "/ip/hotspot/user", name="guest-1"),
        ]
        before = [dict(each.values) for each in theirs]
        for order in (Order(), Order(heal=True, prune=True), Order()):
            report = await at.sync(order)
            assert kinds(report) == {("conflict", "user-0003"), ("conflict", "user-0004"), ("conflict", "guest-1")}
            assert [each.values for each in theirs] == before
        at.change("c3", status="deleted")
        at.change("c4", status="suspended")
        assert (await at.sync()).planned == 0
        assert [each.values for each in theirs] == before


@VERSIONS
async def test_08_a_manual_edit_is_shown_as_drift_and_kept_until_healed(version: str) -> None:
    async with desk(10, on(version)) as at:
        at.save(guests(), [HOUR])
        await at.sync()
        row(at, "user-0001").change({"profile": "business", "password": "by-hand"})
        row(at, "guest-0", "/ip/hotspot/user").change({"limit-uptime": "5h"})
        row(at, "basic", "/ppp/profile").change({"rate-limit": "1M/1M"})
        for _ in range(2):
            report = await at.sync()
            assert report.planned == 0
            assert kinds(report) == {("drift", "user-0001"), ("drift", "basic")}, (
                "a limit that billing never set is not"
            )
        at.change("c1", profile="basic")
        assert ("conflict", "user-0001") in kinds(await at.sync()), "billing and the router have both changed it"
        healed = await at.sync(Order(heal=True))
        assert healed.is_done
        assert row(at, "user-0001").values["profile"] == "basic"
        assert row(at, "user-0001").values["password"] == "pw-1-hush"
        assert row(at, "basic", "/ppp/profile").values["rate-limit"] != "1M/1M"
        assert (await at.plan()).is_empty


@VERSIONS
async def test_11_what_means_the_same_is_not_written(version: str) -> None:
    async with desk(3, on(version)) as at:
        at.save(
            guests(quota_uptime_s=90_000, mac="02-00-00-aa-bb-cc"), [HOUR.model_copy(update={"idle_timeout_s": 600})]
        )
        at.change("c1", mac="02:00:00:aa:bb:cc")
        await at.sync()
        row(at, "basic", "/ppp/profile").change({"rate-limit": "2000k/10000k"})
        row(at, "hour", "/ip/hotspot/user/profile").change({"session-timeout": "1h", "idle-timeout": "00:10:00"})
        row(at, "guest-0", "/ip/hotspot/user").change({"limit-uptime": "25h", "mac-address": "02:00:00:AA:BB:CC"})
        row(at, "user-0001").change({"caller-id": "02:00:00:AA:BB:CC"})
        report = await at.sync(Order(heal=True))
        assert report.planned == 0
        assert not report.findings


@VERSIONS
async def test_12_foreign_rows_and_comments_are_the_same_bytes_after_many_syncs(version: str) -> None:
    async with desk(20, RouterProfile(version=version, secrets=20, online=0)) as at:
        at.save(guests(), [HOUR])
        for index, each in enumerate(list(at.router.tables["/ppp/secret"])):
            each.change({"comment": [RAW, "VOUCHER_SYSTEM|a|b", '{"phone":"1"}', "[mktui:deadbeef-0123456789abcdef]",
                                     "  two  spaces "][index % 5]})  # fmt: skip
        foreign = {each.row_id: dict(each.values) for each in at.router.tables["/ppp/secret"]}
        await at.sync()
        at.change("c1", username="renamed", password=SecretStr("x-hush"), static_ip="10.0.0.9")
        at.change("c2", status="suspended")
        await at.sync(Order(heal=True, prune=True))
        rows = at.router.tables["/ppp/secret"].rows
        assert {row_id: rows[row_id].values for row_id in foreign} == foreign


@VERSIONS
async def test_12_what_an_operator_writes_into_the_comment_of_our_row_stays(version: str) -> None:
    async with desk(3, on(version)) as at:
        await at.sync()
        ours = row(at, "user-0001")
        mark = ours.values["comment"]
        comment = f"{RAW} {mark} moved"
        ours.change({"comment": comment})
        at.change("c1", password=SecretStr("x-hush"), static_ip="10.0.0.9")
        assert (await at.sync()).is_done
        assert ours.values["comment"] == comment
        assert ours.values["password"] == "x-hush"


@VERSIONS
async def test_15_dynamic_and_default_rows_are_in_no_plan(version: str) -> None:
    async with desk(0, on(version)) as at:
        people = [each.model_copy(update={"username": name}) for each, name in zip(guests(), ["default-trial", "dyn"],
                                                                                   strict=True)]  # fmt: skip
        made_by_router = put(at, "/ip/hotspot/user", name="dyn", dynamic="true")
        profiles = [HOUR, Profile(external_id="d", name="default", rate_up_bps=1, rate_down_bps=1),
                    Profile(external_id="d2", name="default", kind=Kind.HOTSPOT, rate_up_bps=1)]  # fmt: skip
        at.save(people, profiles)
        fixed = {menu: [dict(each.values) for each in at.router.tables[menu] if
                        each.values.get("default") == "true" or each is made_by_router]
                 for menu in ("/ppp/profile", "/ip/hotspot/user", "/ip/hotspot/user/profile")}  # fmt: skip
        for order in (Order(), Order(heal=True, prune=True, adopt=frozenset({"*"}))):
            report = await at.sync(order)
            assert {row.change.name for row in report.rows} <= {"hour", "basic", "family", "business"}
            reasons = {each.reason for each in report.findings if each.name != "hour"}
            assert reasons == {"the router's own row"}
        for menu, rows in fixed.items():
            present = [dict(each.values) for each in at.router.tables[menu]]
            assert all(each in present for each in rows)


@VERSIONS
@pytest.mark.parametrize("user", ["foreign secret", "pppoe server", "l2tp server", "nobody"])
async def test_20_a_profile_that_anybody_uses_is_never_deleted(version: str, user: str) -> None:
    options = SyncOptions(absent=Absent.DELETE)
    async with desk(0, on(version), options=options) as at:
        more = [Profile(external_id=f"x{index}", name=f"filler-{index}") for index in range(60)]
        extra = Profile(external_id="gone", name="gone", rate_down_bps=10**6)
        await at.sync(Order(books=Books((*more, *PROFILES, extra), tuple(customers(3)))))
        if user == "foreign secret":
            put(at, name="theirs", profile="gone")
        elif user != "nobody":
            menu = f"/interface/{user.replace(' ', '-')}/server"
            next(iter(at.router.tables[menu])).change({"default-profile": "gone"})
        report = await at.sync(Order(prune=True, books=Books((*more, *PROFILES), tuple(customers(3)))))
        is_there = any(each.values["name"] == "gone" for each in at.router.tables["/ppp/profile"])
        assert is_there == (user != "nobody")
        assert (("absent", "gone") in kinds(report)) == is_there


async def test_20_a_profile_stays_when_it_cannot_be_read_who_uses_it() -> None:
    options = SyncOptions(absent=Absent.DELETE)
    async with desk(0, NEWEST, options=options) as at:
        more = [Profile(external_id=f"x{index}", name=f"filler-{index}") for index in range(60)]
        await at.sync(Order(books=Books((*more, *PROFILES), tuple(customers(3)))))
        at.router.faults.replies["/interface/l2tp-server/server/print"] = ReplyFault.TRAPS
        report = await at.sync(Order(prune=True, books=Books((*more[1:], *PROFILES), tuple(customers(3)))))
        assert report.planned == 0
        assert "who uses it cannot be read" in report.findings[-1].reason


@pytest.mark.anyio
@pytest.mark.realtime
async def test_secrets_that_hide_radius_users_are_said() -> None:
    async with desk(3) as at:
        assert "shadow" not in {each.kind for each in (await at.plan()).refused}
        await at.client.set("/ppp/aaa", None, {"use-radius": True})
        [shadow] = [each for each in (await at.plan()).refused if each.kind == "shadow"]
        assert "RADIUS" in shadow.reason
