"""Syncs that nobody asks for: when they are due, which is pure; and that they are done, on a router behind a socket."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui import clock
from mktui.billing import journal, leases, registry
from mktui.services import automatic
from mktui.services.automatic import AGAIN, Occasion
from mktui.services.fleet import Fleet, open_fleet
from mktui.services.router import RouterSetup
from mktui.simulator.router import SimulatedRouter
from mktui.sync.options import SyncOptions
from mktui.sync.plan import Action, Change
from mktui.sync.report import Report, RowReport, RowStatus
from tests.sync.offices import EMPTY, POOL, PROFILES, Desk, customers, office, router_options
from tests.wiring import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mktui.billing.records import Lease
    from mktui.sync.run import Office

INTERVAL, DEBOUNCE = 60.0, 2.0
DONE = Report("edge-1", 0, ())


@dataclass
class World:
    """A router's days in steps of a second: who looks, and syncs when it is due."""

    occasion: Occasion = field(default_factory=lambda: Occasion(INTERVAL, DEBOUNCE))
    now: float = 1000.0
    edits: int = 0
    waiting: list[float] = field(default_factory=list)
    """When the edits came that no sync has taken along."""
    longest: float = 0.0
    causes: list[tuple[float, str]] = field(default_factory=list)

    def second(self, *, is_online: bool = True, edits: int = 0) -> str | None:
        self.now += 1
        self.edits += edits
        self.waiting += [self.now] * edits
        cause = self.occasion.look(self.now, is_online=is_online, mark=(self.edits, self.edits))
        if cause is not None:
            assert is_online, "a router that is away is left alone"
            self.occasion.done(self.now)
            self.causes.append((self.now, cause))
            self.longest = max([self.longest, *(self.now - came for came in self.waiting)])
            self.waiting.clear()
        return cause


def test_a_router_is_synced_when_it_is_first_seen_and_then_by_the_clock() -> None:
    world = World()
    for _ in range(200):
        world.second()
    assert world.causes == [(1001, "reconnect"), (1061, "schedule"), (1121, "schedule"), (1181, "schedule")]


def test_without_an_interval_nothing_is_due_by_the_clock() -> None:
    world = World(Occasion(0, DEBOUNCE))
    for _ in range(10_000):
        world.second()
    assert [cause for _, cause in world.causes] == ["reconnect"]


def test_ten_edits_are_one_sync_after_a_while_of_quiet() -> None:
    world = World(Occasion(0, DEBOUNCE))
    for _ in range(5):
        world.second()
    for _ in range(10):
        world.second(edits=1)
    last = world.now
    for _ in range(60):
        world.second()
    assert world.causes[1:] == [(last + DEBOUNCE, "billing changed")]


def test_billing_that_never_is_quiet_is_synced_all_the_same() -> None:
    world = World(Occasion(0, DEBOUNCE))
    for _ in range(100):
        world.second(edits=1)
    assert [cause for _, cause in world.causes] == ["reconnect", *["billing changed"] * 3]
    assert world.longest <= 12 * DEBOUNCE + 1


def test_edits_while_a_router_is_away_are_one_sync_when_it_is_back() -> None:
    world = World(Occasion(0, DEBOUNCE))
    world.second()
    for _ in range(50):
        assert world.second(is_online=False, edits=1) is None
    assert world.second() == "reconnect"
    for _ in range(50):
        assert world.second() is None


def _row(error: str, status: RowStatus = RowStatus.DEFERRED) -> RowReport:
    change = Change(Action.ADD, "/ppp/secret", "ana", "c1", None, {}, {}, None)
    return RowReport(change, status, error)


