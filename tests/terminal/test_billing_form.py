"""A subscriber or a profile is edited: wrong values are said beside their fields, and nothing is saved unseen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input

from mktui.tui.billing_questions import SaveRow
from mktui.tui.screens.billing import BillingScreen
from mktui.tui.screens.billing_form import FormScreen
from mktui.tui.screens.config_questions import Discard
from mktui.tui.screens.fleet import FleetScreen
from tests.terminal.billing_driving import filled, told, under
from tests.terminal.driving import lines, notices, opened, press, text
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_billing import BOOKS, person

pytestmark = pytest.mark.anyio


async def test_a_form_says_what_is_wrong_while_it_is_typed_and_refuses_it() -> None:
    async with opened() as (app, pilot):
        await press(pilot, "5")
        await under(pilot, "ana")
        await press(pilot, "e")
        screen = app.screen
        assert isinstance(screen, FormScreen)
        for name, wrong, why in (
            ("static_ip", "10.64.3", "not an IPv4 address"), ("valid_until", "2026-13-01", "there is no such date"),
            ("profile", "golden", "no ppp profile of this name; gold"),
            ("username", "carmen", "billing has it already"),
            ("mac", "zz", "not a MAC address"), ("username", "", "is missing"),
        ):  # fmt: skip
            screen.table.go_to(name)
            await press(pilot, "enter")
            screen.box.value = wrong
            await press(pilot)
            assert f"✗ {why}" in told(app), text(app)
            await press(pilot, "enter")
            assert screen.box.value == wrong  # it stays to be mended
            await press(pilot, "escape")
        assert screen.draft.typed == {}


async def test_a_change_is_shown_before_it_is_saved_and_goes_to_billing() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "5")
        await under(pilot, "carmen")
        await press(pilot, "e")
        await filled(pilot, "profile", "gold")
        await filled(pilot, "comment", "moved house")
        assert "2 changes · not saved" in lines(app)[0]
        await press(pilot, "ctrl+s")
        assert isinstance(app.screen, SaveRow)
        assert "Save 2 changes to carmen?" in told(app)
        assert "silver → gold" in told(app)
        assert "the next pull writes its values over" in told(app)
        assert "edge-1: with the next sync" in told(app)
        await press(pilot, "n")
        assert services.asked == []
        await press(pilot, "ctrl+s", "y")
        assert isinstance(app.screen, BillingScreen)
    assert services.asked == [("change", "carmen")]
    (change,) = services.billing.written[0].changed
    assert [each.field for each in change.fields] == ["profile", "comment"]


async def test_a_password_is_never_shown_and_stays_unless_another_is_typed() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "5")
        await under(pilot, "ana")
        await press(pilot, "e")
        screen = app.screen
        assert isinstance(screen, FormScreen)
        screen.table.go_to("password")
        await press(pilot, "enter")
        assert screen.box.value == ""
        assert screen.box.password
        await press(pilot, "enter")
        assert screen.draft.typed == {}
        await filled(pilot, "password", "brand-new-hush")
        assert "brand-new-hush" not in told(app)
        assert "hush" not in repr(screen.draft)
        screen.table.go_to("password")
        await press(pilot, "enter")
        assert screen.box.value == ""  # not even what was typed a moment ago
        await press(pilot, "escape")
        await press(pilot, "ctrl+s")
        assert "(changed)" in told(app)
        assert "hush" not in told(app)
        await press(pilot, "y")
    assert services.billing.written[0].changed[0].after.password.get_secret_value() == "brand-new-hush"  # type: ignore[union-attr]  # a subscriber


async def test_a_new_subscriber_needs_a_name_and_a_profile() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "5", "N")
        assert "✗" not in told(app)  # nobody has done anything wrong yet
        await press(pilot, "ctrl+s")
        assert notices(app)[-1].severity == "error"
        assert "✗ is missing" in told(app)
        await filled(pilot, "username", "eva")
        await filled(pilot, "profile", "gold")
        await press(pilot, "ctrl+s")
        assert "Add subscriber eva?" in told(app)
        await press(pilot, "y")
    assert services.asked == [("add", "eva")]


async def test_a_choice_goes_round_and_changes_can_be_taken_back_and_unset() -> None:
    async with opened() as (app, pilot):
        await press(pilot, "5")
        await under(pilot, "pedro")
        await press(pilot, "e")
        screen = app.screen
        assert isinstance(screen, FormScreen)
        screen.table.go_to("status")
        await press(pilot, "enter")
        assert screen.draft.typed == {"status": "expired"}
        await press(pilot, "u")
        assert screen.draft.typed == {}
        await press(pilot, "delete")
        assert screen.draft.typed == {"status": "active"}
        screen.table.go_to("username")
        await press(pilot, "delete")
        assert "has no default" in notices(app)[-1].message


async def test_unsaved_changes_are_asked_about() -> None:
    async with opened() as (app, pilot):
        await press(pilot, "5")
        await under(pilot, "pedro")
        await press(pilot, "e")
        await filled(pilot, "comment", "x")
        await press(pilot, "escape")
        assert isinstance(app.screen, Discard)
        await press(pilot, "n")
        assert isinstance(app.screen, FormScreen)
        await press(pilot, "1", "y")
        assert isinstance(app.screen, FleetScreen)


async def test_hotspot_fields_come_with_the_kind() -> None:
    async with opened() as (app, pilot):
        await press(pilot, "5", "N")
        screen = app.screen
        assert isinstance(screen, FormScreen)
        assert "ppp_service" in told(app)
        screen.table.go_to("kind")
        await press(pilot, "enter")
        assert "hotspot_server" in told(app)
        assert "ppp_service" not in told(app)


async def test_a_profiles_rates_are_typed_as_people_say_them() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "5", "tab", "e")
        assert "20M" in told(app)
        await filled(pilot, "rate_down_bps", "25 Mbit/s")
        await filled(pilot, "session_timeout_s", "1h30m")
        await filled(pilot, "price_minor", "12,50")
        await press(pilot, "ctrl+s", "y")
    (change,) = services.billing.written[0].changed
    assert [(each.field, each.after) for each in change.fields] == [
        ("rate_down_bps", "25000000"), ("session_timeout_s", "5400"), ("price_minor", "1250"),
    ]  # fmt: skip


async def test_who_is_in_billing_already_is_not_added_over() -> None:
    async with opened() as (app, pilot):
        await press(pilot, "5", "N")
        screen = app.screen
        assert isinstance(screen, FormScreen)
        screen.table.go_to("username")
        await press(pilot, "enter", *"ana")
        assert "billing has it already, as c-0412" in told(app)


async def test_a_hotspot_name_that_is_taken_on_its_server_is_refused_before_anything_is_written() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "5", "N")
        screen = app.screen
        assert isinstance(screen, FormScreen)
        screen.table.go_to("kind")
        await press(pilot, "enter")
        await filled(pilot, "username", "plaza-cafe")
        await filled(pilot, "profile", "hour")
        await press(pilot, "ctrl+s")
        assert screen is app.screen
        assert "billing has it already, as c-0019" in told(app)
        await filled(pilot, "hotspot_server", "upstairs")
        await press(pilot, "ctrl+s")
        assert "Add subscriber plaza-cafe?" in told(app)
    assert services.asked == []


async def test_a_name_is_no_markup_where_it_must_be_typed() -> None:
    services = RecordedServices()
    odd = person(90, "x[/b] [red", protect=True)
    services.billing.books = replace(BOOKS, subscribers=(odd,))
    async with opened(services) as (app, pilot):
        await press(pilot, "5", "E")
        assert "type its name (x[/b] [red)" in told(app)
        app.screen.query_one("#name", Input).value = "x"
        await press(pilot, "enter", "escape", "e")
        await filled(pilot, "comment", "[/]")
        await press(pilot, "ctrl+s")
        assert isinstance(app.screen, SaveRow)
        assert "type his name (x[/b] [red)" in told(app)
        app.screen.query_one("#name", Input).value = "x"
        await press(pilot, "enter")
        assert "that is not his name" in told(app)
        app.screen.query_one("#name", Input).value = "x[/b] [red"
        await press(pilot, "enter")
    assert services.asked == [("change", "x[/b] [red")]
