"""How alerts look, as pictures that a person has looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mktui.monitor.snapshot import AlertsState
from mktui.tui.app import ControlRoom
from tests.terminal.recorded import RecordedServices, fleet
from tests.terminal.recorded_alerts import RECEIVERS, SILENCE, WEST, alerts
from tests.terminal.test_pictures import Compare, after

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")


def room(state: AlertsState | None, theme: str = "noc-dark") -> ControlRoom:
    """The fleet with these alerts."""
    return ControlRoom(RecordedServices(replace(fleet(), alerts=state)), theme=theme)


@SIZES
def test_the_alerts(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(room(alerts()), terminal_size=size, run_before=after("7"))


def test_the_alerts_in_a_light_theme(snap_compare: Compare) -> None:
    assert snap_compare(room(alerts(), "noc-light"), run_before=after("7", "j", "j"))


@SIZES
def test_the_fleet_says_that_something_fires(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(room(alerts()), terminal_size=size, run_before=after())


def test_nothing_is_wrong_and_all_are_well(snap_compare: Compare) -> None:
    assert snap_compare(room(AlertsState(receivers=RECEIVERS[:1])), run_before=after("7"))


def test_nobody_looks_and_nobody_is_told(snap_compare: Compare) -> None:
    assert snap_compare(room(None), run_before=after("7"))


def test_another_one_tells(snap_compare: Compare) -> None:
    state = replace(alerts(), problem="pid 4711 tells of alerts; this one takes over when it ends")
    assert snap_compare(room(state), run_before=after("7"))


def test_many_receivers_and_silences_leave_room_for_the_alerts(snap_compare: Compare) -> None:
    receivers = tuple(replace(RECEIVERS[number % 2], name=f"receiver-{number}") for number in range(9))
    silences = tuple(replace(SILENCE, id=str(number), router=f"tower-{number}") for number in range(9))
    state = replace(alerts(), receivers=receivers, silences=silences)
    assert snap_compare(room(state), run_before=after("7"))


def test_for_how_long_it_is_silenced_is_asked(snap_compare: Compare) -> None:
    assert snap_compare(room(alerts()), run_before=after("7", "M", "r"))


def test_whether_a_silence_ends_is_asked(snap_compare: Compare) -> None:
    assert snap_compare(room(AlertsState((WEST,), (SILENCE,), RECEIVERS)), run_before=after("7", "M"))
