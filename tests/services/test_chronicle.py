"""What services do is kept with who did it, and what goes wrong is in the error log at once."""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import pytest

from mktui import clock
from mktui.core import PoolOptions
from mktui.errors import BillingError, CommandTrapped
from mktui.monitor import database
from mktui.monitor.audit import Actor
from mktui.monitor.history import History
from mktui.monitor.options import MonitorOptions
from mktui.services import reading
from mktui.services.chronicle import log_of
from mktui.services.fleet import Fleet, open_fleet
from mktui.services.router import RouterSetup
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.terminal.recorded import events
from tests.terminal.recorded import fleet as recorded
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


@pytest.mark.parametrize("is_kept", [True, False], ids=["in a file", "in memory"])
async def test_who_changed_what_is_known_at_once_and_with_a_file_what_others_changed_too(
    is_kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "EVERY", 0.01)
    monkeypatch.setattr(reading, "OLD", 0.05)
    path = tmp_path / "monitor.db"
    async with fleet_of_one(History(path, MonitorOptions()) if is_kept else None) as fleet:
        await fleet.isolate("edge-1")
        assert [(each.what, each.outcome) for each in fleet.changes()] == [("isolate", "done")]
        assert fleet.changes() is fleet.changes(), "nothing new is the same object"
        if not is_kept:
            return
        fleet.watch_changes()
        await until(lambda: fleet.chronicle._changes.answer is not None)
        other = History(path, MonitorOptions())  # as mktui sync apply has one
        other.note(Actor("cron", "no terminal").did("sync", "edge-1", "41 applied", clock.utc_now()))
        await anyio.to_thread.run_sync(other.close)

        def both_are_known() -> bool:
            fleet.watch_changes()
            return {each.what for each in fleet.changes()} == {"isolate", "sync"}

        await until(both_are_known)
        known = fleet.changes()
        for _ in range(3):
            fleet.watch_changes()
            await anyio.sleep(0.06)
        assert fleet.changes() is known, "read again, and the same object as long as nothing is new"


def spoil(path: Path, how: str) -> None:
    """Put something where the file should be."""
    if how == "a folder":
        path.mkdir()
    elif how == "no database":
        path.write_bytes(b"what is this? " * 500)
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("newer", "it was made by a newer mktui"),
        ("no database", "it is no database"),
        ("a folder", "it cannot be opened"),
    ],
)
async def test_a_file_that_cannot_be_used_is_said_and_what_is_known_is_shown_all_the_same(
    how: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "monitor.db"
    spoil(path, how)
    async with fleet_of_one(History(path, MonitorOptions())) as fleet:
        with pytest.raises(CommandTrapped):
            await fleet.service("edge-1").client.add("/ppp/secret", {"name": "x", "profile": "nowhere"})
        await fleet.isolate("edge-1")
        fleet.watch_errors()
        fleet.watch_changes()
        await until(lambda: bool(fleet.errors().problem))
        assert said in fleet.errors().problem
        assert [row.kind for row in fleet.errors().rows] == ["CommandTrapped"]
        assert [each.what for each in fleet.changes()] == ["isolate"]


def test_a_recording_has_the_error_log_that_its_events_tell() -> None:
    told = log_of(recorded())
    assert [(row.router, row.kind, row.repeats) for row in told.rows][:4] == [
        ("hotspot-plaza", "Silent", 1), ("tower-west", "CircuitOpened", 1), ("tower-west", "ConnectFailed", 5),
        ("tower-west", "ConnectionLost", 1),
    ]  # fmt: skip
    assert sum(each.times for each in told.counts) == sum(row.repeats for row in told.rows)
    failed = replace(recorded().routers[0], events=events("edge-1", (9, "command failed", "/ppp/secret/add: no")))
    (row,) = log_of(replace(recorded(), routers=(failed,))).rows
    assert (row.kind, row.command, row.text) == ("CommandFailed", "/ppp/secret/add", "no")