@pytest.mark.parametrize(
    ("report", "is_again"),
    [
        (DONE, False),
        (Report("edge-1", 0, (), reason="process 7 on b", error="LeaseLost"), True),
        (Report("edge-1", 0, (), reason="gone", error="DatabaseUnavailable"), True),
        (Report("edge-1", 1, (_row("ConnectionLost"),)), True),
        (Report("edge-1", 1, (_row("ConnectionLost", RowStatus.UNKNOWN),)), True),
        (Report("edge-1", 1, (_row("CommandTrapped", RowStatus.FAILED),)), False),
        (Report("edge-1", 2, (_row("too many failures"), _row("CommandTrapped", RowStatus.FAILED))), False),
    ],
)
def test_what_could_not_be_done_is_tried_again_and_what_was_refused_is_not(report: Report, is_again: bool) -> None:
    world = World(Occasion(0, DEBOUNCE))
    world.second()
    world.occasion.ended(world.now, report)
    causes = [world.second() for _ in range(3 * int(AGAIN))]
    assert [cause for cause in causes if cause] == (["again"] if is_again else [])


seconds = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0, 0, 0, 1, 3]), st.integers(1, 20)), min_size=1, max_size=40
)
"""Stretches of a world: is the router there, how many edits a second, for how long."""


@given(seconds)
def test_no_sync_is_due_while_a_router_is_away_and_one_when_it_is_back(stretches: list[tuple[bool, int, int]]) -> None:
    world, was = World(), False
    for is_online, edits, length in stretches:
        for _ in range(length):
            cause = world.second(is_online=is_online, edits=edits)
            assert (cause == "reconnect") == (is_online and not was)
            was = is_online


@given(seconds, st.sampled_from([0.0, 1.0, 2.0, 5.0]))
def test_an_edit_is_synced_within_twelve_debounces_of_a_router_that_is_there(
    stretches: list[tuple[bool, int, int]], debounce: float
) -> None:
    world = World(Occasion(0, debounce))
    for _, edits, length in stretches:
        for _ in range(length):
            world.second(edits=edits)
            assert all(world.now - came <= 12 * debounce + 1 for came in world.waiting)
    for _ in range(int(debounce) + 2):
        world.second()
    assert not world.waiting


@given(seconds, st.integers(1, 30))
def test_the_interval_is_neither_missed_nor_shortened(stretches: list[tuple[bool, int, int]], interval: int) -> None:
    world = World(Occasion(float(interval), DEBOUNCE))
    last: float | None = None
    was = False
    for is_online, edits, length in stretches:
        for _ in range(length):
            cause = world.second(is_online=is_online, edits=edits)
            if cause == "schedule":
                assert last is not None
                assert world.now - last >= interval
            if cause is not None:
                last = world.now
            elif is_online and was:
                assert last is not None
                assert world.now - last < interval
            was = is_online


# -- on a router ------------------------------------------------------------------------------------------------------


@dataclass
class Running:
    """A fleet of one router that syncs by itself."""

    held: Office
    router: SimulatedRouter
    fleet: Fleet
    events: list[str]

    @property
    def desk(self) -> Desk:
        return Desk(self.held, self.fleet.service("edge-1").client, self.router)

    @property
    def causes(self) -> list[str]:
        """Why each finished run was, the first one first."""
        runs = self.held.store.do(journal.runs_of, "edge-1", limit=100)
        return [run.cause for run in reversed(runs) if run.finished_at is not None]

    @property
    def lease(self) -> Lease:
        found = self.held.store.do(leases.find, "edge-1")
        assert found is not None
        return found


