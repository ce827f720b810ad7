"""A program that begins has the charts and trends of the one before, and nothing that is wrong with them stops it."""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import anyio
import pytest

from mktui import clock
from mktui.core import PoolOptions
from mktui.monitor import database
from mktui.monitor.history import History
from mktui.monitor.options import MonitorOptions
from mktui.monitor.steps import DAY_STEP, HOUR_STEP, MINUTE, KeptStep, Reading
from mktui.services import recalling, router
from mktui.services.fleet import Fleet, open_fleet
from mktui.services.replay import Replay
from mktui.services.router import RouterSetup
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from tests.terminal.recorded import fleet as recorded
from tests.wiring import ROUTER, until, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from concurrent.futures import Future
    from pathlib import Path

    from anyio.abc import TaskGroup

    from mktui.monitor.history import Connection

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
T = TypeVar("T")
POINT = (0.01, 0.02, 0.03)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The history's file."""
    return tmp_path / "monitor.db"


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The past is asked for at once, and again soon."""
    monkeypatch.setattr(recalling, "AFTER", 0.01)
    monkeypatch.setattr(recalling, "AGAIN_AFTER", 0.05)
    monkeypatch.setattr(router, "SAMPLE", 0.01)


def setup(tasks: TaskGroup, name: str = "edge-1") -> RouterSetup:
    """A simulated router of this name."""
    connect = wire(SimulatedRouter(RouterProfile(secrets=3)), tasks)
    return RouterSetup(ROUTER.model_copy(update={"name": name}), PoolOptions(min_size=1), connect=connect)


@asynccontextmanager
async def opened(
    path: Path, said: list[str] | None = None, *, name: str = "edge-1", keeps: bool = True
) -> AsyncIterator[Fleet]:
    """A fleet of one router that keeps its charts in the file."""
    async with anyio.create_task_group() as tasks:
        history = History(path, MonitorOptions(), (said if said is not None else []).append)
        async with open_fleet([setup(tasks, name)], history=history, keeps_charts=keeps) as fleet:
            await until(lambda: bool(fleet.snapshot().routers[0].pool.ready))
            yield fleet
        tasks.cancel_scope.cancel()


def keep(path: Path, steps: Iterable[KeptStep]) -> None:
    """Have steps in the file, as a program before has left them."""
    engine = database.open_engine(path)
    with engine.begin() as connection:
        database.write(connection, (), (), (), list(steps))
    engine.dispose()


def hour(*, ends: float = 60.0, name: str = "edge-1") -> list[KeptStep]:
    """An hour of a router whose memory leaks, minute by minute, and of its chart; it ended so many seconds ago."""
    last = clock.utc_now().timestamp() - ends
    minutes = [KeptStep(name, last - MINUTE * n, MINUTE, Reading(memory_percent=80 - n * 0.7)) for n in range(75)]
    chart = [KeptStep(name, last - HOUR_STEP * n, HOUR_STEP, POINT) for n in range(30)]
    return [*reversed(minutes), *reversed(chart)]


def spoil(path: Path) -> None:
    """Put something else in the file's place."""
    path.write_bytes(b"what is this? " * 500)


def mend(path: Path) -> None:
    """Put a good file in its place, at one stroke: between two strokes the past would be asked, and be empty."""
    good = path.with_name("good.db")
    keep(good, hour())
    good.replace(path)


