"""The stability test from an attached screen: run where the routers are, and ended when whoever began it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mktui.errors import ControlRefused
from mktui.services import stability
from mktui.services.control import attached as attaching
from mktui.services.control import stability as attached_tests
from mktui.stability.report import SIMULATED, Verdict, read_report
from tests.services.control.houses import house
from tests.wiring import until

if TYPE_CHECKING:
    from pathlib import Path

    from mktui.services.stability import StabilityState
    from mktui.tui.desks import Stability

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
QUICK = ("pool-initialisation", "concurrent-connections")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where reports are kept; and nobody waits long."""
    monkeypatch.setattr(stability, "reports_folder", lambda: tmp_path / "stability")
    monkeypatch.setattr(attaching, "EVERY", 0.2)
    monkeypatch.setattr(attaching, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(attaching, "LONGEST_WAIT", 0.1)
    monkeypatch.setattr(attached_tests, "EVERY", 0.02)
    monkeypatch.setattr(attached_tests, "EVERY_IDLE", 0.02)
    return tmp_path / "stability"


def is_over(state: StabilityState) -> bool:
    return state.report is not None and not state.is_running


async def test_all_of_it_or_one_is_run_there_seen_as_it_goes_and_kept_there(folder: Path, tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached(origin="pts/7") as fleet:
        tests: Stability = fleet.stability
        await until(lambda: tests.state().folder == str(folder))
        tests.start(SIMULATED, QUICK)
        shares: set[float] = set()

        def is_done() -> bool:
            shares.add(tests.state().share)
            return is_over(tests.state())

        await until(is_done)
        assert tests.state().report == at.fleet.stability.state().report
        assert len(shares) > 1
        page = await tests.save()
        assert page.parent == folder
        assert read_report(page.with_suffix(".json")) == tests.state().report
        (kept,) = tests.state().kept
        assert (kept.target, kept.summary, kept.file) == (SIMULATED, "2 passed", page.with_suffix(".json"))
        tests.start("edge-1", ("pool-initialisation",))
        await until(lambda: is_over(tests.state()) and "edge-1" in str(tests.state().report))
    assert [(origin, what, outcome) for _, origin, what, outcome in at.audit()] == [
        ("attached, pts/7", "stability test", "1 passed")
    ]


@pytest.mark.parametrize("may_write", [True, False])
async def test_rows_are_written_only_when_that_was_allowed(tmp_path: Path, *, may_write: bool) -> None:
    async with house(tmp_path) as at, at.attached() as fleet:
        fleet.stability.start("edge-1", ("batch-efficiency",), may_write=may_write)
        await until(lambda: is_over(fleet.stability.state()))
        report = fleet.stability.state().report
        assert report is not None
        assert report.scenarios[0].verdict is (Verdict.PASSED if may_write else Verdict.SKIPPED)
    assert [what for *_, what, _ in at.audit()] == [f"stability test{', rows written' if may_write else ''}"]


async def test_two_see_the_same_run_one_at_a_time_and_either_may_stop_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as at, at.attached() as ana, at.attached() as luis:
        ana.stability.start(SIMULATED, ("load",))
        await until(lambda: luis.stability.state().is_running)
        await until(lambda: ana.stability.state().is_running)
        assert (ana.stability.state().ends_with_screen, luis.stability.state().ends_with_screen) == (True, False)
        luis.stability.start(SIMULATED, QUICK)
        await until(lambda: "runs already" in luis.stability.state().problem)
        assert luis.stability.state().is_running
        monkeypatch.setattr(attached_tests, "TOLD_FOR", 0.0)
        assert not luis.stability.state().problem
        luis.stability.stop()
        await until(lambda: is_over(ana.stability.state()))
        report = ana.stability.state().report
        assert report is not None
        assert report.summary.endswith("interrupted")
    assert [what for *_, what, _ in at.audit()] == ["stop stability test"]


async def test_a_run_ends_when_whoever_began_it_has_vanished_and_not_when_another_leaves(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached() as ana:
        async with at.attached() as luis:
            ana.stability.start(SIMULATED, ("load",))
            await until(lambda: luis.stability.state().is_running)
        await until(lambda: at.server.clients == 1)
        assert at.fleet.stability.state().is_running
        await until(lambda: ana.stability.state().is_running)
        assert ana._link is not None
        await ana._link._stream.aclose()
        await until(lambda: is_over(at.fleet.stability.state()))
        await until(lambda: is_over(ana.stability.state()))
        report = ana.stability.state().report
        assert report is not None
        assert not report.is_complete
        assert not ana.stability.state().problem


async def test_who_has_begun_one_that_is_over_leaves_the_next_ones_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached() as luis:
        async with at.attached() as ana:
            ana.stability.start(SIMULATED, QUICK[:1])
            await until(lambda: is_over(ana.stability.state()))
            luis.stability.start(SIMULATED, ("load",))
            await until(lambda: at.fleet.stability.state().is_running)
        await until(lambda: at.server.clients == 1)
        await until(lambda: luis.stability.state().is_running)
        assert at.fleet.stability.state().is_running


async def test_a_server_that_dies_leaves_what_was_seen_and_says_that_it_is_old(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached() as fleet:
        fleet.stability.start(SIMULATED, ("load",))
        await until(lambda: fleet.stability.state().is_running)
        assert fleet._link is not None
        fleet._target = type(fleet._target)(tmp_path / "nobody.sock")
        await fleet._link._stream.aclose()
        await until(lambda: "not connected" in fleet.stability.state().problem)
        assert fleet.stability.state().report is not None


async def test_who_only_looks_sees_it_and_is_refused_by_the_other_side(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached(may_write=False) as fleet:
        for do in ("stop test", "save report"):
            with pytest.raises(ControlRefused, match=f"{do}: refused, this is read-only"):
                await fleet.ask(do)
        fleet.stability.start(SIMULATED)
        await until(lambda: fleet.stability.state().problem == "start test: refused, this is read-only")
        assert at.fleet.stability.state().report is None


async def test_what_is_not_known_there_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached() as fleet:
        fleet.stability.start("edge-9")
        await until(lambda: "no router is called 'edge-9'" in fleet.stability.state().problem)
        fleet.stability.start(SIMULATED, ("no-such",))
        await until(lambda: "1 of them are not known here" in fleet.stability.state().problem)
        assert at.fleet.stability.state().report is None
        with pytest.raises(ControlRefused, match="run a test to its end first"):
            await fleet.stability.save()
