"""How billing's screens look, as pictures that a person has looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from mktui.tui.app import ControlRoom
from mktui.tui.screens.billing_form import FormScreen
from tests.terminal.billing_driving import filled, under
from tests.terminal.driving import fleet_is_shown, look, press
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_billing import BOOKS, EMPTY, crowd
from tests.terminal.test_pictures import Compare, after

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from textual.pilot import Pilot

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
THEMES = pytest.mark.parametrize("theme", ["noc-dark", "noc-light"])
FILE = (
    "external_id,username,profile,status\nc-0412,ana,silver,active\nn-1,eva,gold,active\nn-2,tom,platinum,active\n"
    "n-3,ben,gold,sleeping\nn-4,rosa,silver,active\n"
)


@SIZES
def test_subscribers_trouble_first(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), terminal_size=size, run_before=after("5", "j", "space"))


@SIZES
def test_profiles_with_how_many_have_them(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), terminal_size=size, run_before=after("5", "tab"))


def test_subscribers_in_another_theme(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices(), theme="noc-light"), run_before=after("5"))


def test_a_filter_is_typed(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("5", "slash", *"edge"))


def test_nobody_is_in_billing_yet(snap_compare: Compare) -> None:
    services = RecordedServices()
    services.billing.books = EMPTY
    assert snap_compare(ControlRoom(services), run_before=after("5"))


def test_billing_is_being_read(snap_compare: Compare) -> None:
    services = RecordedServices()
    services.billing.books = None
    assert snap_compare(ControlRoom(services), run_before=after("5"))


@THEMES
def test_billing_cannot_be_read(snap_compare: Compare, theme: str) -> None:
    services = RecordedServices()
    services.billing.books = None
    services.billing.problem = "billing database /var/lib/mktui/billing.db: the file is damaged (restore a backup)"
    assert snap_compare(ControlRoom(services, theme=theme), run_before=after("5"))


def test_what_was_read_last_while_the_database_is_locked(snap_compare: Compare) -> None:
    services = RecordedServices()
    services.billing.problem = "billing database billing.db: another program is writing to it"
    services.billing.books = replace(BOOKS, read_at=BOOKS.read_at.replace(minute=30))
    assert snap_compare(ControlRoom(services, read_only=True), run_before=after("5"))


def test_suspending_one_names_the_router_and_the_source(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=at_row("carmen", "E"))


def test_suspending_many_wants_their_number(snap_compare: Compare) -> None:
    services = RecordedServices()
    services.billing.books = crowd(14)
    assert snap_compare(ControlRoom(services), run_before=after("5", *["space"] * 14, "E"))


def test_extending_several(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("5", "space", "space", "space", "X"))


@SIZES
def test_the_form_of_a_subscriber_with_an_error(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def drive(pilot: Pilot[None]) -> None:
        await at_row("carmen", "e")(pilot)
        await filled(pilot, "comment", "moved house")
        screen = pilot.app.screen
        assert isinstance(screen, FormScreen)
        screen.table.go_to("valid_until")
        await press(pilot, "enter")
        screen.box.value, screen.box.cursor_blink = "2026-13-01", False
        await press(pilot)

    assert snap_compare(ControlRoom(RecordedServices()), terminal_size=size, run_before=drive)


@THEMES
def test_the_form_of_a_profile(snap_compare: Compare, theme: str) -> None:
    keys = after("5", "tab", "e")
    assert snap_compare(ControlRoom(RecordedServices(), theme=theme), terminal_size=(80, 30), run_before=keys)


def test_a_new_subscriber_without_what_he_needs(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("5", "N", "ctrl+s"))


@SIZES
def test_a_change_is_shown_before_it_is_saved(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def drive(pilot: Pilot[None]) -> None:
        await at_row("carmen", "e")(pilot)
        await filled(pilot, "profile", "gold")
        await filled(pilot, "password", "another")
        await press(pilot, "ctrl+s")

    assert snap_compare(ControlRoom(RecordedServices()), terminal_size=size, run_before=drive)


@SIZES
def test_a_file_with_bad_lines(
    snap_compare: Compare, size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert snap_compare(ControlRoom(RecordedServices()), terminal_size=size, run_before=importing(tmp_path))


def test_a_file_that_is_being_written(snap_compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    services = RecordedServices()
    services.billing.holds = True
    assert snap_compare(ControlRoom(services), run_before=importing(tmp_path, "a", "y"))


@THEMES
def test_the_report_of_a_file(
    snap_compare: Compare, theme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert snap_compare(ControlRoom(RecordedServices(), theme=theme), run_before=importing(tmp_path, "a", "y"))


def test_a_file_that_is_not_there(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("5", "I", *"none.csv", "enter"))


def test_a_path_is_asked_for_in_one_line(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("5", "I", *"~/peo"))


def at_row(name: str, *keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Open screen 5, go to a row, press keys."""

    async def drive(pilot: Pilot[None]) -> None:
        pilot.app.animation_level = "none"
        await fleet_is_shown(pilot)
        await press(pilot, "5")
        await under(pilot, name)
        await press(pilot, *keys)

    return drive


def importing(folder: Path, *keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Read a file by its name alone, and press keys."""
    (folder / "people.csv").write_text(FILE)

    async def drive(pilot: Pilot[None]) -> None:
        await after("5", "I")(pilot)
        pilot.app.screen.query_one("#answer", Input).value = "people.csv"
        await press(pilot, "enter")
        await look(pilot)
        await press(pilot, *keys)

    return drive
