"""Hundreds of marked commands at once against a router behind a bad network, and what must be true afterwards.

Every row is marked, so an answer that reaches the wrong caller is seen; every write is marked, so one that was done
twice is seen in the simulator's tables.
"""

from __future__ import annotations

import itertools
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from pydantic import SecretStr

from mktui import clock
from mktui.core import Client, Command, Key, PoolOptions, Priority, RouterOptions, open_client
from mktui.core.pool.job import Outcome, Status
from mktui.errors import ConnectFailed, RouterError
from mktui.simulator.profile import RouterProfile
from mktui.simulator.proxy import FaultProxy
from mktui.simulator.router import SimulatedRouter
from mktui.simulator.streams import byte_stream_pair

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from anyio.abc import ByteStream, TaskGroup

    from mktui.core.connection.transport import Connect

ROWS = 60
OPTIONS = PoolOptions(
    min_size=2, max_size=3, circuit_breaker_threshold=3, circuit_breaker_timeout=4, command_timeout=6,
    acquire_timeout=6, connection_timeout=5, retry_delay=0.2, max_retry_delay=1, health_check_interval=3,
)  # fmt: skip


@dataclass
class Bench:
    """A client, its router, and the network between them."""

    client: Client
    router: SimulatedRouter
    proxy: FaultProxy
    wrong: list[str] = field(default_factory=list)
    """Answers that reached somebody else, and answers that came late."""
    outcomes: Counter[str] = field(default_factory=Counter)
    added: dict[str, Outcome] = field(default_factory=dict)
    _serial: Iterator[int] = field(default_factory=itertools.count)

    async def storm(self, commands: int, timeout: float) -> None:
        """Run marked commands side by side to their ends."""
        ids = [row.row_id for row in self.router.tables["/ppp/secret"]]
        async with anyio.create_task_group() as tasks:
            for number in range(commands):
                if number % 3 == 0:
                    tasks.start_soon(self._add, f"new-{next(self._serial)}", timeout)
                elif number % 3 == 1:
                    tasks.start_soon(self._set, ids[number % ROWS], str(number), timeout)
                else:
                    tasks.start_soon(self._read, number, timeout)

    def check(self) -> None:
        """Say that nothing wrong happened: no foreign answer, no late one, no double write, no outcome that lies."""
        assert not self.wrong, self.wrong
        table = self.router.tables["/ppp/secret"]
        for name, outcome in self.added.items():
            found = len(table.named(name))
            assert found <= 1, f"{name} was added {found} times"
            if outcome.status is not Status.UNKNOWN:
                assert found == outcome.ok, f"{name}: {outcome.status.value}, and it is there {found} times"
        assert self.router.peak_sessions <= self.client.options.max_size
        assert not any(link.jobs for link in self.client._pool.dispatcher.roster), "a slot leaked"

    async def _read(self, number: int, timeout: float) -> None:
        name = f"mark-{number % ROWS}"
        begun_at = clock.now()
        priority = Priority(number % 4)
        try:
            rows = await self.client.get(
                "/ppp/secret", ("name", "caller-id"), Key("name") == name, max_age=0, timeout=timeout, priority=priority
            )
        except RouterError as error:
            self.outcomes[type(error).__name__] += 1
        else:
            self.outcomes["read"] += 1
            if rows != [{"name": name, "caller-id": f"id-{name}"}]:
                self.wrong.append(f"{name} got {rows}")
        self._in_time("read", begun_at, timeout)

    async def _add(self, name: str, timeout: float) -> None:
        begun_at = clock.now()
        command = Command("/ppp/secret/add", {"name": name, "caller-id": f"id-{name}"})
        [outcome] = await self.client.execute_batch([command], timeout=timeout)
        self.added[name] = outcome
        self.outcomes[f"add {outcome.status.value}"] += 1
        if outcome.ok:
            row = self.router.tables["/ppp/secret"].find(outcome.ret or "")
            if row is None or row.values["name"] != name:
                self.wrong.append(f"{name} was told {outcome.ret}")
        self._in_time("add", begun_at, timeout)

    async def _set(self, row_id: str, mark: str, timeout: float) -> None:
        begun_at = clock.now()
        command = Command("/ppp/secret/set", {".id": row_id, "comment": mark})
        [outcome] = await self.client.execute_batch([command], timeout=timeout)
        self.outcomes[f"set {outcome.status.value}"] += 1
        self._in_time("set", begun_at, timeout)

    def _in_time(self, what: str, begun_at: float, timeout: float) -> None:
        late = clock.now() - begun_at - timeout
        if late > 0.5:
            self.wrong.append(f"a {what} was answered {late:.2f} s after its deadline")


@asynccontextmanager
async def bench(options: PoolOptions = OPTIONS, profile: RouterProfile | None = None) -> AsyncIterator[Bench]:
    """Hold a client and its marked router, with a proxy between them, for the block."""
    router = SimulatedRouter(profile or RouterProfile(secrets=0, latency=0.01))
    for number in range(ROWS):
        name = f"mark-{number}"
        router.tables["/ppp/secret"].add({"name": name, "caller-id": f"id-{name}", "comment": "", "disabled": "false"})
    async with anyio.create_task_group() as tasks:

        async def dial() -> ByteStream:
            ours, theirs = byte_stream_pair()
            tasks.start_soon(router.serve, theirs)
            return ours

        proxy = FaultProxy(dial)
        address = RouterOptions(name="edge-1", host="127.0.0.1", username="admin", password=SecretStr("secret"))
        async with open_client(address, options, connect=_through(proxy, router, tasks)) as client:
            yield Bench(client, router, proxy)
        tasks.cancel_scope.cancel()


def _through(proxy: FaultProxy, router: SimulatedRouter, tasks: TaskGroup) -> Connect:
    async def connect(options: RouterOptions) -> ByteStream:
        await anyio.lowlevel.checkpoint()
        if router.faults.is_down or clock.now() < router.down_until:
            raise ConnectFailed(options.name, address=options.address, reason="connection refused")
        ours, theirs = byte_stream_pair()
        tasks.start_soon(proxy.serve, theirs)
        return ours

    return connect
