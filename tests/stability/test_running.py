"""A whole run: one after another, in bounded time, interruptible; on a real router nothing that could hurt."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import pytest

from mktui.core import Client, PoolOptions
from mktui.errors import LeaseLost, WrongUse
from mktui.simulator.faults import ReplyFault
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from mktui.stability import own_rows
from mktui.stability.leftovers import Leftovers
from mktui.stability.report import Verdict
from mktui.stability.runner import Run
from mktui.stability.scenarios import SCENARIOS
from mktui.stability.stage import Reach, RealGround, Scenario, SimulatedGround, Stage, wire
from tests.stability.grounds import BY_NAME, SpoiltGround, broken, played, told
from tests.virtual_time import backend
from tests.wiring import ROUTER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from anyio.abc import TaskGroup

pytestmark = pytest.mark.anyio
HOME = "9f3ac1"
FOREIGN = {"list": "blocked", "address": "203.0.113.9", "comment": "mktui-test-not-ours"}


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    return backend(request.param)


async def _hang(_stage: Stage) -> None:
    await anyio.sleep_forever()


async def _complain(_stage: Stage) -> None:
    raise WrongUse("not like this")


async def _see(stage: Stage) -> None:
    stage.notes.saw("seen", 1, least=1)


HANGS = Scenario("hangs", "Hangs", "Never ends.", _hang)
COMPLAINS = Scenario("complains", "Complains", "Cannot go on.", _complain)
SEES = Scenario("sees", "Sees", "Sees something.", _see)


async def test_one_that_hangs_or_cannot_go_on_has_failed_and_the_others_are_played() -> None:
    run = Run(SimulatedGround(), [HANGS, COMPLAINS, SEES], duration=1)
    report = await run.play()
    hung, complained, seen = report.scenarios
    assert (hung.verdict, hung.reason) == (Verdict.FAILED, "not done within 64 s")
    assert (complained.verdict, complained.reason) == (Verdict.FAILED, "not like this")
    assert seen.verdict is Verdict.PASSED
    assert report.is_complete
    assert report.has_failed
    assert report.summary == "1 passed, 2 failed"
    assert run.is_over


async def test_one_that_is_interrupted_leaves_a_report_of_what_it_has_found() -> None:
    run = Run(SimulatedGround(), [SEES, HANGS, SEES])
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run.play)
        await anyio.sleep(1)
        running = run.report()
        assert [each.verdict for each in running.scenarios] == [Verdict.PASSED, Verdict.RUNNING]
        assert (run.progress.title, run.is_over) == ("Hangs", False)
        assert run.progress.share == pytest.approx(1 / 3)
        tasks.cancel_scope.cancel()
    report = run.report()
    assert run.is_over
    assert not report.is_complete
    assert [(each.verdict, each.reason) for each in report.scenarios] == [
        (Verdict.PASSED, ""), (Verdict.SKIPPED, "interrupted"),
    ]  # fmt: skip
    assert report.summary == "1 passed, 1 skipped, interrupted"


@dataclass
class Real:
    """A router that stands for a real one, with a row of somebody else's."""

    box: SimulatedRouter = field(default_factory=lambda: SimulatedRouter(RouterProfile(secrets=5, latency=0.004)))
    is_locked: bool = False
    """Somebody writes to it."""

    def __post_init__(self) -> None:
        self.box.tables[own_rows.MENU].add(dict(FOREIGN))

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """The lock of those who write to this router."""
        await anyio.lowlevel.checkpoint()
        if self.is_locked:
            raise LeaseLost("edge-1", holder="pid 4711 (a sync)", doing="written to")
        self.is_locked = True
        try:
            yield
        finally:
            self.is_locked = False

    def left(self, count: int, home: str = HOME) -> None:
        """Put rows there that a run of a home has left."""
        for number in range(count):
            row = own_rows.adding(number, own_rows.mark_of(f"20260101T000000-{home}-dead")).attributes
            self.box.tables[own_rows.MENU].add(dict(row))

    def comments(self) -> list[str]:
        return [row.values["comment"] for row in self.box.tables[own_rows.MENU]]

    def written(self) -> dict[str, int]:
        """Every command that changes something, and how often it came."""
        reads = ("/print", "/login", "/cancel")
        return {path: count for path, count in self.box.commands.items() if not path.endswith(reads)}

    def on(self, tasks: TaskGroup, names: tuple[str, ...] = (), refusal: str = "") -> Run:
        """A run on this router, which is served in ``tasks``."""
        chosen = [each for each in SCENARIOS if not names or each.name in names]
        ground = RealGround(ROUTER, PoolOptions(), refusal, HOME, self.writing, wire(self.box, tasks))
        return Run(ground, chosen)

    async def run(self, names: tuple[str, ...] = (), refusal: str = "") -> Run:
        """Run to the end."""
        async with anyio.create_task_group() as tasks:
            run = self.on(tasks, names, refusal)
            await run.play()
            tasks.cancel_scope.cancel()
        return run


