"""Routers in trouble, for the tests: one under load in virtual time whom one looks at, and what may befall him."""

from __future__ import annotations

import datetime as dt
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.pool.options import PoolOptions
from mktui.errors import ConnectFailed, RouterError
from mktui.monitor.diagnosis import diagnose
from mktui.services.fleet import Fleet, open_fleet
from mktui.services.router import RouterSetup
from mktui.simulator.faults import FaultRule, Mishap, ReplyFault
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.wiring import ROUTER, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import pytest
    from anyio.abc import ByteStream, TaskGroup

    from mktui.core import RouterOptions
    from mktui.monitor.records import Diagnosis
    from mktui.simulator.faults import What

    Play = Callable[["Scene"], Awaitable[None]]

AT: Final = dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC)
SECRETS: Final = "/ppp/secret/print"
LOG: Final = "/log/print"
ORDINARY: Final = RouterProfile(secrets=20, online=0, latency=0.02)
NARROW: Final = PoolOptions(min_size=1, max_size=1, max_in_flight=2, max_waiting=10)


@dataclass
class Scene:
    """A router under load, whom one looks at every second."""

    fleet: Fleet
    router: SimulatedRouter
    tasks: TaskGroup
    begun: float
    heard: dict[str, Diagnosis] = field(default_factory=dict)
    """By its rule, as it was said last."""
    causes: set[tuple[str, str]] = field(default_factory=set)
    """Rules, and each cause that they gave."""
    refused: int = 0
    """Connects that came to nothing."""
    cut: int = 0
    """Sessions that were cut."""
    calendar: float = 0.0
    """Seconds that the calendar has been moved on."""
    asked_at_once: int = 1

    def now(self) -> dt.datetime:
        return AT + dt.timedelta(seconds=clock.now() - self.begun + self.calendar)

    def look(self) -> set[str]:
        found = diagnose(self.fleet.snapshot().routers[0], self.now())
        self.heard |= {each.rule: each for each in found}
        self.causes |= {(each.rule, each.cause) for each in found}
        return {each.rule for each in found}

    async def pass_by(self, seconds: float, every: float = 1.0) -> None:
        """Let time go by, and look all the while."""
        for _ in range(round(seconds / every)):
            self.look()
            await anyio.sleep(every)

    async def ask(self, path: str, count: int = 1, **attributes: str) -> None:
        with suppress(RouterError):
            async with anyio.create_task_group() as tasks:
                for _ in range(count):
                    tasks.start_soon(self._one, path, attributes)

    async def _one(self, path: str, attributes: dict[str, str]) -> None:
        with suppress(RouterError):
            await self.fleet.service("edge-1").client.run(path, attributes)

    async def load(self) -> None:
        """Ask every second, and wait for no answer."""
        while self.asked_at_once:
            for _ in range(self.asked_at_once):
                self.tasks.start_soon(self._one, SECRETS, {".proplist": "name"})
            await anyio.sleep(1)

    def drop(self) -> None:
        self.cut += self.router.sessions
        self.router.drop_sessions()

    def row(self, path: str, **values: str) -> None:
        """Change the first row of a menu, for good."""
        next(iter(self.router.tables[path])).change({name.replace("_", "-"): text for name, text in values.items()})


@asynccontextmanager
async def scene(monkeypatch: pytest.MonkeyPatch, fault: Fault) -> AsyncIterator[Scene]:
    """A router that a minute of ordinary load has shown to be well."""
    router = SimulatedRouter(ORDINARY)
    clock.RANDOM.seed(1)
    async with anyio.create_task_group() as tasks:
        plain = wire(router, tasks)

        async def connect(options: RouterOptions) -> ByteStream:
            try:
                return await plain(options)
            except ConnectFailed:
                here.refused += 1
                raise

        async with open_fleet([RouterSetup(ROUTER, fault.pool, connect=connect)]) as fleet:
            here = Scene(fleet, router, tasks, clock.now())
            monkeypatch.setattr(clock, "utc_now", here.now)
            tasks.start_soon(here.load)
            await here.pass_by(60)
            assert not here.heard
            yield here
        tasks.cancel_scope.cancel()


@dataclass(frozen=True)
class Fault:
    """What befalls a router, and each rule that speaks of it, with a pattern of its evidence; no other may speak.

    ``play`` brings it about and lets it last; then it ends, ``heals`` seconds are given to the pool, and ``forgotten``
    seconds to the calendar: after that nothing is said any more.
    """

    play: Play
    told: dict[str, str]
    befalls: frozenset[What] = frozenset()
    end: Callable[[Scene], object] = lambda _at: None
    heals: float = 70.0
    forgotten: float = 3600.0
    pool: PoolOptions = field(default_factory=PoolOptions)
    later: frozenset[str] = frozenset()
    """Rules that speak when it is over already: what it has left behind times out, and is often enough then."""
    because: dict[str, str] = field(default_factory=dict)
    """What stands in the cause of a rule, or in its remedy."""


