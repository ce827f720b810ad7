"""An office for the tests: billing in a database, a router behind a socket, one sync after another, and a calendar."""

from __future__ import annotations

import datetime as dt
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from pydantic import SecretStr

from mktui import clock
from mktui.billing import ledger
from mktui.billing.model import Kind, Profile, Subscriber
from mktui.billing.store import Store
from mktui.core import PoolOptions, RouterOptions, open_client
from mktui.simulator.faults import CutMoment
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from mktui.sync.digests import Digests
from mktui.sync.options import SyncOptions
from mktui.sync.order import Order
from mktui.sync.run import Office, Sync

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from mktui.core import Client
    from mktui.simulator.faults import Faults
    from mktui.simulator.tables import TableRow
    from mktui.sync.plan import Plan
    from mktui.sync.report import Report

EMPTY = RouterProfile(secrets=0, online=0)
POOL = PoolOptions(min_size=2, max_size=3, retry_delay=0.01, max_retry_delay=0.02)
ONE = PoolOptions(min_size=1, max_size=1, retry_attempts=1, retry_delay=0.01, max_retry_delay=0.02,
                  circuit_breaker_timeout=0.05)  # fmt: skip
PROFILES = tuple(
    Profile(external_id=f"p{index}", name=name, rate_down_bps=down * 10**6, rate_up_bps=down * 2 * 10**5)
    for index, (name, down) in enumerate((("basic", 10), ("family", 40), ("business", 100)))
)
NEWEST = RouterProfile(version="7.22.3", secrets=0, online=0)
VERSIONS = pytest.mark.parametrize("version", ["6.49", "7.9", "7.22.3"])
RAW = "caf\udce9 \udcff\udcfe [x] \u0645"
"""Bytes that are no UTF-8, beside some that are."""
HOUR = Profile(external_id="h", name="hour", kind=Kind.HOTSPOT, rate_down_bps=4_000_000, session_timeout_s=3600)


def customers(count: int, **facts: object) -> list[Subscriber]:
    return [
        Subscriber.model_validate(
            {"external_id": f"c{index}", "username": f"user-{index:04}", "password": SecretStr(f"pw-{index}-hush"),
             "profile": PROFILES[index % 3].name, **facts}
        )
        for index in range(count)
    ]  # fmt: skip


class Calendar:
    """The calendar's time, moved by hand; the loop's own clock goes on."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.offset = dt.timedelta()
        patch.setattr(clock, "utc_now", self.now)

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.offset

    def advance(self, **by: float) -> None:
        self.offset += dt.timedelta(**by)


@dataclass
class Desk:
    """What a test holds."""

    office: Office
    client: Client
    router: SimulatedRouter
    name: str = "edge-1"
    reports: list[Report] = field(default_factory=list)

    def save(self, subscribers: Iterable[Subscriber] = (), profiles: Iterable[Profile] = ()) -> None:
        with self.office.store.begin() as connection:
            for profile in profiles:
                ledger.save_profile(connection, profile, now=clock.utc_now())
            for subscriber in subscribers:
                ledger.save_subscriber(connection, subscriber, now=clock.utc_now())

    def change(self, external_id: str, **facts: object) -> None:
        """Change one subscriber in billing."""
        with self.office.store.begin() as connection:
            before = ledger.find_subscriber(connection, external_id)
            assert before is not None
            after = Subscriber.model_validate(before.model_dump() | facts)
            ledger.save_subscriber(connection, after, now=clock.utc_now())

    async def plan(self, order: Order | None = None) -> Plan:
        return await Sync(self.office, self.client, self.name).plan(order or Order())

    async def sync(self, order: Order | None = None) -> Report:
        report = await Sync(self.office, self.client, self.name).run(order or Order())
        self.reports.append(report)
        return report

    def live(self, menu: str = "/ppp/secret") -> dict[str, dict[str, str]]:
        return {row.values["name"]: dict(row.values) for row in self.router.tables[menu]}


class _CutAndGone(dict[str, CutMoment]):
    """The command is cut, and the router is away from then on: nothing but a later run's reading can tell."""

    def __init__(self, faults: Faults, path: str, moment: CutMoment) -> None:
        super().__init__({path: moment})
        self._faults = faults

    def pop(self, path: str, default: Any = None) -> Any:  # Any: what a dict's pop says
        found = super().pop(path, default)
        if found is not None:
            self._faults.is_down = True
        return found