async def test_on_a_real_router_nothing_is_done_that_could_hurt() -> None:
    real = Real()
    report = (await real.run()).report()
    assert report.target == "edge-1"
    for each in report.scenarios:
        is_played = BY_NAME[each.name].reach is not Reach.SIMULATED
        assert each.verdict is (Verdict.PASSED if is_played else Verdict.SKIPPED), told(each)
        assert is_played or "--simulated has them" in each.reason
    assert set(real.written()) == {f"{own_rows.MENU}/add", f"{own_rows.MENU}/remove"}
    assert real.written()[f"{own_rows.MENU}/add"] == own_rows.MOST
    assert real.comments() == [FOREIGN["comment"]]
    assert real.box.peak_sessions <= 3


async def test_a_real_router_that_goes_away_again_is_not_said_to_be_still_healthy() -> None:
    real = Real()
    async with anyio.create_task_group() as tasks:
        run = real.on(tasks, ("health-monitoring",))
        tasks.start_soon(run.play)
        await anyio.sleep(1)
        real.box.faults.is_down = True
        real.box.drop_sessions()
        with anyio.fail_after(10):
            while not run.is_over:  # noqa: ASYNC110 - a run has no event
                await anyio.sleep(0.1)
        tasks.cancel_scope.cancel()
    assert broken(run.report().scenarios[0]) == {"still healthy"}


async def test_who_may_not_write_only_reads_and_says_so_and_what_is_left() -> None:
    real = Real()
    real.left(7)
    run = await real.run(refusal="nobody was asked")
    batch = run.report().scenario("batch-efficiency")
    assert batch is not None
    assert (batch.verdict, batch.reason) == (Verdict.SKIPPED, "nobody was asked")
    assert real.written() == {}
    assert len(real.comments()) == 8
    assert run.leftovers == Leftovers(left=7)
    assert not run.has_written
    assert run.leftovers.words("edge-1") == (
        "edge-1: an earlier test has left 7 rows there; the router forgets such rows within ten minutes, and "
        "mktui stability-test edge-1 --yes removes them now"
    )


@pytest.mark.parametrize("names", [("batch-efficiency",), ("pool-initialisation",), ()])
async def test_what_a_killed_test_has_left_is_removed_at_the_next_start_whatever_it_tests(
    names: tuple[str, ...],
) -> None:
    real = Real()
    real.left(3)
    run = await real.run(names)
    assert run.leftovers == Leftovers(removed=3)
    assert run.leftovers.words("edge-1") == "edge-1: removed 3 rows that an earlier test had left"
    assert run.has_written
    assert real.comments() == [FOREIGN["comment"]]


async def test_rows_of_a_run_that_may_be_alive_on_another_machine_are_left_alone_and_told() -> None:
    real = Real()
    real.left(2, home="0ddba1")
    real.left(1)
    run = await real.run(("batch-efficiency",))
    assert run.leftovers == Leftovers(removed=1, running=2)
    assert "left 2 rows alone, of a test that may be under way elsewhere" in run.leftovers.words("edge-1")
    assert sum("0ddba1" in each for each in real.comments()) == 2
    assert run.report().scenarios[0].verdict is Verdict.PASSED


