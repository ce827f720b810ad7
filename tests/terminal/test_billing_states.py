"""Screen 5 without billing, with a broken one, read-only, in a recording, in the demo, with a crowd."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import anyio
import pytest

from mktui.billing.model import SubscriberStatus
from mktui.errors import DatabaseUnavailable
from mktui.services.demo import open_demo
from mktui.services.replay import Replay
from mktui.tui.app import ControlRoom
from mktui.tui.screens.billing import BillingScreen
from mktui.tui.screens.billing_form import FormScreen
from tests.terminal.billing_driving import filled, names, row, told, under
from tests.terminal.driving import fleet_is_shown, lines, look, notices, opened, press
from tests.terminal.recorded import RecordedServices, fleet
from tests.terminal.recorded_billing import BOOKS, EMPTY, crowd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.text import Text

    from mktui.services.books import Row

pytestmark = pytest.mark.anyio
BY_TROUBLE = [
    "maria.lopez", "jose.garcia", "ana", "carmen", "tower-family", "luis-03", "vanished", "pedro", "plaza-cafe",
    "school-north", "old-customer",
]  # fmt: skip


async def test_an_empty_billing_says_what_to_do() -> None:
    services = RecordedServices()
    services.billing.books = EMPTY
    async with opened(services) as (app, pilot):
        await press(pilot, "5")
        assert "Nobody is in billing yet" in told(app)
        for key in ("enter", "E", "X", "D", "space"):
            await press(pilot, key)
            assert isinstance(app.screen, BillingScreen)
        await press(pilot, "N")
        assert isinstance(app.screen, FormScreen)


async def test_what_is_known_stays_with_its_age_when_the_database_is_locked() -> None:
    services = RecordedServices()
    services.billing.problem = "billing database b.db: another program is writing to it"
    services.billing.books = replace(BOOKS, read_at=BOOKS.read_at.replace(minute=30))
    async with opened(services) as (app, pilot):
        await press(pilot, "5")
        assert names(app) == BY_TROUBLE
        assert "▲ as of 10m ago: billing database b.db: another program is writing to it" in told(app)
        services.billing.books = None
        await look(pilot)
        assert "▲ billing cannot be read" in told(app)
        assert "tried again" in told(app)
        services.billing.problem = ""
        await look(pilot)
        assert "reading billing …" in told(app)


@pytest.mark.parametrize("key", ["E", "X", "D", "N", "I", "u"])
async def test_read_only_changes_nothing(key: str) -> None:
    services = RecordedServices()
    async with opened(services, read_only=True) as (app, pilot):
        await press(pilot, "5", key)
        assert isinstance(app.screen, BillingScreen)
        assert "refused, this is read-only" in notices(app)[-1].message
    assert services.asked == []


async def test_read_only_shows_a_form_and_does_not_save_it() -> None:
    services = RecordedServices()
    async with opened(services, read_only=True) as (app, pilot):
        await press(pilot, "5", "e")
        await filled(pilot, "comment", "x")
        await press(pilot, "ctrl+s")
        assert isinstance(app.screen, FormScreen)
        assert "refused, this is read-only" in notices(app)[-1].message
    assert services.asked == []


async def test_a_recording_has_no_billing_and_says_so() -> None:
    async with opened(cast("RecordedServices", Replay([fleet()]))) as (app, pilot):
        await press(pilot, "5")
        assert "this is a recording" in told(app)
        for key in ("E", "N", "I", "u", "D"):
            await press(pilot, key)
            assert isinstance(app.screen, BillingScreen)
            assert "nothing can be changed: this is a recording" in notices(app)[-1].message


async def test_a_change_that_billing_refuses_is_told() -> None:
    services = RecordedServices(refuses=DatabaseUnavailable("it is locked", database="sqlite"))
    async with opened(services) as (app, pilot):
        await press(pilot, "5")
        await under(pilot, "carmen")
        for keys in (("E", "y"), ("X", "7")):
            await press(pilot, *keys)
            assert notices(app)[-1].severity == "error"
            assert "it is locked" in notices(app)[-1].message


async def test_twenty_thousand_rows_draw_only_what_is_seen() -> None:
    services = RecordedServices()
    services.billing.books = crowd(20_000)
    async with opened(services) as (app, pilot):
        await press(pilot, "5")
        screen = app.screen
        assert isinstance(screen, BillingScreen)
        drawn: list[object] = []
        draw = screen.table._draw

        def counted(row: Row) -> Mapping[str, Text] | Text:
            drawn.append(row)
            return draw(row)

        screen.table._draw = counted
        await press(pilot, "G")
        assert "20,000 subscribers" in lines(app)[1]
        assert 0 < len(drawn) < 200
        ordered = screen.table.rows
        await look(pilot)
        assert screen.table.rows is ordered  # nothing has changed: nothing is sorted again


@pytest.mark.realtime
async def test_in_the_demo_customers_have_an_end_and_are_suspended_extended_and_taken_back() -> None:
    async with open_demo() as fleet:
        app = ControlRoom(fleet)
        async with app.run_test(size=(110, 40), notifications=True) as pilot:
            await fleet_is_shown(pilot)

            async def until(said: str) -> None:
                with anyio.fail_after(30):
                    while said not in told(app):
                        await anyio.sleep(0.05)
                        await look(pilot)

            await press(pilot, "5")
            await until("50 subscribers")
            await press(pilot, "slash", *"demo-001", "enter", "X", "7")
            await until("takes back: extend demo-001 by 7 days")
            await press(pilot, "E", "y")
            await until("⊘ suspended")
            await press(pilot, "u", "y")
            await until("takes back: extend demo-001")
            assert "● active" in row(app, "demo-001")
            books = fleet.billing.books
            assert books is not None
            assert all(each.valid_until is not None for each in books.subscribers)
            assert {each.status for each in books.subscribers} == {
                SubscriberStatus.ACTIVE, SubscriberStatus.SUSPENDED,
            }  # fmt: skip
