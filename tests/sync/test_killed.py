"""SYNC.md's scenarios 2 and 21 with real processes: a sync that is killed, and two that want one router."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest
from pydantic import SecretStr

from mktui import clock
from mktui.billing import journal, leases, ledger, registry
from mktui.billing.model import Subscriber
from mktui.core import open_client
from mktui.errors import LeaseLost
from mktui.simulator.router import SimulatedRouter
from mktui.sync.order import Order
from mktui.sync.run import Sync
from tests.sync.offices import (
    NEWEST,
    POOL,
    PROFILES,
    Calendar,
    Desk,
    customers,
    desk_at,
    office,
    router_options,
)
from tests.wiring import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
ROOT = Path(__file__).parents[2]
COUNT = 300


@asynccontextmanager
async def shared_desk(tmp_path: Path) -> AsyncIterator[tuple[Desk, list[str]]]:
    """Hold a router and a database that another process can use too; with the words that start one."""
    url = f"sqlite:///{tmp_path / 'billing.db'}"
    held = office(url)
    router = SimulatedRouter(NEWEST)
    try:
        async with anyio.create_task_group() as tasks:
            port = await tasks.start(router.serve_tcp, "127.0.0.1", 0)
            async with open_client(router_options("edge-1", port), POOL) as client:
                yield Desk(held, client, router), [sys.executable, "-m", "tests.sync.child", url, str(port)]
            tasks.cancel_scope.cancel()
    finally:
        held.store.close()


def started(words: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


async def ended(child: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    with anyio.fail_after(30):
        out, err = await anyio.to_thread.run_sync(child.communicate)
    return child.returncode, out.decode(), err.decode()


def at_write(at: Desk, number: int, act: Callable[[], None]) -> Callable[[], None]:
    """Do something at the router's so manieth written row from now; returns how to stop waiting for it."""
    left = number

    def hear(_row: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            act()

    stops = [at.router.tables[menu].listen(hear) for menu in ("/ppp/profile", "/ppp/secret")]

    def stop() -> None:
        for each in stops:
            each()

    return stop


async def kill_and_resume(at: Desk, words: list[str], number: int, calendar: Calendar) -> None:
    """Kill a sync at its so manieth row, resume it, and see that nothing is there twice or missing."""
    child = started(words)
    stop = at_write(at, number, lambda: os.kill(child.pid, signal.SIGKILL))
    code, _, err = await ended(child)
    stop()
    assert code == -signal.SIGKILL, err
    with pytest.raises(LeaseLost):
        await at.sync()  # its lease still stands
    calendar.advance(seconds=leases.EXPIRY + 1)
    resumed = await at.sync()
    assert resumed.is_done, resumed.to_json()
    found = [(row.values["name"], row.values["password"]) for row in at.router.tables["/ppp/secret"]]
    with at.office.store.begin() as connection:
        wanted = [each for each in ledger.read_subscribers(connection) if each.status != "deleted"]
        owned = registry.read(connection, at.name)
        assert not journal.open_rows(connection, at.name)
    assert sorted(found) == sorted((each.username, each.password.get_secret_value()) for each in wanted)
    assert sum(row.menu == "/ppp/secret" for row in owned) == len(wanted)
    assert (await at.plan()).is_empty


def edit(at: Desk, chance: random.Random) -> int:
    """Change a bit of everything, within the limits; returns how many rows that writes at least."""
    numbers = chance.sample(range(COUNT), 100)
    for number in numbers[:30]:
        at.change(f"c{number}", password=SecretStr(f"changed-{number}-hush"), mac="02:00:00:00:00:01")
    for number in numbers[30:50]:
        at.change(f"c{number}", username=f"renamed-{number}")
    for number in numbers[50:70]:
        at.change(f"c{number}", status="suspended")
    for number in numbers[70:80]:
        at.change(f"c{number}", status="deleted")
    at.save([Subscriber(external_id=f"n{number}", username=f"new-{number}", profile="basic",
                        password=SecretStr(f"new-{number}-hush")) for number in range(20)])  # fmt: skip
    return 100


async def _kill_once(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch, *, later: bool) -> None:
    chance = random.Random(f"{seed} kills")  # noqa: S311 - a moment, not cryptography
    calendar = Calendar(monkeypatch)
    async with shared_desk(tmp_path) as (at, words):
        at.save(customers(COUNT), PROFILES)
        most = COUNT
        if later:
            await at.sync()
            most = edit(at, chance)
        await kill_and_resume(at, words, chance.randint(1, most), calendar)


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("seed", range(3))
async def test_02_a_sync_killed_at_any_moment_is_resumed_and_does_nothing_twice(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch, *, later: bool
) -> None:
    await _kill_once(tmp_path, seed, monkeypatch, later=later)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(100, 150))
