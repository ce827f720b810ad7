"""What alerts look like besides their own screen, as pictures that a person has looked at."""

from __future__ import annotations

import pytest

from mktui.monitor.snapshot import AlertsState
from mktui.tui.app import ControlRoom
from tests.terminal.pictured import SIZES
from tests.terminal.pictured_alerts import telling
from tests.terminal.recorded_alerts import RECEIVERS, SILENCE, WEST, alerts
from tests.terminal.test_pictures import Compare, after


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_fleet_says_that_something_fires(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(ControlRoom(telling(alerts())()), terminal_size=size, run_before=after())


def test_whether_a_silence_ends_is_asked(snap_compare: Compare) -> None:
    services = telling(AlertsState((WEST,), (SILENCE,), RECEIVERS))()
    assert snap_compare(ControlRoom(services), run_before=after("7", "M"))
