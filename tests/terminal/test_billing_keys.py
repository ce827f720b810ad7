"""Screen 5: everybody in billing, one by one or all that are marked; nothing is changed unasked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input

from mktui.sync.order import Order
from mktui.tui.billing_questions import ConfirmMany, ExtendMany, SaveRow
from mktui.tui.screens.billing import BillingScreen
from mktui.tui.screens.billing_form import FormScreen
from mktui.tui.screens.customer import CustomerScreen
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.modals import Confirm
from mktui.tui.screens.plan import PlanScreen
from tests.terminal.billing_driving import names, row, told, under
from tests.terminal.driving import lines, look, notices, opened, press
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_billing import BOOKS, crowd
from tests.terminal.recorded_syncs import planned

pytestmark = pytest.mark.anyio
BY_TROUBLE = [
    "maria.lopez", "jose.garcia", "ana", "carmen", "tower-family", "luis-03", "vanished", "pedro", "plaza-cafe",
    "school-north", "old-customer",
]  # fmt: skip


async def test_trouble_stands_first_with_where_and_why() -> None:
    async with opened() as (app, pilot):
        await press(pilot, "5")
        assert names(app) == BY_TROUBLE
        assert "▲ failed edge-1" in row(app, "maria.lopez")
        assert "! clash edge-1" in row(app, "jose.garcia")
        assert "~ pending edge-2" in row(app, "ana")
        assert "≠ drift edge-1" in row(app, "carmen")
        assert "○ offline 1m" in row(app, "tower-family")
        assert "▲ expired   2026-11-20 22:59" in row(app, "luis-03")
        assert "? gone" in row(app, "vanished")
        assert "⊘ suspended" in row(app, "pedro")
        assert "● in step 3 of 5" in row(app, "school-north")  # two of all routers are offline
        assert "input does not match any value of profile" in told(app)


async def test_tab_shows_profiles_with_how_many_have_them() -> None:
    async with opened() as (app, pilot):
        await press(pilot, "5", "tab")
        assert names(app) == ["silver", "bronze", "gold", "hour"]
        assert "Billing › profiles" in lines(app)[1]
        assert row(app, "silver").split()[3:8] == ["ppp", "20M", "5M", "4", "~"]
        assert "⊘ off" in row(app, "bronze")
        await press(pilot, "tab")
        assert names(app) == BY_TROUBLE


async def test_a_row_stays_under_the_cursor_when_the_order_changes() -> None:
    async with opened() as (app, pilot):
        await press(pilot, "5", "j", "j")
        seen = []
        for _ in range(5):
            await press(pilot, "o")
            assert isinstance(app.screen, BillingScreen)
            seen.append((lines(app)[1].partition(" by ")[2].split("  ")[0], names(app)[0]))
            assert app.screen.current is not None
            assert app.screen.current.external_id == "c-0412"
        assert seen == [
            ("name", "ana"), ("status", "luis-03"), ("paid until", "old-customer"), ("profile", "ana"),
            ("trouble", "maria.lopez"),
        ]  # fmt: skip
        await press(pilot, "O")
        assert names(app)[-1] == "maria.lopez"


@pytest.mark.parametrize(
    ("typed", "left"),
    [("edge-2", ["jose.garcia", "ana"]), ("10.64.9", ["maria.lopez"]), ("mayor", ["school-north"]), ("zzz", [])],
)
async def test_a_filter_looks_into_everything_that_is_known(typed: str, left: list[str]) -> None:
    async with opened() as (app, pilot):
        await press(pilot, "5", "slash")
        app.screen.query_one("#filter", Input).value = typed
        await press(pilot, "enter")
        if left:
            assert names(app) == left
            assert f"{len(left)} of 11" in lines(app)[1]
        else:
            assert "no subscriber has this text" in told(app)
        await press(pilot, "escape")
        assert names(app) == BY_TROUBLE
        assert isinstance(app.screen, BillingScreen)


async def test_enter_opens_the_customer_or_the_profiles_form_and_back_comes_back() -> None:
    async with opened() as (app, pilot):
        await press(pilot, "5")
        await under(pilot, "luis-03")
        await press(pilot, "enter")
        assert isinstance(app.screen, CustomerScreen)
        await press(pilot, "escape", "tab", "enter")
        assert isinstance(app.screen, FormScreen)
        assert "Billing › profiles › silver" in lines(app)[1]
        await press(pilot, "escape", "escape")
        assert isinstance(app.screen, FleetScreen)


async def test_one_is_suspended_after_a_question_that_names_the_router() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "5")
        await under(pilot, "carmen")
        await press(pilot, "E")
        assert "Suspend carmen?" in told(app)
        assert "edge-1: with the next sync" in told(app)
        assert "From source crm: the next pull writes its values over" in told(app)
        await press(pilot, "n")
        assert services.asked == []
        await press(pilot, "E", "y")
        assert services.asked == [("suspended", "carmen")]
        await look(pilot)
        assert "⊘ suspended" in row(app, "carmen")
        assert "[u] takes back: suspended carmen" in told(app)
        await press(pilot, "E", "y")
    assert services.asked[-1] == ("active", "carmen")


async def test_all_that_are_marked_are_suspended_in_one_without_who_is_protected() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "5")
        for name in ("ana", "school-north", "maria.lopez"):
            await under(pilot, name)
            await press(pilot, "space")
        assert "3 marked" in lines(app)[1]
        await press(pilot, "E")
        assert isinstance(app.screen, ConfirmMany)
        assert "Suspend 2 subscribers?" in told(app)
        assert "Left out, as they are protected: school-north" in told(app)
        await press(pilot, "y")
    assert services.asked == [("suspended", "ana, maria.lopez")]


async def test_marks_survive_a_filter_and_esc_takes_them_away_before_it_leaves() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "5", "space", "space", "slash", *"pedro", "enter")
        assert "2 marked" in lines(app)[1]
        await press(pilot, "escape")
        assert "2 marked" in lines(app)[1]
        await under(pilot, "jose.garcia")
        await press(pilot, "space")
        assert "1 marked" in lines(app)[1]
        await press(pilot, "escape")
        assert "marked" not in lines(app)[1]
        assert isinstance(app.screen, BillingScreen)


async def test_who_has_left_billing_is_marked_no_more() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "5", "space", "space")
        left = tuple(each for each in BOOKS.subscribers if each.username != "maria.lopez")
        services.billing.books = replace(BOOKS, subscribers=left)
        await look(pilot)
        assert "1 marked" in lines(app)[1]


async def test_many_at_once_are_counted_by_hand() -> None:
    services = RecordedServices()
    services.billing.books = crowd(12)
    async with opened(services) as (app, pilot):
        await press(pilot, "5", *(["space"] * 12), "E", "y", "enter")
        assert isinstance(app.screen, ConfirmMany)
        assert "that is not how many there are: 12" in told(app)
        assert services.asked == []
        app.screen.query_one(Input).value = "11"
        await press(pilot, "enter")
        assert services.asked == []
        app.screen.query_one(Input).value = "12"
        await press(pilot, "enter")
    assert [what for what, _ in services.asked] == ["suspended"]
    assert len(services.asked[0][1].split(", ")) == 12


async def test_who_is_protected_is_changed_only_after_his_name() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "5")
        await under(pilot, "school-north")
        await press(pilot, "E", "y", "enter")
        assert isinstance(app.screen, Confirm)
        app.screen.query_one(Input).value = "school-north"
        await press(pilot, "enter")
    assert services.asked == [("suspended", "school-north")]


async def test_one_is_extended_and_several_are_after_one_more_question() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "5")
        await under(pilot, "luis-03")
        await press(pilot, "X", "7")
        assert services.asked == [("extend by 7", "luis-03")]
        await under(pilot, "plaza-cafe")
        await press(pilot, "X")
        assert "nothing to extend" in notices(app)[-1].message
        for name in ("plaza-cafe", "ana", "carmen"):
            await under(pilot, name)
            await press(pilot, "space")
        await press(pilot, "X")
        assert isinstance(app.screen, ExtendMany)
        assert "1 more without an end" in told(app)
        await press(pilot, "3")
        assert isinstance(app.screen, ConfirmMany)
        await press(pilot, "y")
    assert services.asked[1:] == [("extend by 30", "ana, carmen")]


async def test_deleting_asks_and_a_profile_is_not_deleted() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "5")
        await under(pilot, "pedro")
        await press(pilot, "D")
        assert "Billing keeps his entry and his name" in told(app)
        await press(pilot, "y")
        assert services.asked == [("deleted", "pedro")]
        await press(pilot, "tab", "D")
        assert "E stops selling it" in notices(app)[-1].message
        assert len(services.asked) == 1


async def test_a_profile_is_not_sold_any_more_after_its_customers_were_named() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "5", "tab", "E")
        assert isinstance(app.screen, SaveRow)
        assert "enabled" in told(app)
        assert "yes → no" in told(app)
        assert "4 subscribers have it" in told(app)
        await press(pilot, "y")
    assert services.asked == [("change", "silver")]


async def test_what_was_done_is_taken_back_after_a_question() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "5", "u")
        assert "nothing was changed here" in notices(app)[-1].message
        await under(pilot, "carmen")
        await press(pilot, "E", "y", "u")
        assert "Take back “suspended carmen”?" in told(app)
        await press(pilot, "n")
        assert len(services.asked) == 1
        await press(pilot, "u", "y")
        assert services.asked[-1] == ("undo", "suspended carmen")
        assert "1 of 1 put back" in notices(app)[-1].message


async def test_refresh_reads_billing_again() -> None:
    services = RecordedServices()
    async with opened(services) as (_, pilot):
        await press(pilot, "5", "r")
    assert services.billing.read == 1


async def test_sync_plans_the_marked_rows_on_the_router_where_the_trouble_is() -> None:
    services = RecordedServices(will_plan={"edge-1": planned()})
    async with opened(services) as (app, pilot):
        await press(pilot, "5")
        await under(pilot, "maria.lopez")
        await press(pilot, "s")
        assert isinstance(app.screen, PlanScreen)
    assert services.asked == [("plan", "edge-1")]
    assert services.orders == [Order(names=frozenset({"maria.lopez"}))]
