"""Before and after: the same callers at the same slow router, through one locked connection and through the pool."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.background import background
from mktui.core.pool.job import Priority
from mktui.errors import MktuiError
from mktui.simulator.cost import MODELS
from mktui.simulator.faults import CutMoment
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from mktui.stability import own_rows
from mktui.stability.notes import percentile
from mktui.stability.old_way import OldWay
from mktui.stability.stage import Scenario, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from mktui.stability.notes import Lane
    from mktui.stability.stage import Stage

    Ask = Callable[[str, Mapping[str, str], Priority], Awaitable[None]]

POOL: Final = "pool"
BEFORE: Final = "2024"
RATE: Final = 5.0
"""Commands a second: more than one connection can take, far less than the router can."""
PATIENCE: Final = 5.0
"""Seconds that a caller waits at most."""
LOOK: Final = 1.0
"""Seconds between two looks whether the router is there; one that is not answered is a time of ``offline``."""
_LOOK_PATIENCE: Final = 2.0
_READ: Final = "/interface/print"
_WRITE: Final = f"{own_rows.MENU}/add"
_WRITE_EVERY: Final = 5
_HOUR: Final = 60.0
_MORE: Final = 1.3
"""Times as many answers as before."""


@dataclass(slots=True)
class _Side:
    """One of the two ways, while it is measured."""

    name: str
    router: SimulatedRouter
    ask: Ask
    wait: Callable[[], float | None]
    """What 95 of 100 waited for their turn at most."""
    looks: int = 0
    unanswered: int = 0

    @property
    def offline_minutes(self) -> float | None:
        """Minutes of an hour in which whoever looked was told that the router is not there."""
        return _HOUR * self.unanswered / self.looks if self.looks else None


async def _play(stage: Stage) -> None:
    async with _through_the_pool(stage) as after, _as_before(stage) as before, anyio.create_task_group() as tasks:
        for side in (after, before):
            tasks.start_soon(_lead, stage, side)
    _judge(stage, after, before)


@asynccontextmanager
async def _through_the_pool(stage: Stage) -> AsyncIterator[_Side]:
    async with stage.client(retry_delay=0.2, max_retry_delay=1) as client:

        async def ask(path: str, values: Mapping[str, str], priority: Priority) -> None:
            await client.run(path, values, priority=priority, timeout=PATIENCE)

        yield _Side(POOL, stage.box, ask, lambda: client.connection_stats().pool.performance.acquire.p95)


@asynccontextmanager
async def _as_before(stage: Stage) -> AsyncIterator[_Side]:
    """Serve a second router like the first, with one connection to it."""
    router = SimulatedRouter(stage.box.profile)
    async with background() as tasks:
        old = OldWay(stage.router, wire(router, tasks), patience=PATIENCE)
        waits: list[float] = []

        async def ask(path: str, values: Mapping[str, str], _priority: Priority) -> None:
            waits.append(await old.ask(path, values))

        yield _Side(BEFORE, router, ask, lambda: percentile(sorted(waits), 0.95))
        await old.aclose()


async def _lead(stage: Stage, side: _Side) -> None:
    """Ask at a steady rate; a third into it the connections are cut, and the answer to one write is lost."""
    begun, count = clock.now(), max(4, round(RATE * stage.duration))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_look_on, side, begun + stage.duration)
        for number in range(count):
            due = begun + number / RATE
            await anyio.sleep(max(0.0, due - clock.now()))
            if number == count // 3:
                side.router.drop_sessions()
                side.router.faults.cut_on[_WRITE] = CutMoment.AFTER
            tasks.start_soon(_one, stage, side, number, due)
            stage.notes.progress(number / count)


async def _one(stage: Stage, side: _Side, number: int, due: float) -> None:
    is_write = number % _WRITE_EVERY == 0
    command = own_rows.adding(number, stage.mark)
    path, values = (command.path, command.attributes) if is_write else (_READ, {".proplist": "name"})
    with stage.notes.asking(side.name, since=due):
        await side.ask(path, values, Priority.NORMAL)


async def _look_on(side: _Side, until: float) -> None:
    """Look whether the router is there, as a status display does."""
    async with anyio.create_task_group() as tasks:
        while clock.now() < until:
            tasks.start_soon(_look, side)
            await anyio.sleep(LOOK)


async def _look(side: _Side) -> None:
    side.looks += 1
    is_answered = False
    with anyio.move_on_after(_LOOK_PATIENCE):
        try:
            await side.ask("/system/identity/print", {".proplist": "name"}, Priority.HIGH)
            is_answered = True
        except MktuiError:
            pass
    side.unanswered += not is_answered


def _judge(stage: Stage, after: _Side, before: _Side) -> None:
    notes = stage.notes
    ours, theirs = notes.lane(POOL), notes.lane(BEFORE)
    wait, wait_before = _for_all(ours, after.wait()), _for_all(theirs, before.wait())
    p95, p95_before = (_for_all(lane, lane.percentiles(0.95)[0]) for lane in (ours, theirs))
    rate, rate_before = (lane.answered / stage.duration for lane in (ours, theirs))
    failed, failed_before = (100 * lane.failed / max(1, lane.asked) for lane in (ours, theirs))
    offline, offline_before = after.offline_minutes, before.offline_minutes
    notes.saw("wait for a turn, p95", wait, "s", most=_share(wait_before, 0.5), beside=wait_before)
    notes.saw("answer, p95", p95, "s", most=_share(p95_before, 0.7), beside=p95_before)
    notes.saw("answered", rate, "1/s", least=_MORE * rate_before, beside=rate_before)
    notes.saw("failed or unknown", failed, "%", most=10, beside=failed_before)
    notes.saw("shown as offline, in an hour", offline, "min", most=_share(offline_before, 0.5), beside=offline_before)
    notes.saw("writes done twice", _twice(after), most=0, beside=_twice(before))


def _for_all(lane: Lane, p95: float | None) -> float | None:
    """Return a 95th percentile of everybody: who got no answer at all waited for as long as he could."""
    return PATIENCE if lane.failed > 0.05 * lane.asked and (p95 is None or p95 < PATIENCE) else p95


def _share(value: float | None, share: float) -> float | None:
    return None if value is None else value * share


def _twice(side: _Side) -> int:
    """How many writes the router has more than once."""
    addresses = [row.values["address"] for row in side.router.tables[own_rows.MENU]]
    return len(addresses) - len(set(addresses))


SCENARIO: Final = Scenario(
    "before-and-after",
    "Before and after",
    "The same callers at a router of 195-648 ms a command: one locked connection that retries blindly, and the pool.",
    _play,
    profile=RouterProfile(secrets=20, cost=MODELS["seed"]),
)
