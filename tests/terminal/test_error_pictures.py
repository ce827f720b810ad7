"""How the error log and a diagnosis look, as pictures that a person has looked at."""

from __future__ import annotations

import pytest

from mktui.monitor.records import ErrorLog
from mktui.tui.app import ControlRoom
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_errors import log
from tests.terminal.test_pictures import Compare, after

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")


@SIZES
def test_the_error_log(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(ControlRoom(RecordedServices(log=log())), terminal_size=size, run_before=after("3"))


@SIZES
def test_an_error_log_with_nothing_in_it(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), terminal_size=size, run_before=after("3"))


def test_the_errors_of_one_router_and_a_hint(snap_compare: Compare) -> None:
    app = ControlRoom(RecordedServices(log=log()))
    assert snap_compare(app, run_before=after("l", "j", filtered="edge-1"))


def test_an_error_log_without_history(snap_compare: Compare) -> None:
    services = RecordedServices(log=log(problem="another program holds it"))
    assert snap_compare(ControlRoom(services), run_before=after("3"))


def test_the_error_log_filtered(snap_compare: Compare) -> None:
    app = ControlRoom(RecordedServices(log=log()))
    assert snap_compare(app, run_before=after("3", "slash", *"trapped"))


def test_the_error_log_in_a_light_theme(snap_compare: Compare) -> None:
    app = ControlRoom(RecordedServices(log=log()), theme="noc-light")
    assert snap_compare(app, run_before=after("3", "j", "j"))


@pytest.mark.parametrize("part", ["plaza", "west", "cerro", "edge-2"])
def test_a_diagnosis(snap_compare: Compare, part: str) -> None:
    assert snap_compare(ControlRoom(RecordedServices(log=log())), run_before=after("d", filtered=part))


def test_a_diagnosis_from_the_error_log(snap_compare: Compare) -> None:
    services = RecordedServices(log=ErrorLog(log().rows[:1]))
    assert snap_compare(ControlRoom(services), terminal_size=(120, 40), run_before=after("3", "d"))
