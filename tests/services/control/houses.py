"""A house for the tests: one simulated router with a fleet that serves it at a socket, billing, and its audit."""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio

from mktui.config.load import load
from mktui.monitor.history import History
from mktui.monitor.options import MonitorOptions
from mktui.services.control.attached import AttachedFleet
from mktui.services.control.badges import Badges
from mktui.services.control.client import ControlLink, open_link
from mktui.services.control.dialling import Target
from mktui.services.control.events import EventRow
from mktui.services.control.place import claimed
from mktui.services.control.server import ControlServer
from mktui.services.fleet import Fleet, open_fleet
from mktui.services.router import RouterSetup
from mktui.simulator.router import SimulatedRouter
from mktui.sync.options import SyncOptions
from tests.sync.offices import EMPTY, PROFILES, Desk, customers, office
from tests.wiring import ROUTER, until, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mktui.sync.run import Office

POOL = "[pool]\nmin_size = 1\nmax_size = 2\n\n"
CONFIG = f'{POOL}[[routers]]\nname = "edge-1"\nhost = "127.0.0.1"\npassword = {{ env = "EDGE_1" }}\n'


@dataclass
class House:
    """What a test holds."""

    folder: Path
    fleet: Fleet
    router: SimulatedRouter
    server: ControlServer
    badges: Badges
    said: list[str] = field(default_factory=list)

    @property
    def socket(self) -> Path:
        """Where it is asked."""
        return self.folder / "control.sock"

    @asynccontextmanager
    async def link(self, **facts: Any) -> AsyncIterator[ControlLink]:
        """Be connected for the block."""
        target = Target(self.socket)
        async with target.dial(first=True) as stream, open_link(stream, str(target), **facts) as link:
            yield link

    @asynccontextmanager
    async def attached(self, **facts: Any) -> AsyncIterator[AttachedFleet]:
        """Have a fleet that is this one, from afar."""
        async with anyio.create_task_group() as tasks:
            fleet = AttachedFleet(Target(self.socket), tasks, **facts)
            await tasks.start(fleet.run)
            yield fleet
            tasks.cancel_scope.cancel()

    def audit(self) -> list[tuple[str, str, str, str]]:
        """Return who did what to whom, and how it ended; ask once the fleet is closed."""
        connection = sqlite3.connect(self.folder / "monitor.db")
        try:
            return connection.execute("select who, origin, what, outcome from audit order by rowid").fetchall()
        finally:
            connection.close()


@asynccontextmanager
async def house(
    folder: Path, *, count: int = 5, may_write: bool = True, is_protected: bool = False
) -> AsyncIterator[House]:
    """Run it for the block."""
    file = folder / "config.toml"
    file.write_text(CONFIG, encoding="utf-8")
    held = office(f"sqlite:///{folder / 'billing.db'}", folder=folder / "prints", options=SyncOptions())
    router, events, said = SimulatedRouter(EMPTY), EventRow(), list[str]()
    Desk(held, None, router).save(customers(count), PROFILES)  # type: ignore[arg-type]  # no client is needed

    async def opened() -> Office:
        await anyio.lowlevel.checkpoint()
        return held

    async with anyio.create_task_group() as tasks:
        setup = RouterSetup(ROUTER, load(file).config.pool, is_protected, wire(router, tasks))
        history = History(folder / "monitor.db", MonitorOptions())
        async with open_fleet([setup], open_office=opened, on_event=events.heard, history=history) as fleet:
            fleet.config_file = file
            with claimed(folder / "control.sock"):
                badges = Badges()
                server = ControlServer(
                    fleet, folder / "control.sock", events, may_write=may_write, badges=badges, say=said.append
                )
                async with anyio.create_task_group() as serving:
                    await serving.start(server.run)
                    await until(lambda: fleet.snapshot().routers[0].pool.ready > 0)
                    yield House(folder, fleet, router, server, badges, said)
                    serving.cancel_scope.cancel()
        tasks.cancel_scope.cancel()
