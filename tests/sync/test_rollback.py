"""A run is taken back: only what still is as it left it, by the same guards, with billing's own passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from mktui import clock
from mktui.billing import ledger, registry
from mktui.billing.model import Subscriber
from mktui.errors import NotAccepted
from mktui.sync import normalise
from mktui.sync.guards import Lifts
from mktui.sync.mapping import MANAGED_MENUS
from mktui.sync.order import Order
from mktui.sync.plan import Action
from tests.sync.offices import HOUR, NEWEST, VERSIONS, customers, desk, guests, kinds, on, put, row

if TYPE_CHECKING:
    from tests.sync.offices import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
ALL = Lifts(max_delete=1000, max_disable=1000, max_update=1000, rebuild=True)


def shown(at: Desk) -> dict[str, list[dict[str, str]]]:
    """Return what a person sees of the managed menus, without ids."""

    def meaning(values: dict[str, str]) -> dict[str, str]:
        meant = {name: normalise.comparable(name, value) for name, value in values.items() if name != ".id"}
        return {name: value for name, value in meant.items() if value not in {"", "no", "false"}}

    return {
        menu: sorted(
            (meaning(dict(each.values)) for each in at.router.tables[menu]),
            key=lambda each: (each["name"], each.get("server", "")),
        )
        for menu in MANAGED_MENUS
    }


@VERSIONS
async def test_everything_but_passwords_is_as_it_was_before_the_run(version: str) -> None:
    async with desk(60, on(version)) as at:
        at.save(guests(10), [HOUR])
        at.change("c9", static_ip="10.0.0.9")
        at.change("c6", status="suspended")
        await at.sync()
        before = shown(at)
        at.save(customers(63)[60:])
        at.change("c1", username="renamed", static_ip="10.0.0.1", mac="02:00:00:00:00:01")
        at.change("c2", status="suspended")
        at.change("c3", status="deleted")
        at.change("c6", status="active")
        at.change("c9", static_ip="", ppp_service="any", profile="business")
        at.change("g1", status="deleted")
        at.change("g2", username="guest-x", mac="02:00:00:00:00:01", quota_uptime_s=60)
        at.save((), [HOUR.model_copy(update={"session_timeout_s": 0, "idle_timeout_s": 300, "name": "hour-x"})])
        done = await at.sync()
        assert done.is_done
        assert shown(at) != before
        undone = await at.sync(Order(rollback=done.run, lifts=ALL))
        assert undone.is_done, undone.to_json()
        assert not undone.findings
        assert shown(at) == before
        assert at.live()["user-0003"]["password"] == "pw-3-hush"
        owned = {(each.menu, each.external_id) for each in at.office.store.do(registry.read, at.name)}
        assert ("/ppp/secret", "c3") in owned
        assert ("/ppp/secret", "c61") not in owned


async def test_a_rollback_can_be_rolled_back_and_billing_has_its_way_again() -> None:
    async with desk(60, NEWEST) as at:
        await at.sync()
        at.change("c1", username="renamed", static_ip="10.0.0.1")
        at.change("c2", status="deleted")
        at.save(customers(61)[60:])
        done = await at.sync()
        after = shown(at)
        undone = await at.sync(Order(rollback=done.run, lifts=ALL))
        assert (await at.sync(Order(rollback=undone.run, lifts=ALL))).is_done
        assert shown(at) == after
        await at.sync(Order(lifts=ALL))
        assert shown(at) == after
        assert (await at.plan()).is_empty


async def test_a_swap_of_names_is_taken_back_through_a_third() -> None:
    async with desk(60, NEWEST) as at:
        await at.sync()
        before = shown(at)
        with at.office.store.begin() as connection:
            for external_id, name in (("c1", "between"), ("c2", "user-0001"), ("c1", "user-0002")):
                one = ledger.find_subscriber(connection, external_id)
                assert one is not None
                ledger.save_subscriber(connection, one.model_copy(update={"username": name}), now=clock.utc_now())
        done = await at.sync()
        assert done.planned == 3
        assert (await at.sync(Order(rollback=done.run))).is_done
        assert shown(at) == before


async def test_what_came_later_is_left_alone() -> None:
    async with desk(60, NEWEST) as at:
        await at.sync()
        at.change("c1", static_ip="10.0.0.1")
        at.change("c2", static_ip="10.0.0.2")
        at.change("c3", status="deleted")
        at.change("c4", status="suspended")
        done = await at.sync()
        at.change("c1", static_ip="10.0.0.11")
        row(at, "user-0004").change({"disabled": "false"})
        await at.sync()
        put(at, name="user-0003")
        undone = await at.sync(Order(rollback=done.run, lifts=ALL))
        assert [each.change.name for each in undone.rows] == ["user-0002"]
        assert ("drift", "user-0001") in kinds(undone)
        assert row(at, "user-0001").values["remote-address"] == "10.0.0.11"
        assert row(at, "user-0003").values["password"] == "theirs"


async def test_who_is_no_longer_in_billing_has_no_password_to_come_back_with() -> None:
    async with desk(60, NEWEST) as at:
        await at.sync()
        at.change("c3", status="deleted")
        done = await at.sync()
        with at.office.store.begin() as connection:
            connection.exec_driver_sql("DELETE FROM subscribers WHERE external_id = 'c3'")
        undone = await at.sync(Order(rollback=done.run, lifts=ALL))
        assert undone.planned == 0
        assert "no longer in billing" in undone.findings[0].reason


async def test_the_guards_hold_for_a_rollback_too() -> None:
    async with desk(60, NEWEST) as at:
        first = await at.sync()
        undone = await at.sync(Order(rollback=first.run))
        assert undone.planned == 0
        assert undone.held == 63
        assert len(at.live()) == 60


async def test_a_run_of_another_router_or_none_cannot_be_taken_back() -> None:
    async with desk(3, NEWEST) as at:
        with pytest.raises(NotAccepted, match="has no run 7"):
            await at.sync(Order(rollback=7))


async def test_an_adopted_row_is_let_go_again() -> None:
    async with desk(50, NEWEST) as at:
        await at.sync()
        at.save([Subscriber(external_id="n", username="new", password=SecretStr("n-hush"), profile="family")])
        theirs = put(at, name="new", comment="their own", profile="default")
        before = dict(theirs.values)
        done = await at.sync(Order(adopt=frozenset({"new"})))
        assert done.is_done
        assert {each.change.action for each in done.rows} == {Action.ADOPT, Action.SET}
        assert (await at.sync(Order(rollback=done.run))).is_done
        assert theirs.values == before | {"password": "n-hush"}
        assert ("conflict", "new") in kinds(await at.sync())
