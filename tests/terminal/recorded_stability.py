"""Stability tests as they were once seen: none, one that runs, one that failed, and reports that were kept."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio

from mktui.services.stability import KeptReport, StabilityState
from mktui.stability.report import SIMULATED, Figure, ScenarioReport, Series, StabilityReport, Verdict
from mktui.stability.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mktui.errors import MktuiError

NOW: Final = datetime(2026, 11, 23, 3, 40, 12, tzinfo=UTC)
FOLDER: Final = "/home/ana/.local/state/mktui/stability"


def series(name: str, middle: float, *, failed: int = 0) -> Series:
    """A minute of answers that come and go, with ``failed`` moments in which there was none."""
    points = [middle * (1 + 0.6 * math.sin(place / 5)) for place in range(60)]
    slowest = [None if 20 <= place < 20 + failed else round(value, 4) for place, value in enumerate(points)]
    return Series(
        name=name, step=0.2, slowest=tuple(slowest), failures=tuple(int(value is None) * 3 for value in slowest)
    )


FIGURES: Final = {
    "pool-initialisation": (
        Figure(name="first connection after", value=0.021, unit="s", most=2),
        Figure(name="all 3 after", value=0.064, unit="s", most=5),
        Figure(name="connections", value=3, least=3, most=3),
    ),
    "load": (
        Figure(name="asked", value=200, unit="commands"),
        Figure(name="rate that was answered", value=18.2, unit="1/s", least=17),
        Figure(name="success", value=96.5, unit="%", least=99),
        Figure(name="p50", value=0.04, unit="s"),
        Figure(name="p95", value=1.93, unit="s", most=1),
        Figure(name="p99", value=2.4, unit="s"),
    ),
    "before-and-after": (
        Figure(name="wait for a turn, p95", value=1.18, unit="s", most=2.5, beside=5.0),
        Figure(name="answer, p95", value=1.71, unit="s", most=3.89, beside=5.55),
        Figure(name="answered", value=4.8, unit="1/s", least=3.38, beside=2.6),
        Figure(name="failed or unknown", value=4, unit="%", most=10, beside=48),
        Figure(name="shown as offline, in an hour", value=12, unit="min", most=27, beside=54),
        Figure(name="writes done twice", value=0, most=0, beside=1),
    ),
}  # fmt: skip
"""What three of them saw; the others saw one thing."""
SEEN: Final = (Figure(name="answered afterwards", value=0.012, unit="s", most=2),)
PICTURES: Final = {
    "load": (series("", 0.9, failed=7),),
    "before-and-after": (series("pool", 0.8), series("2024", 3.1, failed=12)),
}  # fmt: skip


def reported(*failed: str, is_complete: bool = True, until: str = "") -> StabilityReport:
    """A report in which some scenarios failed; with ``until`` that one is running, and what follows has not begun."""
    reports = []
    for number, each in enumerate(SCENARIOS):
        verdict = Verdict.FAILED if each.name in failed else Verdict.PASSED
        verdict = Verdict.RUNNING if each.name == until else verdict
        figures, drawn = FIGURES.get(each.name, SEEN), PICTURES.get(each.name, (series("", 0.05),))
        if verdict is Verdict.PASSED:
            figures = tuple(figure for figure in figures if figure.holds)
        reports.append(
            ScenarioReport(name=each.name, title=each.title, does=each.does, verdict=verdict,
                           seconds=0.4 + 1.3 * number, figures=figures, series=drawn)
        )  # fmt: skip
        if each.name == until:
            break
    return StabilityReport(
        run="20261123T033900-1a2b", begun_at=NOW - timedelta(seconds=72), target=SIMULATED, duration=10, rate=20,
        is_complete=is_complete, seconds=44.2, scenarios=tuple(reports),
    )  # fmt: skip


def on_a_router(router: str) -> StabilityReport:
    """A report of a real router: what needs faults was skipped."""
    why = "needs faults, which nobody makes on a real router: --simulated has them"
    kept = {"pool-initialisation", "concurrent-connections", "health-monitoring", "batch-efficiency", "load"}
    made = reported("load")
    scenarios = tuple(
        each if each.name in kept
        else each.model_copy(
            update={"verdict": Verdict.SKIPPED, "reason": why, "figures": (), "series": (), "seconds": 0.0}
        )
        for each in made.scenarios
    )  # fmt: skip
    return made.model_copy(update={"target": router, "address": "10.0.7.3:8728", "scenarios": scenarios})


KEPT: Final = tuple(
    KeptReport(Path(FOLDER) / f"{number}.json", NOW - timedelta(hours=hours), target, summary, has_failed=failed)
    for number, (hours, target, summary, failed) in enumerate((
        (3, "simulated", "10 passed", False),
        (27, "hotspot-plaza", "4 passed, 1 failed, 5 skipped", True),
        (200, "edge-1", "5 passed, 5 skipped", False),
    ))
)  # fmt: skip
NOTHING: Final = StabilityState(folder=FOLDER)
FAILED: Final = StabilityState(reported("load"), kept=KEPT, folder=FOLDER)
PASSED: Final = StabilityState(reported(), kept=KEPT, folder=FOLDER)
RUNNING: Final = StabilityState(
    reported(until="load"), is_running=True, share=0.63, waiting=tuple(each.name for each in SCENARIOS[7:]),
    kept=KEPT, folder=FOLDER,
)  # fmt: skip
REAL: Final = StabilityState(on_a_router("hotspot-plaza"), kept=KEPT, folder=FOLDER)


@dataclass
class RecordedStability:
    """Shows a state and writes down what it is asked to do. ``refuses`` is raised by what can be refused."""

    shown: StabilityState = NOTHING
    started: list[tuple[str, tuple[str, ...], bool]] = field(default_factory=list)
    refuses: MktuiError | None = None
    saved: int = 0
    stopped: int = 0
    lingers: bool = False
    """A run that is stopped takes its time."""

    def state(self) -> StabilityState:
        return self.shown

    def start(self, target: str, names: Sequence[str] = (), *, may_write: bool = False) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.started.append((target, tuple(names), may_write))
        self.shown = replace(RUNNING, kept=self.shown.kept)

    def stop(self) -> None:
        self.stopped += 1
        if not self.lingers:
            self.shown = replace(self.shown, is_running=False, waiting=())

    async def save(self) -> Path:
        await anyio.lowlevel.checkpoint()
        if self.refuses is not None:
            raise self.refuses
        self.saved += 1
        return Path(FOLDER) / "20261123T033900-1a2b-simulated.html"
