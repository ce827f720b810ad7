"""How the router's own screen looks, with percentiles over time and breaks, and what a command by hand shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mktui.errors import CommandTrapped
from mktui.tui.app import ControlRoom
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_console import RecordedConsole
from tests.terminal.test_config_pictures import SIZES
from tests.terminal.test_keys import ASK
from tests.terminal.test_pictures import Compare, after


@SIZES
@pytest.mark.parametrize("part", ["edge-1", "west"])
def test_percentiles_and_breaks(snap_compare: Compare, size: tuple[int, int], part: str) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), terminal_size=size, run_before=after("enter", filtered=part))


@pytest.mark.parametrize("theme", ["noc-light", "ansi"])
def test_the_router_in_other_themes(snap_compare: Compare, theme: str) -> None:
    keys = after("enter", filtered="plaza")
    assert snap_compare(ControlRoom(RecordedServices(), theme=theme), terminal_size=(120, 40), run_before=keys)


def test_a_router_of_which_nothing_is_known_yet(snap_compare: Compare) -> None:
    services = RecordedServices(charts={})
    assert snap_compare(ControlRoom(services), run_before=after("enter", filtered="edge-2"))


@SIZES
def test_the_rows_of_a_command(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), terminal_size=size, run_before=after(*ASK))


def test_a_command_is_typed_at_the_bottom(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("enter", "x"))


def test_a_write_is_asked_about(snap_compare: Compare) -> None:
    keys = after("x", *"ppp secret add name=ana password=hunter2", "enter", filtered="edge-2")
    assert snap_compare(ControlRoom(RecordedServices()), run_before=keys)


def test_what_the_router_refuses(snap_compare: Compare) -> None:
    refused = CommandTrapped("edge-2", path="/ppp/active/print", texts=("not enough permissions (9)",), category=None)
    services = RecordedServices(console=RecordedConsole(refuses=refused))
    assert snap_compare(ControlRoom(services), run_before=after(*ASK, filtered="edge-2"))


def test_an_answer_without_rows(snap_compare: Compare) -> None:
    services = RecordedServices(console=replace(RecordedConsole(), rows=()))
    assert snap_compare(ControlRoom(services), run_before=after(*ASK, filtered="edge-2"))