@asynccontextmanager
async def running(
    tmp_path: Path, *, count: int = 5, interval: float = 0, debounce: float = 0.2
) -> AsyncIterator[Running]:
    options = SyncOptions(automatic=True, interval=interval, debounce=debounce)
    held = office(f"sqlite:///{tmp_path / 'billing.db'}", folder=tmp_path / "prints", options=options)
    router, events = SimulatedRouter(EMPTY), list[str]()

    async def opened() -> Office:
        await anyio.lowlevel.checkpoint()
        return held

    async with anyio.create_task_group() as tasks:
        port = await tasks.start(router.serve_tcp, "127.0.0.1", 0)
        pool = POOL.model_copy(update={"circuit_breaker_timeout": 0.1, "health_check_interval": 0.1})
        setup = RouterSetup(router_options("edge-1", port), pool)
        Desk(held, None, router).save(customers(count), PROFILES)  # type: ignore[arg-type]  # no client is needed
        heard = open_fleet(
            [setup], open_office=opened, automatic=options, on_event=lambda seen: events.append(seen.text)
        )
        async with heard as fleet:
            yield Running(held, router, fleet, events)
        tasks.cancel_scope.cancel()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks are many a second, and what could not be done is tried again soon."""
    monkeypatch.setattr(automatic, "LOOK", 0.02)
    monkeypatch.setattr(automatic, "AGAIN", 0.2)


on_a_router = [pytest.mark.anyio, pytest.mark.realtime, pytest.mark.usefixtures("quick")]


class TestOnARouter:
    pytestmark = on_a_router

    async def test_it_is_synced_when_it_is_there_and_again_when_it_is_back(self, tmp_path: Path) -> None:
        async with running(tmp_path) as at:
            await until(lambda: at.causes == ["reconnect"] and len(at.router.tables["/ppp/secret"]) == 5)
            at.router.faults.is_down = True
            at.router.drop_sessions()
            await until(lambda: at.fleet.service("edge-1").client.health().status == "offline")
            await anyio.sleep(0.2)  # some looks
            at.desk.save(customers(7))
            await anyio.sleep(0.3)  # longer than the debounce
            assert len(at.causes) == 1
            at.router.faults.is_down = False
            await until(lambda: len(at.causes) > 1 and len(at.router.tables["/ppp/secret"]) == 7)
            assert at.causes[1] == "reconnect"

    async def test_ten_edits_are_one_run(self, tmp_path: Path) -> None:
        async with running(tmp_path) as at:
            await until(lambda: at.causes == ["reconnect"])
            for number in range(10):
                at.desk.save(customers(6 + number)[5:])
            await until(lambda: len(at.router.tables["/ppp/secret"]) == 15)
            await until(lambda: at.causes == ["reconnect", "billing changed"])
            assert at.router.commands["/ppp/secret/add"] == 15

    async def test_who_is_paused_is_left_alone_until_he_is_resumed(self, tmp_path: Path) -> None:
        async with running(tmp_path, interval=0.1) as at:
            await until(lambda: "schedule" in at.causes)
            at.held.store.do(registry.pause, "edge-1", "by hand", now=clock.utc_now())
            await anyio.sleep(0.1)
            at.desk.save(customers(8)[5:])
            before = at.router.commands["/ppp/secret/print"]
            await anyio.sleep(0.5)  # several intervals
            assert at.router.commands["/ppp/secret/print"] <= before + 1
            assert len(at.router.tables["/ppp/secret"]) == 5
            at.held.store.do(registry.resume, "edge-1")
            await until(lambda: len(at.router.tables["/ppp/secret"]) == 8)

    async def test_the_clock_brings_what_somebody_has_taken_away(self, tmp_path: Path) -> None:
        async with running(tmp_path, interval=0.2) as at:
            await until(lambda: at.causes.count("schedule") >= 2)
            at.router.tables["/ppp/secret"].remove(next(iter(at.router.tables["/ppp/secret"])))
            await until(lambda: len(at.router.tables["/ppp/secret"]) == 5)

    async def test_a_router_that_another_one_holds_is_tried_again_until_it_is_free(self, tmp_path: Path) -> None:
        async with running(tmp_path) as at:
            await until(lambda: at.causes == ["reconnect"])
            await until(lambda: not at.lease.owner)
            lease = at.held.store.do(leases.acquire, "edge-1", "other", "b", 7, now=clock.utc_now())
            assert lease is not None
            at.desk.save(customers(6)[5:])
            await until(lambda: sum("process 7 on b" in event for event in at.events) >= 2)
            assert len(at.router.tables["/ppp/secret"]) == 5
            at.held.store.do(leases.release, lease, now=clock.utc_now())
            await until(lambda: at.causes[-1] == "again" and len(at.router.tables["/ppp/secret"]) == 6)

    async def test_prints_that_cannot_be_kept_are_told_and_end_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "prints").write_text("no folder")
        async with running(tmp_path) as at:
            await until(lambda: any("the prints of edge-1 cannot be kept" in event for event in at.events))
            assert not len(at.router.tables["/ppp/secret"]), "nothing is written without them"
            (tmp_path / "prints").unlink()
            await until(lambda: len(at.router.tables["/ppp/secret"]) == 5)
