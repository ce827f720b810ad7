"""The scenario with a database: green, and red where the router takes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mktui.simulator.faults import ReplyFault
from mktui.stability.report import Verdict
from tests.stability.grounds import SpoiltGround, played, told

if TYPE_CHECKING:
    from mktui.simulator.router import SimulatedRouter

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]


async def test_customers_reach_the_router_though_answers_get_lost() -> None:
    report = await played("sync")
    assert report.verdict is Verdict.PASSED, told(report)


async def test_a_router_that_refuses_rows_fails_it() -> None:
    def spoil(box: SimulatedRouter) -> None:
        box.faults.replies["/ppp/secret/add"] = ReplyFault.TRAPS
        box.faults.replies_left = None

    report = await played("sync", SpoiltGround(spoil))
    assert report.verdict is Verdict.FAILED, told(report)
