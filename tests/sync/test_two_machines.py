"""Two machines on one PostgreSQL share three routers by leases; when one is killed, the other takes over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from mktui.billing import journal, leases
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.billing import servers
from tests.sync.offices import PROFILES, Desk, customers, office
from tests.wiring import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from mktui.billing.records import Lease, RunRecord
    from mktui.sync.run import Office

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
ROOT = Path(__file__).parents[2]
NAMES = ("edge-1", "edge-2", "edge-3")
COUNT = 120
ADD = "/ppp/secret/add"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.postgresql(tmp_path_factory) as found:
        yield found


@dataclass
class Machines:
    """Three routers, the database, and the processes that share them."""

    held: Office
    routers: list[SimulatedRouter]
    processes: list[subprocess.Popen[str]]

    def holders(self) -> dict[str, int]:
        """Return which process holds each router now."""
        found = {name: self.held.store.do(leases.find, name) for name in NAMES}
        return {name: lease.pid for name, lease in found.items() if lease is not None and lease.owner}

    def lease(self, name: str) -> Lease:
        found = self.held.store.do(leases.find, name)
        assert found is not None
        return found

    def runs(self, name: str) -> list[RunRecord]:
        """Return a router's runs, the first one first."""
        return sorted(self.held.store.do(journal.runs_of, name, limit=100), key=lambda run: run.begun_at)

    def passwords(self, number: int) -> list[tuple[str, str]]:
        rows = self.routers[number].tables["/ppp/secret"]
        return sorted((row.values["name"], row.values["password"]) for row in rows)


def started(words: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@asynccontextmanager
async def machines(url: str) -> AsyncIterator[Machines]:
    held = office(url)
    routers = [SimulatedRouter(RouterProfile(name=name, secrets=0, online=0, serial=f"S{name}")) for name in NAMES]
    Desk(held, None, routers[0]).save(customers(COUNT), PROFILES)  # type: ignore[arg-type]  # no client is needed
    for router in routers:
        router.faults.slow[ADD] = 0.1
    with ExitStack() as ended:
        ended.callback(held.store.close)
        async with anyio.create_task_group() as tasks:
            ports = [str(await tasks.start(router.serve_tcp, "127.0.0.1", 0)) for router in routers]
            words = [sys.executable, "-m", "tests.sync.machine", url, *ports]
            processes = [started(words) for _ in range(2)]
            for process in processes:
                ended.enter_context(process)
                ended.callback(process.kill)
            yield Machines(held, routers, processes)
            tasks.cancel_scope.cancel()


async def test_routers_are_shared_and_those_of_a_machine_that_is_killed_are_taken_over(url: str) -> None:
    async with machines(url) as at:
        await until(lambda: len(at.holders()) == len(NAMES) and all(router.commands[ADD] > 5 for router in at.routers))
        holders = at.holders()
        pids = {process.pid for process in at.processes}
        assert set(holders.values()) <= pids
        victim = at.processes[0] if at.processes[0].pid in holders.values() else at.processes[1]
        (survivor,) = pids - {victim.pid}
        os.kill(victim.pid, signal.SIGKILL)
        killed_at = {name: at.lease(name) for name, pid in holders.items() if pid == victim.pid}
        assert killed_at, "it held something"
        for router in at.routers:
            router.faults.slow.clear()

        wanted = sorted((each.username, each.password.get_secret_value()) for each in customers(COUNT))
        await until(lambda: all(at.passwords(number) == wanted for number in range(3)))
        await until(lambda: not at.holders())
        for name, before in killed_at.items():
            assert at.lease(name).pid == survivor
            assert at.lease(name).fence > before.fence
        for number, name in enumerate(NAMES):
            assert at.routers[number].commands[ADD] == COUNT, "nothing was sent twice"
            assert not at.held.store.do(journal.open_rows, name)
            for earlier, later in pairwise(at.runs(name)):
                assert earlier.finished_at is None or earlier.finished_at <= later.begun_at, "never two at once"

        Desk(at.held, None, at.routers[0]).save(customers(COUNT + 1)[COUNT:])  # type: ignore[arg-type]
        await until(lambda: all(len(at.passwords(number)) == COUNT + 1 for number in range(3)))
