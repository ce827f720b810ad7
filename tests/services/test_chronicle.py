"""What services do is kept with who did it, and what goes wrong is in the error log at once."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import pytest

from mktui.core import PoolOptions
from mktui.errors import BillingError, CommandTrapped
from mktui.monitor import database
from mktui.monitor.history import History
from mktui.monitor.options import MonitorOptions
from mktui.services.fleet import Fleet, open_fleet
from mktui.services.router import RouterSetup
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.wiring import ROUTER, until, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]


@asynccontextmanager
async def fleet_of_one(history: History | None) -> AsyncIterator[Fleet]:
    """Hold a fleet of one simulated router."""
    async with anyio.create_task_group() as tasks:
        connect = wire(SimulatedRouter(RouterProfile(secrets=3)), tasks)
        async with open_fleet(
            [RouterSetup(ROUTER, PoolOptions(min_size=1), connect=connect)], history=history
        ) as fleet:
            await until(lambda: bool(fleet.snapshot().routers[0].pool.ready))
            yield fleet
        tasks.cancel_scope.cancel()


async def test_each_change_is_kept_with_its_outcome(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    async with fleet_of_one(History(path, MonitorOptions())) as fleet:
        await fleet.test("edge-1")
        await fleet.reset("edge-1")
        await fleet.sync("edge-1")
        with pytest.raises(BillingError):
            await fleet.hold("edge-1", "mast")
        await fleet.isolate("edge-1")
        await fleet.probe("edge-1")
    again = History(path, MonitorOptions())
    kept = await anyio.to_thread.run_sync(again.ask(database.read_audit).result)
    again.close()
    assert [each.what for each in reversed(kept)] == [
        "test", "reset pool", "sync (by hand)", "hold automatic syncs: mast", "isolate", "let back in"
    ]  # fmt: skip
    outcomes = {each.what: each.outcome for each in kept}
    assert outcomes["reset pool"] == "done"
    assert outcomes["hold automatic syncs: mast"] == "failed: there is no billing to sync from"
    assert "deferred: there is no billing" in outcomes["sync (by hand)"]
    assert {each.router for each in kept} == {"edge-1"}
    assert all(each.who and each.origin for each in kept)


@pytest.mark.parametrize("is_kept", [True, False], ids=["in a file", "in memory"])
async def test_what_a_router_refuses_is_in_the_error_log(is_kept: bool, tmp_path: Path) -> None:
    history = History(tmp_path / "monitor.db", MonitorOptions()) if is_kept else None
    async with fleet_of_one(history) as fleet:
        client = fleet.service("edge-1").client
        for _ in range(2):
            with pytest.raises(CommandTrapped):
                await client.add("/ppp/secret", {"name": "x", "profile": "nowhere"})
        (row,) = fleet.errors().rows
        assert (row.kind, row.command, row.repeats) == ("CommandTrapped", "/ppp/secret/add", 2)
        assert row.text == "input does not match any value of profile"
        assert fleet.errors() is fleet.errors(), "nothing new is the same object"
        remembered = fleet.errors()
        fleet.watch_errors()
        if is_kept:
            await until(lambda: fleet.errors() is not remembered)
        assert [(each.key, each.repeats) for each in fleet.errors().rows] == [(row.key, 2)]
        (event,) = (event for event in fleet.snapshot().routers[0].events if event.kind == "command failed")
        assert event.text == "/ppp/secret/add: input does not match any value of profile"