def kept(path: Path) -> list[tuple[str, float]]:
    """Whose steps of which length are in the file."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT router, length FROM steps").fetchall()


def points(fleet: Fleet, name: str = "edge-1") -> int:
    """How many points of the last hour are known."""
    return sum(point is not None for point in fleet.chart(name).hour)


@pytest.mark.usefixtures("_soon")
async def test_a_program_begins_with_the_chart_and_the_warnings_of_the_one_before(path: Path) -> None:
    keep(path, hour())
    async with opened(path) as fleet:
        await until(lambda: fleet.service("edge-1").has_past)
        chart = fleet.chart("edge-1").hour
        assert points(fleet) == 30
        assert {point for point in chart if point is not None} == {POINT}
        assert chart[-1] is None, "the minute between the two is a gap"
        (said,) = fleet.snapshot().routers[0].forecasts
        assert (said.figure, said.limit) == ("memory_percent", 90.0)


async def test_nothing_is_read_and_no_database_opened_before_a_screen_can_have_been_painted(path: Path) -> None:
    keep(path, hour())
    async with opened(path) as fleet:
        history = fleet.chronicle._history
        assert history is not None
        assert history._thread is None
        assert not fleet.service("edge-1").has_past
    assert recalling.AFTER > 3


@pytest.mark.usefixtures("_soon")
async def test_what_was_seen_to_the_end_is_kept_and_is_there_for_the_next_one(path: Path) -> None:
    async with opened(path) as fleet:
        await until(lambda: fleet.service("edge-1").percentiles.end(clock.now()) != [])
    assert kept(path) == [("edge-1", HOUR_STEP), ("edge-1", DAY_STEP)]
    async with opened(path) as fleet:
        await until(lambda: fleet.service("edge-1").has_past)
        service = fleet.service("edge-1")
        assert points(fleet) + len(service.percentiles.end(clock.now())) >= 2


async def test_a_program_that_stays_only_for_a_moment_keeps_no_charts(path: Path) -> None:
    async with opened(path, keeps=False) as fleet:
        await fleet.isolate("edge-1")
        assert fleet.service("edge-1").has_past, "nothing is to come"
    assert kept(path) == []


@pytest.mark.usefixtures("_soon")
async def test_a_router_of_another_name_begins_anew_and_one_that_comes_later_gets_its_own_past(path: Path) -> None:
    keep(path, [*hour(), *hour(name="gone")])
    async with anyio.create_task_group() as tasks, opened(path, name="renamed") as fleet:
        await until(lambda: fleet.service("renamed").has_past)
        assert points(fleet, "renamed") == 0
        await fleet.start_router(setup(tasks))
        await until(lambda: points(fleet) == 30)
        await fleet.stop_router("edge-1")
        await fleet.start_router(setup(tasks))
        await until(lambda: points(fleet) >= 30)
        tasks.cancel_scope.cancel()


@pytest.mark.usefixtures("_soon")
async def test_a_clock_that_was_set_back_is_said_once_and_what_it_wrote_is_left_out(path: Path) -> None:
    keep(path, hour(ends=-7200))
    said: list[str] = []
    async with opened(path, said) as fleet:
        await until(lambda: fleet.service("edge-1").has_past)
        await until(lambda: bool(said))
        assert points(fleet) == 0
        assert fleet.snapshot().routers[0].forecasts == ()
        (row,) = [row for row in fleet.errors().rows if row.kind == "ClockWrong"]
        assert "105 points of charts and trends are left out" in row.text
    assert said == [f"history: {row.text}"]


@pytest.mark.usefixtures("_soon")
async def test_a_file_that_cannot_be_read_is_said_once_and_its_charts_come_when_it_can_be(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    ask = History.ask

    def counted(history: History, question: Callable[[Connection], T]) -> Future[T]:
        asked.append(question)
        return ask(history, question)

    monkeypatch.setattr(History, "ask", counted)
    spoil(path)
    said: list[str] = []
    async with opened(path, said) as fleet:
        await until(lambda: len(asked) > 2)
        assert said == [f"no history is kept: {path}: it is no database"]
        assert not fleet.service("edge-1").has_past
        assert fleet.snapshot().routers[0].pool.ready, "the router is watched all the same"
        mend(path)
        await until(lambda: points(fleet) >= 30)


def test_a_recording_that_was_interrupted_has_a_gap_in_its_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    first = replace(recorded(), at=recorded().at.replace(second=0))
    offsets = [*range(0, 600, 10), *range(1800, 2400, 10)]
    replay = Replay([replace(first, at=first.at + timedelta(seconds=offset)) for offset in offsets])
    now = [0.0]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    replay.snapshot()
    now[0] = 2400.0
    hour = replay.chart("edge-1").hour
    assert [point is not None for point in hour] == [True] * 20 + [False] * 40 + [True] * 19
