"""Billing onto a router: rows a second, beside the same writes sent one by one, and beside what the router can do."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
from librouteros import async_connect
from pydantic import SecretStr

from mktui import clock
from mktui.billing import ledger
from mktui.billing.model import Profile, Subscriber
from mktui.billing.store import Store
from mktui.core import PoolOptions, open_client
from mktui.sync.digests import Digests
from mktui.sync.mapping import MANAGED_MENUS, desired
from mktui.sync.mirror import Live
from mktui.sync.options import SyncOptions
from mktui.sync.order import Order
from mktui.sync.planner import Wishes, make_plan
from mktui.sync.run import Office, Sync
from tests.benchmarks.measure import Line
from tests.benchmarks.reading import router_on

if TYPE_CHECKING:
    from collections.abc import Iterator

POOL: Final = PoolOptions()
PROFILES: Final = tuple(
    Profile(external_id=f"p{index}", name=f"plan-{index:02}", rate_down_bps=(index + 1) * 10**7, rate_up_bps=10**7)
    for index in range(20)
)


def _customers(count: int) -> list[Subscriber]:
    return [
        Subscriber(external_id=f"c{index}", username=f"user-{index:05}", password=SecretStr(f"pw-{index}"),
                   profile=PROFILES[index % 20].name)
        for index in range(count)
    ]  # fmt: skip


@contextmanager
def _router(*words: str) -> Iterator[int]:
    command = [sys.executable, "-m", "mktui", "simulate", "--secrets", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["port"]
        finally:
            process.kill()


@contextmanager
def _office(count: int) -> Iterator[Office]:
    """Hold billing in a file, as an operator has it, with so many customers."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(f"sqlite:///{folder}/billing.db")
        with store.begin() as connection:
            for profile in PROFILES:
                ledger.save_profile(connection, profile, now=clock.utc_now())
            for subscriber in _customers(count):
                ledger.save_subscriber(connection, subscriber, now=clock.utc_now())
        # as fast as the router can: what its CPU may bear is another question than what we can send
        options = SyncOptions(cpu_limit_percent=100)
        yield Office(store, Digests(b"k" * 32), options, store.installation(), Path(folder) / "prints")
        store.close()


async def _sync(office: Office, port: int) -> tuple[int, float]:
    """Return how many rows were written, and in how many seconds, reading and journal included."""
    async with open_client(router_on(port), POOL) as client:
        await client.get("/system/identity")
        begun = time.perf_counter()
        report = await Sync(office, client, "edge-1").run(Order())
        assert report.is_done, report.to_json()
        return report.planned, time.perf_counter() - begun


async def _one_by_one(port: int, count: int) -> float:
    """Return rows a second: the same writes, each sent when the one before is answered."""
    api = await async_connect(host="127.0.0.1", username="admin", password="secret", port=port)
    begun = time.perf_counter()
    for index in range(count):
        words = {"name": f"user-{index:05}", "password": f"pw-{index}", "profile": "default", "service": "pppoe"}
        await api.path("/ppp/secret").add(**words, comment="[mktui:00000000-0000000000000000]", disabled="no")
    rate = count / (time.perf_counter() - begun)
    await api.close()
    return rate


def syncing(*, quick: bool) -> list[Line]:
    """Fill empty routers, look at a full one, and weigh a plan."""
    count, sample, many, weight = (200, 50, 400, 500) if quick else (10_000, 1_000, 20_000, 50_000)
    return [*_against_one_by_one(count, sample), *_against_the_router(count), _no_change(many), _memory(weight)]


def _against_one_by_one(count: int, sample: int) -> list[Line]:
    lines = []
    for name, words, target in (("5 ms a command", ("--latency-ms", "5"), 5.0), ("no cost", (), 0.0)):
        with _router(*words) as port:
            theirs = asyncio.run(_one_by_one(port, sample))
        with _router(*words) as port, _office(count) as office:
            rows, seconds = anyio.run(_sync, office, port)
        ratio = rows / seconds / theirs
        work = f"{count:,} subscribers onto an empty router, {name}, against librouteros one by one"
        lines.append(
            Line(work, f"{rows / seconds:,.0f} rows/s", f"{theirs:,.0f} rows/s", ratio,
                 f">= {target:g}x" if target else "–", ratio >= target if target else None, 1)
        )  # fmt: skip
    return lines


def _against_the_router(count: int) -> list[Line]:
    with _router("--model", "rb5009") as port:
        limit = asyncio.run(_most(port, count // 5))
    with _router("--model", "rb5009") as port, _office(count) as office:
        rows, seconds = anyio.run(_sync, office, port)
    ratio = rows / seconds / limit
    work = f"{count:,} subscribers onto an rb5009, against what its five sessions can take"
    return [Line(work, f"{rows / seconds:,.0f} rows/s", f"{limit:,.0f} rows/s", ratio, ">= 0.8", ratio >= 0.8, 1)]


async def _most(port: int, count: int) -> float:
    """Return the adds a second that the model takes on five sessions which have always something to do."""
    apis = [await async_connect(host="127.0.0.1", username="admin", password="secret", port=port) for _ in range(5)]
    waiting = iter(range(count))

    async def work(api: object) -> None:
        for index in waiting:
            path = api.path("/ppp/secret")  # type: ignore[attr-defined]  # librouteros ships no types
            await path.add(name=f"most-{index:05}", password="x", profile="default")

    begun = time.perf_counter()
    await asyncio.gather(*(work(api) for api in apis))
    rate = count / (time.perf_counter() - begun)
    for api in apis:
        await api.close()
    return rate


def _no_change(count: int) -> Line:
    with _router() as port, _office(count) as office:
        anyio.run(_sync, office, port)
        _, seconds = anyio.run(_sync, office, port)
    rate = count / seconds
    return Line(f"a sync of {count:,} subscribers that changes nothing", f"{seconds:.2f} s", f"{rate:,.0f} rows/s",
                seconds, "–", None, 1)  # fmt: skip


def _memory(count: int) -> Line:
    customers = _customers(count)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    wanted = desired("edge-1", PROFILES, customers, now=clock.utc_now())
    live = Live(dict.fromkeys(MANAGED_MENUS, ()))
    plan = make_plan(wanted, live, (), Wishes("00000000"), Digests(b"k" * 32), now=clock.utc_now())
    held = (tracemalloc.get_traced_memory()[0] - before) / 1e6
    tracemalloc.stop()
    assert len(plan.changes) == count + 20
    return Line(f"memory of a plan of {count:,} rows, what billing wants included", f"{held:.1f} MB", "–", held, "–",
                None, 1)  # fmt: skip
