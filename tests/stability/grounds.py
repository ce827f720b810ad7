"""Where the tests play scenarios: in virtual time, on routers that somebody has spoilt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mktui.core import PoolOptions
from mktui.simulator.router import SimulatedRouter
from mktui.stability.report import in_words
from mktui.stability.runner import Run
from mktui.stability.scenarios import SCENARIOS
from mktui.stability.stage import SimulatedGround

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.simulator.profile import RouterProfile
    from mktui.stability.report import ScenarioReport
    from mktui.stability.stage import Scenario

BY_NAME = {each.name: each for each in SCENARIOS}


@dataclass
class SpoiltGround(SimulatedGround):
    """Simulated routers with something wrong from the beginning. ``profile`` None: the scenario's own."""

    spoil: Callable[[SimulatedRouter], None] = lambda _box: None
    profile: RouterProfile | None = None
    pool: PoolOptions = field(default_factory=PoolOptions)

    def made(self, scenario: Scenario) -> SimulatedRouter:
        box = SimulatedRouter(self.profile or scenario.profile)
        self.spoil(box)
        return box


async def played(name: str, ground: SimulatedGround | None = None, **facts: float) -> ScenarioReport:
    """Play one scenario."""
    (report,) = (await Run(ground or SimulatedGround(), [BY_NAME[name]], **facts).play()).scenarios  # type: ignore[arg-type]  # duration and rate
    return report


def broken(report: ScenarioReport) -> set[str]:
    """The claims that do not hold."""
    return {figure.name for figure in report.figures if not figure.holds}


def told(report: ScenarioReport) -> str:
    """Everything that was seen, for a test that fails."""
    return "\n".join((report.verdict.value, report.reason, *map(in_words, report.figures)))


def slower(profile: RouterProfile, seconds: float) -> RouterProfile:
    """The same router, slower."""
    return replace(profile, latency=seconds, jitter=0.0)
