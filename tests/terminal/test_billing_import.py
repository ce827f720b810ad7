"""A CSV file is shown before it is written; bad lines are told and lose nothing of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from mktui.tui.screens.billing import BillingScreen
from mktui.tui.screens.importing import ImportScreen
from tests.terminal.billing_driving import told
from tests.terminal.driving import lines, look, notices, opened, press
from tests.terminal.recorded import RecordedServices

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

pytestmark = pytest.mark.anyio
FILE = (
    "external_id,username,profile,status\nc-0412,ana,silver,active\nn-1,eva,gold,active\nn-2,tom,platinum,active\n"
    "n-3,ben,gold,sleeping\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Four lines, two of them bad."""
    found = tmp_path / "people.csv"
    found.write_text(FILE)
    return found


async def imported(pilot: Pilot[None], file: Path) -> None:
    await press(pilot, "5", "I")
    pilot.app.screen.query_one("#answer", Input).value = str(file)
    await press(pilot, "enter")
    await look(pilot)


async def test_a_file_is_shown_with_its_bad_lines_first_and_written_after_a_question(file: Path) -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await imported(pilot, file)
        assert isinstance(app.screen, ImportScreen)
        assert "1 to add · 1 to change" in lines(app)[0]
        assert "✗ 2 bad lines" in lines(app)[0]
        shown = [line.split()[:3] for line in lines(app)[3:7]]
        assert shown == [
            ["✗", "line", "4"], ["✗", "line", "5"], ["~", "line", "2"], ["+", "line", "3"],
        ]  # fmt: skip
        assert "gold → silver" in told(app)
        await press(pilot, "F")
        assert "eva" not in told(app)
        await press(pilot, "F", "a")
        assert "Write 2 rows into billing from people.csv?" in told(app)
        assert "2 bad lines of the file are left out" in told(app)
        await press(pilot, "n")
        assert services.asked == []
        await press(pilot, "a", "y")
        assert "1 added · 1 changed" in lines(app)[0]
        assert "✗ line 4" in told(app)
        await press(pilot, "a")
        assert "written already" in notices(app)[-1].message
        await press(pilot, "escape")
        assert isinstance(app.screen, BillingScreen)
    assert services.asked == [("import", "people.csv")]


async def test_a_file_that_is_being_written_shows_how_far_it_is_and_is_found_again(file: Path) -> None:
    services = RecordedServices()
    services.billing.holds = True
    async with opened(services) as (app, pilot):
        await imported(pilot, file)
        await press(pilot, "a", "y")
        assert "1 of 2" in told(app)
        await press(pilot, "escape", "I")
        assert isinstance(app.screen, ImportScreen)
        await press(pilot, "a")
        assert "it is being written" in notices(app)[-1].message


async def test_no_path_reads_nothing() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "5", "I", "escape")
        assert isinstance(app.screen, BillingScreen)
    assert services.billing.reading is None
