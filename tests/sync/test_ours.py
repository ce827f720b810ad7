"""Whose a row is and stays: adoption, marks, copies, names, protection; and what a person may ask for."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from mktui.billing import registry
from mktui.billing.model import Kind, OnInactive, Subscriber
from mktui.core.protocol.framing import Utf8Text
from mktui.errors import StalePlan
from mktui.sync.bookkeeping import Books
from mktui.sync.guards import Lifts
from mktui.sync.options import SyncOptions
from mktui.sync.order import Order
from mktui.sync.ownership import Mark, read_mark, row_mark, with_mark
from mktui.sync.report import RowStatus
from tests.sync.offices import HOUR, NEWEST, PROFILES, RAW, VERSIONS, customers, desk, guests, kinds, on, put, row

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]


@VERSIONS
async def test_adopting_keeps_the_comment_and_makes_the_row_ours(version: str) -> None:
    async with desk(10, on(version)) as at:
        at.save(guests(), [HOUR])
        theirs = put(at, name="user-0003", comment=RAW, profile="default")
        spoken = put(at, name="user-0005", comment=Utf8Text("señal"), profile="default")
        user = put(at, "/ip/hotspot/user", name="guest-1")
        put(at, "/ip/hotspot/user/profile", name="hour")
        assert {name for kind, name in kinds(await at.sync()) if kind == "conflict"} == {
            "user-0003", "user-0005", "guest-1", "hour",
        }  # fmt: skip
        report = await at.sync(Order(adopt=frozenset({"user-0003", "user-0005", "guest-1", "hour"})))
        assert report.is_done, report.to_json()
        mark = row_mark(at.office.installation, "c3")
        assert theirs.values["comment"] == f"{RAW} {mark}"
        assert spoken.values["comment"] == f"señal {row_mark(at.office.installation, 'c5')}"
        assert user.values["profile"] == "hour"
        assert theirs.values["password"] == "pw-3-hush"
        owned = {(each.menu, each.name): each for each in at.office.store.do(registry.read, at.name)}
        assert {("/ppp/secret", "user-0003"), ("/ip/hotspot/user/profile", "hour")} <= owned.keys()
        assert (await at.sync()).planned == 0
        assert (await at.plan()).is_empty
        theirs.change({"profile": "business"})
        assert ("drift", "user-0003") in kinds(await at.sync())


async def test_adopting_what_is_already_as_billing_wants_it_writes_nothing_but_the_mark() -> None:
    async with desk(0, NEWEST) as at:
        at.save(guests(1), [HOUR])
        rate = "0/4M"
        theirs = put(
            at, "/ip/hotspot/user/profile", name="hour", rate_limit=rate, session_timeout="1h", shared_users="1"
        )
        before = dict(theirs.values)
        report = await at.sync(Order(adopt=frozenset({"hour"})))
        assert report.is_done
        assert theirs.values == before
        assert (await at.plan()).is_empty


async def test_adopting_cuts_nobody_off_past_the_guards() -> None:
    async with desk(100, NEWEST) as at:
        await at.sync()
        at.save([Subscriber(external_id=f"s{index}", username=f"theirs-{index}", profile="basic", status="suspended")
                 for index in range(40)])  # fmt: skip
        for index in range(40):
            put(at, name=f"theirs-{index}", password="", profile="basic", service="pppoe")
        report = await at.sync(Order(adopt=frozenset({"*"})))
        assert report.count(RowStatus.APPLIED) == 40
        assert sum(each.kind == "held" for each in report.findings) >= 40
        assert not any(each["disabled"] == "true" for each in at.live().values())


async def test_all_is_not_meant_when_a_row_bears_another_installations_mark() -> None:
    async with desk(3, NEWEST) as at:
        theirs = put(at, name="user-0001", comment="[mktui:deadbeef-0123456789abcdef]")
        before = dict(theirs.values)
        assert kinds(await at.sync(Order(adopt=frozenset({"*"})))) == {("conflict", "user-0001")}
        assert theirs.values == before
        assert (await at.sync(Order(adopt=frozenset({"user-0001"})))).is_done
        mark = read_mark(theirs.values["comment"])
        assert mark is not None
        assert mark.installation == at.office.installation


async def test_a_row_whose_mark_was_taken_away_is_nobodys_to_change() -> None:
    async with desk(10, NEWEST) as at:
        await at.sync()
        row(at, "user-0001").change({"comment": "mine now"})
        before = dict(row(at, "user-0001").values)
        at.change("c1", status="deleted")
        report = await at.sync(Order(heal=True, prune=True))
        assert report.planned == 0
        assert "its mark is gone" in report.findings[0].reason
        assert row(at, "user-0001").values == before


async def test_of_a_row_and_its_copy_only_the_original_is_ours() -> None:
    async with desk(10, NEWEST) as at:
        await at.sync()
        original = row(at, "user-0001")
        copy = put(at, **{name: value for name, value in original.values.items() if name != ".id"} | {"name": "copy"})
        at.change("c1", password=SecretStr("x-hush"))
        assert (await at.sync()).is_done
        assert original.values["password"] == "x-hush"
        assert copy.values["password"] == "pw-1-hush"
        at.router.tables["/ppp/secret"].change(original, {"name": "moved"})
        at.change("c1", password=SecretStr("y-hush"))
        report = await at.sync()
        assert report.planned == 0
        assert "2 rows bear its mark" in report.findings[0].reason


async def test_a_name_given_on_the_router_is_drift_even_in_bytes_that_are_no_text() -> None:
    async with desk(10, NEWEST) as at:
        await at.sync()
        at.router.tables["/ppp/secret"].change(row(at, "user-0001"), {"name": "caf\udce9"})
        report = await at.sync()
        assert report.planned == 0
        assert kinds(report) == {("drift", "user-0001")}
        at.change("c1", password=SecretStr("x-hush"))
        assert (await at.sync()).is_done
        assert row(at, "caf\udce9").values["password"] == "x-hush"
        at.change("c1", status="suspended")
        assert (await at.sync()).is_done
        at.change("c1", status="active")
        assert (await at.sync(Order(heal=True))).is_done
        assert row(at, "user-0001").values["disabled"] == "no" or row(at, "user-0001").values["disabled"] == "false"
        assert len(at.live()) == 10


async def test_a_profile_that_was_deleted_on_the_router_is_given_back_to_who_had_it() -> None:
    async with desk(9, NEWEST) as at:
        await at.sync()
        await at.client.remove("/ppp/profile", row(at, "basic", "/ppp/profile").row_id)
        assert row(at, "user-0000").values["profile"].startswith("*")
        assert (await at.sync()).is_done
        assert row(at, "user-0000").values["profile"] == "basic"
        assert (await at.plan()).is_empty


@pytest.mark.parametrize("facts", [{"status": "suspended"}, {"status": "deleted"},
                                   {"status": "expired", "on_inactive": "remove"}])  # fmt: skip
async def test_who_is_protected_is_neither_disabled_nor_removed(facts: dict[str, str]) -> None:
    async with desk(50, NEWEST) as at:
        at.change("c1", protect=True)
        await at.sync()
        at.change("c1", **facts)
        report = await at.sync(Order(prune=True))
        assert kinds(report) == {("protected", "user-0001")}
        assert row(at, "user-0001").values["disabled"] == "false"


@VERSIONS
async def test_who_is_inactive_is_removed_or_falls_back_and_comes_back_when_he_pays(version: str) -> None:
    async with desk(50, on(version), options=SyncOptions(fallback_profile="basic")) as at:
        at.change("c1", on_inactive=OnInactive.REMOVE)
        at.change("c2", on_inactive=OnInactive.FALLBACK_PROFILE, profile="business")
        await at.sync()
        at.change("c1", status="suspended")
        at.change("c2", status="suspended")
        assert (await at.sync()).is_done
        assert "user-0001" not in at.live()
        assert row(at, "user-0002").values["profile"] == "basic"
        assert row(at, "user-0002").values["disabled"] == "false"
        assert (await at.plan()).is_empty
        at.change("c1", status="active")
        at.change("c2", status="active")
        assert (await at.sync()).is_done
        assert row(at, "user-0001").values["password"] == "pw-1-hush"
        assert row(at, "user-0002").values["profile"] == "business"


@VERSIONS
async def test_two_hotspot_servers_have_a_user_of_one_name_each(version: str) -> None:
    async with desk(0, on(version)) as at:
        at.router.tables["/ip/hotspot"].add({"name": "hs2", "interface": "ether4", "disabled": "false"})
        people = [each.model_copy(update={"username": "guest", "hotspot_server": server})
                  for each, server in zip(guests(3), ("hs1", "hs2", "all"), strict=True)]  # fmt: skip
        at.save(people, [HOUR])
        assert (await at.sync()).is_done
        assert (await at.plan()).is_empty
        at.change("g1", password=SecretStr("second-hush"))
        assert (await at.sync()).planned == 1
        passwords = {each.values.get("server", "all"): each.values["password"]
                     for each in at.router.tables["/ip/hotspot/user"] if each.values["name"] == "guest"}  # fmt: skip
        assert passwords == {"hs1": "gp-0-hush", "hs2": "second-hush", "all": "gp-2-hush"}
        at.change("g0", hotspot_server="hs3")
        at.change("g1", hotspot_server="hs1")
        at.change("g0", hotspot_server="hs2")
        assert (await at.sync(Order(lifts=Lifts(max_update=3)))).planned == 3
        passwords = {each.values.get("server", "all"): each.values["password"]
                     for each in at.router.tables["/ip/hotspot/user"] if each.values["name"] == "guest"}  # fmt: skip
        assert passwords == {"hs2": "gp-0-hush", "hs1": "second-hush", "all": "gp-2-hush"}
        assert (await at.plan()).is_empty


@pytest.mark.parametrize("facts", [{"username": "user-0002"}, {"external_id": "c2"}, {"static_ip": "10.0.0.7"}])
async def test_rows_of_a_source_that_cannot_all_be_meant_are_all_refused(facts: dict[str, str]) -> None:
    async with desk(0, NEWEST) as at:
        people = customers(5)
        people[2] = people[2].model_copy(update={"static_ip": "10.0.0.7"})
        people[4] = people[4].model_copy(update=facts)
        report = await at.sync(Order(books=Books(PROFILES, tuple(people))))
        assert "user-0002" not in at.live()
        assert len(at.live()) == 3
        assert sum(each.kind == "conflict" for each in report.findings) == 2


async def test_only_the_kind_and_the_names_that_were_asked_for_are_written() -> None:
    async with desk(6, NEWEST) as at:
        at.save(guests(), [HOUR])
        assert (await at.sync(Order(kinds=frozenset({Kind.HOTSPOT})))).planned == 3
        assert not at.live()
        names = frozenset({"user-0001", "family"})
        assert (await at.sync(Order(names=names))).planned == 2
        assert list(at.live()) == ["user-0001"]
        assert (await at.sync()).planned == 7


async def test_a_saved_plan_is_done_exactly_or_not_at_all() -> None:
    async with desk(6, NEWEST) as at:
        plan = await at.plan()
        at.change("c1", password=SecretStr("x-hush"))
        with pytest.raises(StalePlan):
            await at.sync(Order(saved=plan))
        assert not at.live()
        plan = await at.plan()
        put(at, name="user-0002")
        with pytest.raises(StalePlan):
            await at.sync(Order(saved=plan))
        plan = await at.plan()
        report = await at.sync(Order(saved=plan))
        assert report.is_done
        assert report.planned == len(plan.changes) == 8


def test_a_mark_is_found_where_it_was_moved_to_and_put_back_once() -> None:
    mark = Mark("0123abcd", "0123456789abcdef")
    assert read_mark(f"a {mark} b") == mark
    assert with_mark(with_mark("a", mark), mark) == f"a {mark}"
    assert isinstance(with_mark(Utf8Text("á"), mark), Utf8Text)
