"""How the configuration's screen looks, as pictures that a person has looked at."""

from __future__ import annotations

import pytest

from mktui.tui.app import ControlRoom
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_configs import with_file
from tests.terminal.test_pictures import Compare, after

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
EDITED = ("6", "enter", "j", "enter", "1", "2", "enter", "j", "enter", "9", "enter", "escape")


@SIZES
def test_the_pages_of_a_configuration(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(ControlRoom(with_file()), terminal_size=size, run_before=after("6"))


@SIZES
def test_the_form_of_the_pool(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(ControlRoom(with_file()), terminal_size=size, run_before=after("6", "enter"))


@SIZES
def test_a_field_being_edited_with_its_error(snap_compare: Compare, size: tuple[int, int]) -> None:
    keys = after("6", "enter", "j", "j", "enter", "9", "enter", "k", "enter", "2")
    assert snap_compare(ControlRoom(with_file()), terminal_size=size, run_before=keys)


@SIZES
def test_the_difference_is_asked_about(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = ControlRoom(with_file())
    assert snap_compare(app, terminal_size=size, run_before=after(*EDITED, "ctrl+s"))


def test_a_router_and_its_own_pool(snap_compare: Compare) -> None:
    app = ControlRoom(with_file())
    assert snap_compare(app, terminal_size=(120, 40), run_before=after("e", filtered="plaza"))


def test_leaving_with_changes_is_asked_about(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(with_file()), run_before=after(*EDITED, "escape"))


def test_the_form_in_another_theme(snap_compare: Compare) -> None:
    keys = after("6", "enter", "j", "enter", "2")
    assert snap_compare(ControlRoom(with_file(), theme="noc-light"), run_before=keys)


def test_no_file_to_edit(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("6"))
