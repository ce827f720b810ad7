"""A connection test: each step with its time, and what stopped it; a slow router is no dead one."""

from __future__ import annotations

import pytest

from mktui.core import PoolOptions
from mktui.errors import CommandTimeout
from mktui.simulator.cost import MODELS
from mktui.simulator.faults import ReplyFault
from mktui.simulator.profile import RouterProfile
from tests.virtual_time import backend
from tests.wiring import client_and_router

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    """Both loops, both with a clock that jumps when everybody waits."""
    return backend(request.param)


async def test_a_connection_test_of_a_slow_router_says_that_it_is_slow_and_not_that_it_is_away() -> None:
    slow = RouterProfile(latency=0.6, cost=MODELS["none"])
    async with client_and_router(PoolOptions(connection_timeout=2.0), slow) as (client, _):
        report = await client.test_connection()
    assert report.ok, report.verdict
    assert sum(step.took for step in report.steps) > 2
    assert report.round_trip == pytest.approx(0.6, abs=0.1)


async def test_a_router_that_lets_one_in_and_then_says_nothing_is_told_as_that() -> None:
    async with client_and_router(PoolOptions(connection_timeout=2.0)) as (client, router):
        router.faults.replies["/system/resource/print"] = ReplyFault.DONE_MISSING
        report = await client.test_connection()
    assert (report.steps[-1].name, report.steps[-1].ok) == ("version", False)
    assert isinstance(report.error, CommandTimeout)
    assert report.verdict.startswith("edge-1: /system/resource/print: no answer within 2.0 s")


async def test_a_connection_test_reports_each_step() -> None:
    async with client_and_router() as (client, router):
        report = await client.test_connection()
        assert report.ok
        names = "connect login identity version rights sessions"
        assert [step.name for step in report.steps] == [*names.split(), "round trip"]
        assert (report.identity, report.version) == ("edge-1", "7.20.8 (stable)")
        router.faults.is_down = True
        report = await client.test_connection()
        assert not report.ok
        assert (report.steps[-1].name, report.steps[-1].ok) == ("connect", False)
        assert "connection refused" in report.verdict