def often(what: What, times: int = 3, pause: float = 70.0) -> Play:
    """A fault that befalls one command each time."""

    async def play(at: Scene) -> None:
        for _ in range(times):
            at.router.faults.rules.append(FaultRule(what, SECRETS, left=1))
            await at.pass_by(pause)

    return play


def switched(name: str, value: object = True, *, lasts: float = 300.0, drop: bool = False) -> Play:
    """A fault that is on for a while; ``drop``: and nobody stays connected."""

    async def play(at: Scene) -> None:
        setattr(at.router.faults, name, value)
        if drop:
            at.drop()
        await at.pass_by(lasts)

    return play


async def comes_and_goes(at: Scene) -> None:
    """Go three times, for longer than the pool bears, and come back each time."""
    for _ in range(3):
        at.router.faults.is_down = True
        at.drop()
        await at.pass_by(100)
        at.router.faults.clear()
        await at.pass_by(300)


async def is_away_while_commands_wait(at: Scene) -> None:
    """Be gone for less than they bear to wait for a connection; then every slot is taken often, and none for long."""
    at.asked_at_once = 2
    at.router.faults.is_down = True
    at.drop()
    await at.pass_by(7)
    at.router.faults.is_down = False
    await at.pass_by(2)
    at.router.faults.extra_latency, at.asked_at_once = 0.4, 1
    await at.pass_by(60, every=0.3)


async def loses_sessions(at: Scene) -> None:
    for _ in range(3):
        at.drop()
        await at.pass_by(30)


async def reboots(at: Scene) -> None:
    at.cut += at.router.sessions
    at.router.reboot(40)
    await at.pass_by(120)


async def changes_password(at: Scene) -> None:
    for user in at.router.tables["/user"]:
        user.kept = "another"
    at.drop()
    await at.pass_by(60)


def knows_password(at: Scene) -> None:
    """Have the old one again; somebody sees to it that it is tried at once."""
    for user in at.router.tables["/user"]:
        user.kept = ORDINARY.password
    at.tasks.start_soon(at.fleet.probe, "edge-1")


async def runs_long(at: Scene) -> None:
    at.router.faults.slow[LOG] = 25.0
    at.tasks.start_soon(at.ask, LOG)
    await at.pass_by(24)


async def loses_an_answer(at: Scene) -> None:
    at.router.faults.replies[LOG] = ReplyFault.DONE_MISSING
    at.tasks.start_soon(at.ask, LOG)
    await at.pass_by(29)


async def is_asked_too_much(at: Scene) -> None:
    at.router.faults.extra_latency = 0.4
    at.asked_at_once = 8
    await at.pass_by(100)


async def is_slow_and_narrow(at: Scene) -> None:
    at.router.faults.extra_latency = 1.5
    await at.pass_by(100)


async def is_busy(at: Scene) -> None:
    for _ in range(60):
        at.router.load.worked(clock.now(), 0.95 * at.router.load._capacity / 4)
        await at.pass_by(1)


async def leaks(at: Scene) -> None:
    at.asked_at_once = 0
    for minute in range(75):
        at.row("/system/resource", total_memory="1000000", free_memory=str(600_000 - 4_000 * minute))
        at.look()
        await anyio.sleep(60)


async def allows_one(at: Scene) -> None:
    api = at.router.tables["/ip/service"].find("api")
    assert api is not None
    api.change({"max-sessions": "1"})
    at.drop()
    await at.pass_by(60)


def allows_many(at: Scene) -> None:
    api = at.router.tables["/ip/service"].find("api")
    assert api is not None
    api.change({"max-sessions": "20"})


async def may_not_write(at: Scene) -> None:
    group = at.router.tables["/user/group"].find("full")
    assert group is not None
    group.change({"policy": "api,read"})
    await at.ask("/ppp/secret/add", name="ana", password="hush")
    await at.pass_by(30)


def is_called(name: str) -> Play:
    async def play(at: Scene) -> None:
        at.row("/system/identity", name=name)
        await at.pass_by(30)

    return play


async def is_isolated(at: Scene) -> None:
    await at.fleet.isolate("edge-1")
    await at.pass_by(300)
    at.tasks.start_soon(at.fleet.probe, "edge-1")
    for _ in range(3):  # while it is asked whether it is there
        await anyio.sleep(0.01)
        at.look()


async def is_silent_and_idle(at: Scene) -> None:
    at.asked_at_once = 0
    at.router.faults.rules.append(FaultRule(Mishap.SILENT))
    await at.pass_by(120)


async def is_simply_used(at: Scene) -> None:
    await at.pass_by(240)
