"""What is read takes its time; once the rows are there, the keys move them: nobody has to click first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mktui.tui.widgets.long_table import LongTable
from tests.terminal.driving import look, only, opened, press, settle
from tests.terminal.pictured_billing import IMPORT, filed, unread
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_billing import BOOKS
from tests.terminal.recorded_syncs import READING, ROUTER, planned

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from mktui.tui.app import ControlRoom

pytestmark = pytest.mark.anyio


async def second_row(app: ControlRoom, pilot: Pilot[None]) -> bool:
    """Look, and press the key for the next row."""
    await look(pilot)
    await settle(pilot)
    await press(pilot, "j")
    return app.screen.query_one("#rows", LongTable).cursor_row == 1


async def test_a_plan_that_was_being_read_is_moved_in_with_keys() -> None:
    services = RecordedServices(will_plan={ROUTER: READING})
    async with opened(services) as (app, pilot):
        await only(pilot, "plaza")
        await press(pilot, "s")
        await settle(pilot)
        services.plans[ROUTER] = planned()
        assert await second_row(app, pilot)


async def test_billing_that_was_being_read_is_moved_in_with_keys() -> None:
    services = unread()
    async with opened(services) as (app, pilot):
        await press(pilot, "5")
        await settle(pilot)
        services.billing.books = BOOKS
        assert await second_row(app, pilot)


async def test_a_file_that_was_being_read_is_moved_in_with_keys() -> None:
    services = filed(None)()
    async with opened(services) as (app, pilot):
        await IMPORT(pilot)
        await settle(pilot)
        services.billing.reading = filed()().billing.ready  # type: ignore[attr-defined]  # a file that was read
        assert await second_row(app, pilot)
