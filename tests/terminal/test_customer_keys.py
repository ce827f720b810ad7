"""A customer is found from anywhere and helped; nothing is done for him, or to him, unasked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import anyio
import pytest
from textual.widgets import Input

from mktui.billing.model import SubscriberStatus
from mktui.errors import DatabaseUnavailable
from mktui.services.demo import open_demo
from mktui.services.replay import Replay
from mktui.sync.order import Order
from mktui.tui.app import ControlRoom
from mktui.tui.customer_deeds import Extend
from mktui.tui.finding import Find
from mktui.tui.screens.billing_form import FormScreen
from mktui.tui.screens.customer import CustomerScreen
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.modals import Confirm
from mktui.tui.screens.plan import PlanScreen
from tests.terminal.driving import fleet_is_shown, lines, look, notices, opened, press, text
from tests.terminal.recorded import RecordedServices, fleet
from tests.terminal.recorded_customers import ANA, ANA_ONLINE, ASKING, KNOWN, LUIS, LUIS_UNPAID
from tests.terminal.recorded_syncs import planned

if TYPE_CHECKING:
    from textual.pilot import Pilot

pytestmark = pytest.mark.anyio


async def find(pilot: Pilot[None], name: str) -> None:
    """Press f and type a name."""
    await press(pilot, "f")
    pilot.app.screen.query_one("#answer", Input).value = name
    await press(pilot, "enter")
    assert isinstance(pilot.app.screen, CustomerScreen)


def body(app: ControlRoom) -> list[str]:
    return [line.strip() for line in lines(app)[2:-1] if line.strip()]


@pytest.mark.parametrize("path", [(), ("enter",), ("2",), ("s",)], ids=str)
async def test_a_customer_is_found_from_anywhere_and_back_leads_there_again(path: tuple[str, ...]) -> None:
    async with opened() as (app, pilot):
        await press(pilot, *path)
        origin = app.screen
        await find(pilot, "ana")
        assert body(app)[0] == "● ana: paid until 2026-12-31 23:59; online on edge-2 for 2h14m7s"
        await press(pilot, "escape")
        assert app.screen is origin


async def test_a_name_that_is_left_or_empty_opens_nothing() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "f", "escape")
        assert isinstance(app.screen, FleetScreen)
        await press(pilot, "f", "enter")
        assert isinstance(app.screen, FleetScreen)
    assert services.customers.looked_for == []


async def test_another_name_takes_the_place_of_the_first() -> None:
    async with opened() as (app, pilot):
        await find(pilot, "ana")
        await find(pilot, "luis-03")
        assert "expired 2026-11-21 23:59" in body(app)[0]
        await press(pilot, "escape")
        assert isinstance(app.screen, FleetScreen)


async def test_each_router_that_cannot_be_asked_is_said_with_its_reason() -> None:
    async with opened() as (app, pilot):
        await find(pilot, "luis-03")
        assert "tower-cerro-alto, tower-west could not be asked" in " ".join(body(app)[:2])
        told = " ".join(body(app))
        assert "○ tower-west could not be asked: cannot connect to 10.0.9.1:8728: connection refused" in told
        assert "3 of 5 routers answered" in lines(app)[1]


async def test_what_is_known_is_shown_while_others_are_asked() -> None:
    services = RecordedServices()
    services.customers.asking = ASKING
    async with opened(services) as (app, pilot):
        await find(pilot, "ana")
        assert "asking 3 of 5 routers …" in lines(app)[1]
        assert "paid until 2026-12-31 23:59" in body(app)[0]
        assert "not online" not in text(app)  # nobody knows that yet


async def test_suspending_asks_and_then_everybody_is_asked_afresh() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await find(pilot, "ana")
        await press(pilot, "E")
        assert "Suspend ana?" in text(app)
        await press(pilot, "n")
        assert services.asked == []
        await press(pilot, "S", "y")
    assert services.asked == [("suspend", "ana")]
    assert services.customers.looked_for == ["ana", "ana"]
    assert "the next sync brings it to the routers" in notices(app)[-1].message


async def test_who_is_suspended_is_enabled() -> None:
    services = RecordedServices()
    suspended = ANA.model_copy(update={"status": SubscriberStatus.SUSPENDED})
    services.customers.known["ana"] = replace(ANA_ONLINE, subscribers=(suspended,))
    async with opened(services) as (_, pilot):
        await find(pilot, "ana")
        await press(pilot, "E", "y")
    assert services.asked == [("enable", "ana")]


@pytest.mark.parametrize(("key", "days"), [("1", 1), ("7", 7), ("3", 30)])
async def test_extending_by_each_number_of_days(key: str, days: int) -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await find(pilot, "luis-03")
        await press(pilot, "X")
        assert isinstance(app.screen, Extend)
        assert "2026-12-23 03:40" in text(app)  # 30 days from now, for it is over
        await press(pilot, key)
    assert services.asked == [(f"extend by {days}", "luis-03")]


async def test_extending_can_be_left_and_has_no_sense_without_an_end() -> None:
    services = RecordedServices()
    endless = LUIS.model_copy(update={"valid_until": None})
    async with opened(services) as (app, pilot):
        await find(pilot, "luis-03")
        await press(pilot, "X", "escape")
        assert isinstance(app.screen, CustomerScreen)
        services.customers.known["luis-03"] = replace(LUIS_UNPAID, subscribers=(endless,))
        await press(pilot, "r", "X")
        assert "there is nothing to extend" in notices(app)[-1].message
    assert services.asked == []


async def test_a_customer_who_is_protected_is_changed_only_after_his_name() -> None:
    services = RecordedServices()
    guarded = ANA.model_copy(update={"protect": True})
    services.customers.known["ana"] = replace(ANA_ONLINE, subscribers=(guarded,))
    async with opened(services) as (_, pilot):
        await find(pilot, "ana")
        await press(pilot, "E", "y", "enter", "escape")
        await press(pilot, "X", "7", "escape")
        assert services.asked == []
        await press(pilot, "X", "7", *"ana", "enter")
    assert services.asked == [("extend by 7", "ana")]


async def test_a_kick_asks_and_a_protected_router_asks_for_its_name() -> None:
    services = RecordedServices()
    session = replace(ANA_ONLINE.sessions[0], router="edge-1")
    async with opened(services) as (app, pilot):
        await find(pilot, "ana")
        await press(pilot, "K")
        assert "End the sessions of ana on edge-2?" in text(app)
        await press(pilot, "y")
        assert services.asked == [("kick ana", "edge-2")]
        services.customers.known["ana"] = replace(ANA_ONLINE, sessions=(session,))
        await press(pilot, "r", "K", "y", "enter")
        assert isinstance(app.screen, Confirm)
        await press(pilot, "backspace", *"edge-1", "enter")
    assert services.asked == [("kick ana", "edge-2"), ("kick ana", "edge-1")]


async def test_one_question_ends_his_sessions_on_every_router_and_names_them_all() -> None:
    services = RecordedServices()
    first = ANA_ONLINE.sessions[0]
    others = (replace(first, router="hotspot-plaza"), replace(first, router="tower-west", is_radius=True))
    services.customers.known["ana"] = replace(ANA_ONLINE, sessions=(first, *others))
    async with opened(services) as (app, pilot):
        await find(pilot, "ana")
        await press(pilot, "K")
        assert "End the sessions of ana on edge-2, hotspot-plaza?" in text(app)
        await press(pilot, "n")
        assert services.asked == []
        await press(pilot, "K", "y")
        assert "2 sessions ended" in notices(app)[-1].message
    assert services.asked == [("kick ana", "edge-2"), ("kick ana", "hotspot-plaza")]


async def test_a_router_that_cannot_be_asked_does_not_keep_his_sessions_elsewhere_alive() -> None:
    services = RecordedServices(refuses=DatabaseUnavailable("gone", database="x"))
    first = ANA_ONLINE.sessions[0]
    services.customers.known["ana"] = replace(ANA_ONLINE, sessions=(first, replace(first, router="hotspot-plaza")))
    async with opened(services) as (app, pilot):
        await find(pilot, "ana")
        await press(pilot, "K", "y")
        told = [each for each in notices(app) if each.severity == "error"]
    assert services.asked == [("kick ana", "edge-2"), ("kick ana", "hotspot-plaza")]
    assert len(told) == 2


async def test_who_comes_from_a_source_is_changed_with_a_warning() -> None:
    services = RecordedServices()
    told = "From source crm: the next pull writes its values over what is changed here."
    services.customers.known["ana"] = replace(ANA_ONLINE, sources={"c-0412": "crm"}, live_sources=frozenset({"crm"}))
    async with opened(services, size=(120, 40)) as (app, pilot):
        await find(pilot, "ana")
        assert told in " ".join(text(app).split())
        for keys in (("E",), ("X", "7")):
            await press(pilot, *keys)
            assert isinstance(app.screen, Confirm)
            assert "the next pull writes its values over" in text(app)
            await press(pilot, "n")
    assert services.asked == []


async def test_his_form_opens_from_his_screen() -> None:
    async with opened() as (app, pilot):
        await find(pilot, "ana")
        await press(pilot, "e")
        assert isinstance(app.screen, FormScreen)
        assert "Billing › subscribers › ana" in text(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, CustomerScreen)


async def test_nobody_who_is_offline_or_online_by_radius_is_kicked() -> None:
    services = RecordedServices()
    session = replace(ANA_ONLINE.sessions[0], is_radius=True)
    services.customers.known["ana"] = replace(ANA_ONLINE, sessions=(session,))
    async with opened(services) as (app, pilot):
        await find(pilot, "ana")
        await press(pilot, "K")
        assert "RADIUS" in notices(app)[-1].message
        await find(pilot, "luis-03")
        await press(pilot, "K")
        assert "not online" in notices(app)[-1].message
        assert isinstance(app.screen, CustomerScreen)
    assert services.asked == []


async def test_sync_plans_his_rows_alone_on_his_router() -> None:
    services = RecordedServices(will_plan={"edge-2": planned()})
    recorded = services.recorded
    routers = tuple(replace(each, sync=replace(each.sync, is_running=False)) for each in recorded.routers)
    services.recorded = replace(recorded, routers=routers)
    async with opened(services) as (app, pilot):
        await find(pilot, "ana")
        await press(pilot, "s")
        assert isinstance(app.screen, PlanScreen)
        assert "only ana" in lines(app)[1]
    assert services.asked == [("plan", "edge-2")]
    assert services.orders == [Order(names=frozenset({"ana"}))]


@pytest.mark.parametrize("key", ["E", "X", "K"])
async def test_read_only_changes_nothing(key: str) -> None:
    services = RecordedServices()
    async with opened(services, read_only=True) as (app, pilot):
        await find(pilot, "ana")
        await press(pilot, key)
        assert isinstance(app.screen, CustomerScreen)
        assert "refused, this is read-only" in notices(app)[-1].message
    assert services.asked == []


@pytest.mark.parametrize("name", ["anna", "pedro"])
async def test_whom_billing_does_not_know_it_cannot_change(name: str) -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await find(pilot, name)
        for key in ("E", "X", "K", "s"):
            await press(pilot, key)
            assert isinstance(app.screen, CustomerScreen)
        assert len(notices(app)) == 4
    assert services.asked == []


async def test_a_change_that_billing_refuses_is_told() -> None:
    services = RecordedServices(refuses=DatabaseUnavailable("it is locked", database="sqlite"))
    async with opened(services) as (app, pilot):
        await find(pilot, "ana")
        await press(pilot, "E", "y")
        assert notices(app)[-1].severity == "error"
        assert "it is locked" in notices(app)[-1].message


async def test_no_key_of_his_screen_falls_through_a_question() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await find(pilot, "ana")
        await press(pilot, "E", "f")
        assert isinstance(app.screen, Confirm)
        await press(pilot, "escape", "f", "E", "X")
        assert isinstance(app.screen, Find)
    assert services.asked == []


async def test_in_a_recording_nobody_can_be_asked_and_that_is_said() -> None:
    replay = Replay([fleet()])
    async with opened(cast("RecordedServices", replay)) as (app, pilot):
        await find(pilot, "ana")
        assert "▲ billing could not be asked: this is a recording" in body(app)
        for key in ("E", "X", "K", "s"):
            await press(pilot, key)
            assert isinstance(app.screen, CustomerScreen)


def test_every_recorded_customer_has_a_name_of_his_own() -> None:
    assert set(KNOWN) == {"ana", "luis-03", "anna", "pedro"}


@pytest.mark.realtime
async def test_in_the_demo_a_customer_is_found_suspended_extended_and_planned() -> None:
    async with open_demo() as fleet:
        app = ControlRoom(fleet)
        async with app.run_test(size=(100, 40), notifications=True) as pilot:
            await fleet_is_shown(pilot)

            async def until(said: str) -> None:
                with anyio.fail_after(30):
                    while said not in text(app):
                        await anyio.sleep(0.05)
                        await look(pilot)

            await find(pilot, "demo-001")
            await until("answered")
            assert body(app)[0].startswith("◐ demo-001: paid until ")
            assert isinstance(app.screen, CustomerScreen)
            assert "family · 40M down, 10M up" in text(app)
            await press(pilot, "E", "y")
            await until("▲ demo-001: suspended")
            await press(pilot, "E", "y")
            await until("◐ demo-001: paid")
            customer = app.screen.customer
            assert customer is not None
            end = customer.subscribers[0].valid_until
            assert end is not None
            await press(pilot, "X", "7")
            await until(f"until {end + timedelta(days=7):%Y-%m-%d}")
