"""What is coming, and what is done by itself next, on the fleet's screen."""

from __future__ import annotations

from typing import Final

import pytest

from tests.terminal.driving import lines, opened, press
from tests.terminal.pictured_routers import JOBS, warned

pytestmark = pytest.mark.anyio
SAID: Final = " soon: router memory reaches 90 % in about 40 min (likely)"


async def test_the_soonest_warning_stands_under_the_router_it_is_of_and_no_other() -> None:
    async with opened(warned()) as (app, pilot):
        assert SAID not in lines(app)
        await press(pilot, "G")
        assert SAID in lines(app)
        assert not any("p95 reaches" in line for line in lines(app))


async def test_the_next_job_is_told_where_there_is_room() -> None:
    async with opened(warned(), size=(120, 40)) as (app, _):
        due = f"sync {JOBS[1].next_at.astimezone():%a %H:%M}"
        assert due in lines(app)[1]
    async with opened(warned()) as (app, _):
        assert due not in lines(app)[1]
