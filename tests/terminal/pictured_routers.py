"""Screens of routers: the fleet, one of them, what went wrong, their tests, a new one, a command by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import anyio

from mktui.core.client.connection_test import TestReport, TestStep
from mktui.core.pool.health import Health, HealthStatus
from mktui.errors import CircuitOpen, CommandTrapped, ConnectFailed
from mktui.monitor.records import ErrorLog
from mktui.monitor.snapshot import Forecast, JobState, RouterFacts, RouterSnapshot, SyncState
from mktui.tui.screens.add import AddScreen
from mktui.tui.screens.changes import ChangesScreen
from mktui.tui.screens.console import ConsoleScreen
from mktui.tui.screens.diagnosis import DiagnosisView
from mktui.tui.screens.errors import ErrorsScreen
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.modals import TestView
from mktui.tui.screens.router import RouterScreen
from mktui.tui.screens.tests import ScenarioView, TestsScreen
from tests.terminal.pictured import Shown, State, keys
from tests.terminal.recorded import NOW, STEPS, RecordedServices, fleet, performance, pool
from tests.terminal.recorded_console import RecordedConsole
from tests.terminal.recorded_errors import CHANGES, log
from tests.terminal.recorded_newcomers import FIRST, RecordedNewcomers
from tests.terminal.recorded_stability import FAILED, KEPT, NOTHING, PASSED, REAL, RUNNING, RecordedStability

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.config.newcomer import Newcomer
    from mktui.core.pool.options import PoolOptions
    from mktui.core.protocol.sentences import Command
    from mktui.errors import MktuiError
    from mktui.services.console import Answer
    from mktui.services.newcomers import Tried
    from mktui.services.stability import StabilityState
    from tests.terminal.pictured import Reasons

NORMAL, EMPTY, LOADING, ERROR, OFFLINE = State
ASK: Final = ("x", *"ppp active print", "enter")
TYPED: Final = ("n", *"10.0.0.9", "tab", "ctrl+u", *"edge-9", "tab", "tab", "tab", *"hunter2")
WRONG: Final = ("n", *"10.0.0.1", "tab", "ctrl+u", *"edge-1", "tab", *"99999", "tab", "ctrl+u", "tab", "tab", "right")
SOON: Final = Forecast("memory_percent", 71.0, 90.0, 2400.0, "likely")
LATER: Final = Forecast("p95", 0.2, 0.5, 5400.0, "possible")
JOBS: Final = (
    JobState("pool reset", "sunday 04:00", NOW + timedelta(hours=90)),
    JobState("sync", "hourly", NOW + timedelta(minutes=20)),
)
REFUSED: Final = TestReport(
    "tower-west", "10.0.9.1:8728", ok=False, steps=(),
    verdict="tower-west cannot be reached: 10.0.9.1:8728 refuses the connection (is its api service on?)",
)  # fmt: skip


def lost(**facts: object) -> RecordedServices:
    """Another mktui's fleet, which was seen last 95 s ago."""
    return RecordedServices(replace(fleet(), lost_for=95.0), **facts)  # type: ignore[arg-type]  # facts of the services


def warned() -> RecordedServices:
    """The same fleet; edge-2's memory leaks, and something is done by itself soon."""
    found = fleet()
    routers = (replace(each, forecasts=(SOON, LATER)) if each.name == "edge-2" else each for each in found.routers)
    return RecordedServices(replace(found, routers=tuple(routers), maintenance=JOBS))


def unseen(router: RouterSnapshot) -> RouterSnapshot:
    """A router in the first second: it was not answered yet."""
    return replace(
        router, health=Health(HealthStatus.OFFLINE, None, ("connecting",)), facts=RouterFacts(), sync=SyncState(),
        pool=pool((), performance(commands=0, success=None)), latency=(), events=(), breaks=(),
    )  # fmt: skip


def starting() -> RecordedServices:
    """The first second."""
    return RecordedServices(replace(fleet(), routers=tuple(map(unseen, fleet().routers))), charts={})


def quiet_day() -> RecordedServices:
    """A router that answers, and of which there is nothing more to tell yet."""
    found = fleet()
    routers = (replace(each, events=(), sync=SyncState(), breaks=()) for each in found.routers)
    return RecordedServices(replace(found, routers=tuple(routers)), charts={})