async def test_02_fifty_kills(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    await _kill_once(tmp_path, seed, monkeypatch, later=bool(seed % 2))


async def test_21_two_processes_never_write_to_one_router_at_once(tmp_path: Path) -> None:
    async with shared_desk(tmp_path) as (at, words):
        at.save(customers(COUNT), PROFILES)
        at.router.faults.slow["/ppp/secret/add"] = 0.02
        child = started(words)
        await until(lambda: at.router.commands["/ppp/secret/add"] > 0)
        sessions = at.router.sessions
        with pytest.raises(LeaseLost, match=f"process {child.pid} on"):
            await at.sync()
        assert at.router.sessions >= sessions
        code, out, err = await ended(child)
        assert code == 0, err
        assert json.loads(out)["applied"] == COUNT + len(PROFILES)
        assert at.router.commands["/ppp/secret/add"] == COUNT
        assert (await at.sync()).planned == 0


async def test_21_two_processes_that_start_together_leave_one_row_each(tmp_path: Path) -> None:
    async with shared_desk(tmp_path) as (at, words):
        at.save(customers(COUNT), PROFILES)
        at.router.faults.slow["/ppp/secret/add"] = 0.02
        children = [started(words) for _ in range(2)]
        results = [await ended(child) for child in children]
        assert sorted(code for code, _, _ in results) in ([0, 0], [0, 1]), results
        assert all("LeaseLost" in err for code, _, err in results if code)
        assert at.router.commands["/ppp/secret/add"] == COUNT
        assert (await at.plan()).is_empty


async def test_21_two_offices_on_one_database_take_turns(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'billing.db'}"
    ours, theirs = office(url), office(url)
    try:
        async with desk_at(ours, NEWEST) as at:
            at.save(customers(COUNT), PROFILES)
            refused: list[LeaseLost] = []

            async def sync(which: Sync) -> None:
                try:
                    await which.run(Order())
                except LeaseLost as error:
                    refused.append(error)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(sync, Sync(ours, at.client, "edge-1"))
                tasks.start_soon(sync, Sync(theirs, at.client, "edge-1"))
            assert len(refused) == 1
            assert at.router.commands["/ppp/secret/add"] == COUNT
            assert ours.installation == theirs.installation
            assert (await at.plan()).is_empty
    finally:
        ours.store.close()
        theirs.store.close()


async def test_who_was_not_heard_for_too_long_loses_his_router_and_sends_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = Calendar(monkeypatch)
    async with shared_desk(tmp_path) as (at, _words):
        at.save(customers(COUNT), PROFILES)

        def taken_over() -> None:
            calendar.advance(seconds=leases.EXPIRY + 1)
            taken = at.office.store.do(leases.acquire, at.name, "other", "elsewhere", 1, now=clock.utc_now())
            assert taken is not None
            assert taken.fence == 2

        at_write(at, 120, taken_over)
        with pytest.raises(LeaseLost, match="took it over"):
            await at.sync()
        written = at.router.commands["/ppp/secret/add"]
        assert 117 <= written <= 200, "the batch under way is the last"
        assert len(at.office.store.do(journal.open_rows, at.name)) == 0
        calendar.advance(seconds=leases.EXPIRY + 1)
        assert (await at.sync()).is_done
        assert at.router.commands["/ppp/secret/add"] == COUNT
