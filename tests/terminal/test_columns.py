"""A file whose columns are called otherwise: a guess is shown with samples, changed, kept; nothing is read unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from mktui.tui.screens.columns import ColumnsView, FieldPick
from mktui.tui.screens.importing import ImportScreen
from tests.terminal.billing_driving import told
from tests.terminal.driving import lines, look, notices, opened, press, text
from tests.terminal.recorded import RecordedServices

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from mktui.tui.app import ControlRoom


FILE = (
    "Kunden-Nr.;Customer name;Pass;Paket;Gültig bis;Telefon\n"
    "n-1;eva.méndez;hush-1;gold;2027-01-31;0171 5550001\n"
    "n-2;tom;hush-2;silver;2027-02-28;0171 5550002\n"
    "n-3;ben;hush-3;gold;;0171 5550003\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three customers as another program exports them, from Windows."""
    found = tmp_path / "kunden.csv"
    found.write_bytes(FILE.encode("cp1252"))
    return found


async def named(pilot: Pilot[None], file: Path) -> None:
    await press(pilot, "5", "I")
    pilot.app.screen.query_one("#answer", Input).value = str(file)
    await press(pilot, "enter")
    await look(pilot)
    await press(pilot)


def column(app: ControlRoom, name: str) -> str:
    """One column's line."""
    (found,) = (line for line in lines(app) if line.strip()[2:].startswith(name))
    return found


@pytest.mark.anyio
async def test_a_guess_is_shown_with_samples_and_nothing_is_read_before_every_column_is_known(file: Path) -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await named(pilot, file)
        assert isinstance(app.screen, ColumnsView)
        assert "Windows-1252, columns apart by semicolons" in told(app)
        for name, field in (("Kunden-Nr.", "external_id"), ("Customer name", "username"), ("Paket", "profile"),
                            ("Gültig bis", "valid_until"), ("Pass", "password")):  # fmt: skip
            assert column(app, name).strip().startswith("~"), name
            assert field in column(app, name)
        assert "eva.méndez · tom · ben" in column(app, "Customer name")
        assert "? Telefon" in text(app)
        assert "hush" not in text(app)
        await press(pilot, "a")
        assert "not known yet: Telefon" in notices(app)[-1].message
        assert isinstance(app.screen, ColumnsView)
        assert services.billing.reading is not None
        assert services.billing.reading.shown is None


@pytest.mark.anyio
async def test_a_column_is_named_by_hand_another_passed_over_and_the_file_read_so(file: Path) -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await named(pilot, file)
        await press(pilot, "G", "minus")
        assert "(passed over)" in column(app, "Telefon")
        await press(pilot, "g", "j", "enter")
        assert isinstance(app.screen, FieldPick)
        assert "eva.méndez · tom · ben" in text(app)
        assert "now Paket" in " ".join(text(app).split())
        await press(pilot, "G", "k", "enter")
        assert "comment" in column(app, "Customer name")
        await press(pilot, "a")
        assert "column username is missing" in notices(app)[-1].message
        await press(pilot, "e", "escape")
        assert "comment" in column(app, "Customer name"), "esc leaves it as it was"
        await press(pilot, "enter", "g", "j", "j", "enter", "a")
        assert isinstance(app.screen, ImportScreen)
        assert "3 to add" in lines(app)[0]
        assert "Windows-1252" in lines(app)[1]
        await press(pilot, "e")
        assert isinstance(app.screen, ColumnsView)
        assert column(app, "Paket").strip().startswith("●"), "what was said is no guess any more"
        await press(pilot, "escape", "a", "y", "e")
        assert not isinstance(app.screen, ColumnsView), "it is written"


@pytest.mark.anyio
async def test_who_leaves_the_question_reads_nothing_and_finds_it_again(file: Path) -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await named(pilot, file)
        await press(pilot, "escape")
        assert isinstance(app.screen, ImportScreen)
        await look(pilot)
        assert "It has to be said which column is which" in told(app)
        await press(pilot, "a")
        assert isinstance(app.screen, ColumnsView)
        await press(pilot, "escape", "e")
        assert isinstance(app.screen, ColumnsView)
        await press(pilot, "escape", "escape")
    assert services.asked == []