@dataclass
class Silent(RecordedConsole):
    """A router that does not answer."""

    async def run(self, router: str, command: Command) -> Answer:
        await anyio.sleep_forever()
        return await super().run(router, command)


@dataclass
class Slow(RecordedNewcomers):
    """A new router in the middle of its test."""

    async def test(
        self, newcomer: Newcomer, pool: PoolOptions, *, on_step: Callable[[TestStep], None] | None = None
    ) -> Tried:
        for step in STEPS[:2]:
            if on_step is not None:
                on_step(step)
        await anyio.sleep_forever()
        return await super().test(newcomer, pool, on_step=on_step)


@dataclass
class Trial(RecordedServices):
    """A connection test that goes so far; ``ends``: its report, None: it goes on."""

    ends: TestReport | None = None

    async def test(self, name: str, *, on_step: Callable[[TestStep], None] | None = None) -> TestReport:
        failed = TestStep("connect", ok=False, took=0.0018, text="connection refused")
        for step in (failed,) if self.ends is not None else STEPS[:3]:
            if on_step is not None:
                on_step(step)
        if self.ends is None:
            await anyio.sleep_forever()
        return self.ends or await super().test(name, on_step=on_step)


def asked(refuses: MktuiError | None = None, **facts: object) -> Callable[[], RecordedServices]:
    """A router that answers a command like this."""
    return lambda: RecordedServices(console=RecordedConsole(refuses=refuses, **facts))  # type: ignore[arg-type]  # its facts


def new(fails: str = "") -> Callable[[], RecordedServices]:
    """A network in which the new router fails like this."""
    return lambda: RecordedServices(newcomers=RecordedNewcomers(fails=fails))


def tests(shown: StabilityState) -> Callable[[], RecordedServices]:
    """The services while tests stand so."""
    return lambda: RecordedServices(stability=RecordedStability(shown))


def logged(**facts: str) -> Callable[[], RecordedServices]:
    """The services with a log and an audit of a night."""
    return lambda: RecordedServices(log=log(**facts), audit=CHANGES)


def forgotten() -> RecordedServices:
    """No history is kept, and nothing has happened since the start."""
    return RecordedServices(log=ErrorLog(problem="another program holds it"))