async def test_a_second_test_removes_nothing_of_the_first_and_writes_nothing() -> None:
    real = Real()
    async with anyio.create_task_group() as tasks:
        first, second = (real.on(tasks, ("batch-efficiency", "pool-initialisation")) for _ in range(2))
        tasks.start_soon(first.play)
        with anyio.fail_after(10):
            while len(real.comments()) < 10:  # noqa: ASYNC110 - a router's rows have no event
                await anyio.sleep(0.005)
        await second.play()
        with anyio.fail_after(10):
            while not first.is_over:  # noqa: ASYNC110 - a run has no event
                await anyio.sleep(0.1)
        tasks.cancel_scope.cancel()
    assert second.leftovers.running >= 9
    assert second.leftovers.removed == 0
    verdicts = {each.name: (each.verdict, each.reason) for each in second.report().scenarios}
    assert verdicts["batch-efficiency"] == (
        Verdict.SKIPPED, "edge-1 is being written to by pid 4711 (a sync) (wait until it is done)"
    )  # fmt: skip
    assert verdicts["pool-initialisation"] == (Verdict.PASSED, "")
    assert not second.has_written
    assert not first.report().has_failed
    assert real.comments() == [FOREIGN["comment"]]


async def test_while_somebody_else_writes_nothing_is_written_or_removed() -> None:
    real = Real(is_locked=True)
    real.left(3)
    run = await real.run(("batch-efficiency",))
    assert run.leftovers == Leftovers(running=3)
    assert run.report().summary == "1 skipped"
    assert not run.report().was_tested
    assert real.written() == {}


async def test_rows_that_the_router_does_not_give_up_are_told() -> None:
    real = Real()
    real.left(3)
    next(iter(real.box.tables["/user"])).change({"group": "read"})
    run = await real.run(("pool-initialisation",))
    assert (run.leftovers.removed, run.leftovers.left) == (0, 3)
    assert "could not remove 3 rows that an earlier test has left: edge-1" in run.leftovers.words("edge-1")


async def test_a_router_that_lets_nobody_look_for_rows_is_tested_all_the_same() -> None:
    real = Real()
    real.box.faults.replies[f"{own_rows.MENU}/print"] = ReplyFault.TRAPS
    run = await real.run(("pool-initialisation",))
    assert run.leftovers == Leftovers()
    assert run.report().summary == "1 passed"


async def test_one_that_is_cancelled_in_the_middle_removes_its_rows() -> None:
    real = Real()
    async with anyio.create_task_group() as outside:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(real.on(outside, ("batch-efficiency",)).play)
            with anyio.fail_after(10):
                while len(real.comments()) < 10:  # noqa: ASYNC110 - a router's rows have no event
                    await anyio.sleep(0.005)
            tasks.cancel_scope.cancel()
        outside.cancel_scope.cancel()
    assert real.comments() == [FOREIGN["comment"]]


async def test_rows_that_somebody_else_removes_first_are_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Real()
    find = own_rows.marked

    async def found_and_gone(client: Client) -> list[tuple[str, str]]:
        found = await find(client)
        real.box.tables[own_rows.MENU].restore([])
        return found

    monkeypatch.setattr(own_rows, "marked", found_and_gone)
    report = (await real.run(("batch-efficiency",))).report().scenarios[0]
    assert broken(report) == set(), told(report)


async def test_an_answer_that_is_lost_while_tidying_is_told_as_rows_left() -> None:
    def spoil(box: SimulatedRouter) -> None:
        box.faults.replies[f"{own_rows.MENU}/remove"] = ReplyFault.TRAPS

    report = await played("batch-efficiency", SpoiltGround(spoil))
    assert report.verdict is Verdict.FAILED


async def test_the_load_is_what_was_asked_for() -> None:
    report = await played("load", duration=3, rate=50)
    figures = {figure.name: figure.value for figure in report.figures}
    assert figures["asked"] == 150
    assert figures["rate that was answered"] == pytest.approx(50, rel=0.05)
    assert sum(value is not None for value in report.series[0].slowest) > 20


async def test_a_router_that_is_gone_fails_every_scenario_in_bounded_time() -> None:
    def spoil(box: SimulatedRouter) -> None:
        box.faults.is_down = True

    readers = [each for each in SCENARIOS if each.reach is Reach.READS]
    report = await Run(SpoiltGround(spoil), readers, duration=2).play()
    assert {each.verdict for each in report.scenarios} == {Verdict.FAILED}


def test_names_are_unique_and_each_says_what_it_does() -> None:
    assert len({each.name for each in SCENARIOS}) == len(SCENARIOS) == 10
    assert all(each.does.endswith(".") and len(each.does) < 120 for each in SCENARIOS)
