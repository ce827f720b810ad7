"""What is coming, and what is done by itself next, on the fleet's screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest

from mktui.monitor.snapshot import Forecast, JobState
from mktui.tui.app import ControlRoom
from tests.terminal.driving import lines, opened, press
from tests.terminal.recorded import NOW, RecordedServices
from tests.terminal.test_pictures import Compare, after

if TYPE_CHECKING:
    from mktui.monitor.snapshot import Snapshot

pytestmark = pytest.mark.anyio
SOON: Final = Forecast("memory_percent", 71.0, 90.0, 2400.0, "likely")
LATER: Final = Forecast("p95", 0.2, 0.5, 5400.0, "possible")
JOBS: Final = (
    JobState("pool reset", "sunday 04:00", NOW + timedelta(hours=90)),
    JobState("sync", "hourly", NOW + timedelta(minutes=20)),
)
SAID: Final = " soon: router memory reaches 90 % in about 40 min (likely)"


class Warned(RecordedServices):
    """The same fleet; edge-2's memory leaks."""

    def snapshot(self) -> Snapshot:
        """Return it with what is coming."""
        found = super().snapshot()
        routers = tuple(
            replace(each, forecasts=(SOON, LATER)) if each.name == "edge-2" else each for each in found.routers
        )
        return replace(found, routers=routers, maintenance=JOBS)


async def test_the_soonest_warning_stands_under_the_router_it_is_of_and_no_other() -> None:
    async with opened(Warned()) as (app, pilot):
        assert SAID not in lines(app)
        await press(pilot, "G")
        assert SAID in lines(app)
        assert not any("p95 reaches" in line for line in lines(app))


async def test_the_next_job_is_told_where_there_is_room() -> None:
    async with opened(Warned(), size=(120, 40)) as (app, _):
        due = f"sync {JOBS[1].next_at.astimezone():%a %H:%M}"
        assert due in lines(app)[1]
    async with opened(Warned()) as (app, _):
        assert due not in lines(app)[1]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_warning_on_the_fleet(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(ControlRoom(Warned()), terminal_size=size, run_before=after("G"))