TRAPPED: Final = CommandTrapped(
    "edge-2", path="/ppp/active/print", texts=("not enough permissions (9)",), category=None
)
OPEN: Final = CircuitOpen("tower-west", retry_after=41, reason="connection refused")
STOPPED: Final = "hotspot-plaza: circuit open (connection refused), next try in 41 s"
SHOWN: Final = (
    Shown(FleetScreen, NORMAL, keys()),
    Shown(FleetScreen, NORMAL, keys("G"), warned, which="forecast"),
    Shown(FleetScreen, EMPTY, keys(), lambda: RecordedServices(replace(fleet(), routers=()))),
    Shown(FleetScreen, LOADING, keys(), starting),
    Shown(FleetScreen, ERROR, keys("R", "y", filtered="plaza"), lambda: RecordedServices(
        refuses=ConnectFailed("hotspot-plaza", address="10.0.7.3:8728", reason="connection refused"))),
    Shown(FleetScreen, OFFLINE, keys(), lost),
    Shown(RouterScreen, NORMAL, keys("enter", filtered="edge-1")),
    Shown(RouterScreen, NORMAL, keys("enter", filtered="plaza"), which="slow"),
    Shown(RouterScreen, NORMAL, keys("enter", filtered="edge-2"), which="syncing"),
    Shown(RouterScreen, EMPTY, keys("enter", filtered="edge-2"), quiet_day),
    Shown(RouterScreen, LOADING, keys("enter", filtered="edge-1"), starting),
    Shown(RouterScreen, ERROR, keys("enter", filtered="cerro")),
    Shown(RouterScreen, OFFLINE, keys("enter", filtered="west")),
    Shown(RouterScreen, OFFLINE, keys("enter", filtered="edge-1"), lost, which="connection-lost"),
    Shown(ErrorsScreen, NORMAL, keys("3"), logged()),
    Shown(ErrorsScreen, EMPTY, keys("3")),
    Shown(ErrorsScreen, ERROR, keys("3"), logged(problem="another program holds it")),
    Shown(ErrorsScreen, OFFLINE, keys("3"), lambda: lost(log=log())),
    Shown(ChangesScreen, NORMAL, keys("c", "j", "j"), logged()),
    Shown(ChangesScreen, EMPTY, keys("c")),
    Shown(ChangesScreen, ERROR, keys("c"), forgotten),
    Shown(ChangesScreen, OFFLINE, keys("c"), lambda: lost(audit=CHANGES)),
    Shown(TestsScreen, NORMAL, keys("4", "G"), tests(PASSED)),
    Shown(TestsScreen, EMPTY, keys("4"), tests(NOTHING)),
    Shown(TestsScreen, LOADING, keys("4", *"jjjjjj"), tests(RUNNING)),
    Shown(TestsScreen, ERROR, keys("4", *"jjjjjj"), tests(FAILED)),
    Shown(TestsScreen, OFFLINE, keys("4"), tests(replace(REAL, problem=STOPPED, kept=KEPT))),
    Shown(AddScreen, NORMAL, keys(*TYPED, "ctrl+t"), new()),
    Shown(AddScreen, EMPTY, keys("n"), new()),
    Shown(AddScreen, EMPTY, keys(), lambda: RecordedServices(
        replace(fleet(), routers=()), newcomers=RecordedNewcomers(FIRST)), which="first-start", is_first=True),
    Shown(AddScreen, LOADING, keys(*TYPED, held="ctrl+t"), lambda: RecordedServices(newcomers=Slow())),
    Shown(AddScreen, ERROR, keys(*WRONG, "ctrl+t"), new()),
    Shown(AddScreen, ERROR, keys(*TYPED, "ctrl+t"), new("password"), which="password"),
    Shown(AddScreen, OFFLINE, keys(*TYPED, "ctrl+t"), new("silent")),
    Shown(ConsoleScreen, NORMAL, keys(*ASK, filtered="edge-2")),
    Shown(ConsoleScreen, EMPTY, keys(*ASK, filtered="edge-2"), asked(rows=())),
    Shown(ConsoleScreen, LOADING, keys(*ASK[:-1], filtered="edge-2", held="enter"),
          lambda: RecordedServices(console=Silent())),
    Shown(ConsoleScreen, ERROR, keys(*ASK, filtered="edge-2"), asked(TRAPPED)),
    Shown(ConsoleScreen, OFFLINE, keys(*ASK, filtered="west"), asked(OPEN)),
    Shown(DiagnosisView, NORMAL, keys("d", filtered="plaza")),
    Shown(DiagnosisView, EMPTY, keys("d", filtered="edge-2")),
    Shown(DiagnosisView, LOADING, keys("d", filtered="edge-1"), starting),
    Shown(DiagnosisView, ERROR, keys("d", filtered="cerro")),
    Shown(DiagnosisView, OFFLINE, keys("d", filtered="west")),
    Shown(TestView, NORMAL, keys("t", filtered="edge-1")),
    Shown(TestView, LOADING, keys(filtered="edge-1", held="t"), Trial),
    Shown(TestView, OFFLINE, keys("t", filtered="west"), lambda: Trial(ends=REFUSED)),
    Shown(ScenarioView, NORMAL, keys("4", "G", "enter"), tests(PASSED)),
    Shown(ScenarioView, EMPTY, keys("4", "enter"), tests(NOTHING)),
    Shown(ScenarioView, LOADING, keys("4", *"jjjjjj", "enter"), tests(RUNNING)),
    Shown(ScenarioView, ERROR, keys("4", *"jjjjjj", "enter"), tests(FAILED)),
)  # fmt: skip
CANNOT: Final[Reasons] = {
    (ErrorsScreen, LOADING): "what is in memory is shown at once; what the file has besides comes to it by itself",
    (ChangesScreen, LOADING): "what is in memory is shown at once; what the file has besides comes to it by itself",
    (TestView, EMPTY): "a test begins with its first step",
    (TestView, ERROR): "a step that fails is how a router is offline: there is no other way to fail",
    (ScenarioView, OFFLINE): "it tells of what was seen: a router that went is one of its failures",
}