def lose(at: Desk, path: str, moment: CutMoment) -> None:
    """Lose the next answer to a command, and the router with it."""
    at.router.faults.cut_on = _CutAndGone(at.router.faults, path, moment)


async def come_back(at: Desk) -> Report:
    """Let the router be there again and return the first sync that could ask it."""
    at.router.faults.is_down = False
    with anyio.fail_after(20):
        while (report := await at.sync()).reason:  # noqa: ASYNC110 - its circuit may still be open
            await anyio.sleep(0.02)
    return report


def office(url: str = "sqlite://", *, folder: Path | None = None, options: SyncOptions | None = None) -> Office:
    store = Store.open(url)
    return Office(store, Digests(b"k" * 32), options or SyncOptions(), store.installation(), folder)


def router_options(name: str, port: int) -> RouterOptions:
    return RouterOptions(name=name, host="127.0.0.1", port=port, username="admin", password=SecretStr("secret"))


@asynccontextmanager
async def desk_at(
    held: Office, profile: RouterProfile = EMPTY, *, pool: PoolOptions = POOL, name: str = "edge-1"
) -> AsyncIterator[Desk]:
    """Hold a router behind a socket, at an office that is open already."""
    router = SimulatedRouter(profile)
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        port = await tasks.start(router.serve_tcp, "127.0.0.1", 0)
        try:
            async with open_client(router_options(name, port), pool) as client:
                yield Desk(held, client, router, name)
        except Exception as error:  # noqa: BLE001 - a failed claim is raised below, outside the group
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


@asynccontextmanager
async def desk(
    count: int = 0,
    profile: RouterProfile = EMPTY,
    *,
    pool: PoolOptions = POOL,
    folder: Path | None = None,
    options: SyncOptions | None = None,
    url: str = "sqlite://",
) -> AsyncIterator[Desk]:
    """Hold billing with so many customers, and a router."""
    held = office(url, folder=folder, options=options)
    try:
        async with desk_at(held, profile, pool=pool) as opened:
            opened.save(customers(count), PROFILES)
            yield opened
    finally:
        held.store.close()


def on(version: str) -> RouterProfile:
    return RouterProfile(version=version, secrets=0, online=0)


def row(at: Desk, name: str, menu: str = "/ppp/secret") -> TableRow:
    return next(each for each in at.router.tables[menu] if each.values["name"] == name)


def put(at: Desk, menu: str = "/ppp/secret", **values: str) -> TableRow:
    """Let somebody else add a row."""
    blank = {"service": "any", "profile": "default", "disabled": "false", "password": "theirs"}
    return at.router.tables[menu].add(blank | {name.replace("_", "-"): value for name, value in values.items()})


def kinds(report: Report) -> set[tuple[str, str]]:
    return {(each.kind, each.name) for each in report.findings}


def guests(count: int = 2, **facts: object) -> list[Subscriber]:
    return [
        Subscriber.model_validate({"external_id": f"g{index}", "username": f"guest-{index}", "kind": "hotspot",
                                   "profile": "hour", "password": SecretStr(f"gp-{index}-hush"), **facts})
        for index in range(count)
    ]  # fmt: skip


def another_box(at: Desk, serial: str = "HF999OTHER") -> str:
    """Put another box behind the address, with the same rows; returns the serial of the one that was there."""
    row = next(iter(at.router.tables["/system/routerboard"]))
    before = row.values["serial-number"]
    row.change({"serial-number": serial})
    return before


def keep_time(at: Desk, calendar: Calendar) -> None:
    """Let the router's clock go with ours."""
    table = at.router.tables["/system/clock"]
    table.refresh = None
    now = calendar.now()
    next(iter(table)).change({"date": f"{now:%Y-%m-%d}", "time": f"{now:%H:%M:%S}", "gmt-offset": "+00:00"})
