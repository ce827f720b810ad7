"""Plays scenarios one after another. What has been found can be taken at any moment, also after it was cancelled."""

from __future__ import annotations

import secrets
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.errors import BillingError, MktuiError, RouterError
from mktui.stability import own_rows
from mktui.stability.leftovers import Leftovers, clear
from mktui.stability.notes import Notes
from mktui.stability.report import ScenarioReport, StabilityReport, Verdict
from mktui.stability.stage import Reach, Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mktui.stability.stage import Ground

DURATION: Final = 10.0
"""Seconds of load when nobody says otherwise."""
RATE: Final = 20.0
"""Commands a second when nobody says otherwise."""
_PATIENCE: Final = 60.0
"""Seconds that any scenario may take besides four times its load: one that hangs has failed."""
_LOOKING: Final = 15.0
"""Seconds that looking for what earlier runs have left may take."""
_INTERRUPTED: Final = "interrupted"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a test is. ``share`` is of the whole, 0-1; ``title`` of the scenario under way."""

    share: float
    title: str


class Run:
    """One test. ``play`` it once; ``report`` and ``progress`` say at any time how it stands."""

    def __init__(
        self,
        ground: Ground,
        scenarios: Sequence[Scenario],
        *,
        duration: float = DURATION,
        rate: float = RATE,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.ground, self.scenarios = ground, tuple(scenarios)
        self.duration, self.rate = duration, rate
        self.begun_at = clock.utc_now()
        self.run = "-".join(filter(None, (f"{self.begun_at:%Y%m%dT%H%M%S}", ground.home, secrets.token_hex(2))))
        self._on_change = on_change
        self._done: list[ScenarioReport] = []
        self._playing: tuple[Scenario, Notes] | None = None
        self._begun: float | None = None
        self._ended: float | None = None
        self._is_cut_short = False
        self.leftovers = Leftovers()
        """What earlier runs had left, and what became of it."""
        self.has_written = False
        """It may have changed something."""

    @property
    def is_over(self) -> bool:
        """It has come to its end, good or not."""
        return self._ended is not None

    @property
    def progress(self) -> Progress:
        """How far it is."""
        done = float(len(self._done))
        if self._playing is None:
            return Progress(done / max(1, len(self.scenarios)), "")
        scenario, notes = self._playing
        return Progress((done + notes.share) / len(self.scenarios), scenario.title)

    async def play(self) -> StabilityReport:
        """Play every scenario."""
        self._begun = clock.now()
        try:
            await self._clear()
            for scenario in self.scenarios:
                await self._one(scenario)
                self._on_change()
        finally:
            self._ended = clock.now()
        return self.report()

    def report(self) -> StabilityReport:
        """Return what has been found so far; a scenario under way is ``running``."""
        reports = list(self._done)
        if self._playing is not None:
            reports.append(_reported(*self._playing, Verdict.RUNNING, ""))
        is_complete = not self._is_cut_short and len(self._done) == len(self.scenarios)
        until = self._ended if self._ended is not None else clock.now() if self._begun is not None else 0.0
        return StabilityReport(
            run=self.run, begun_at=self.begun_at, target=self.ground.name, address=self.ground.address,
            duration=self.duration, rate=self.rate, is_complete=is_complete,
            seconds=round(until - (self._begun or 0.0), 3), scenarios=tuple(reports),
        )  # fmt: skip

    async def _one(self, scenario: Scenario) -> None:
        why_not = self.ground.why_not(scenario)
        notes = Notes(self._on_change)
        if why_not:
            self._done.append(_reported(scenario, notes, Verdict.SKIPPED, why_not))
            return
        self._playing = (scenario, notes)
        verdict, reason = Verdict.SKIPPED, _INTERRUPTED
        self._is_cut_short = True
        try:
            verdict, reason = await self._judged(scenario, notes)
            self._is_cut_short = False
        finally:
            self._playing = None
            self._done.append(_reported(scenario, notes, verdict, reason))

    async def _judged(self, scenario: Scenario, notes: Notes) -> tuple[Verdict, str]:
        """Play a scenario, one that writes while nobody else does; return its verdict and its reason."""
        is_writing = scenario.reach is Reach.WRITES
        try:
            async with self.ground.writing() if is_writing else nullcontext():
                self.has_written = self.has_written or is_writing
                reason = await self._played(scenario, notes)
        except BillingError as error:  # somebody else writes
            return Verdict.SKIPPED, str(error)
        holds = not reason and all(figure.holds for figure in notes.figures())
        return Verdict.PASSED if holds else Verdict.FAILED, reason

    async def _played(self, scenario: Scenario, notes: Notes) -> str:
        """Play a scenario and return why it could not be played to its end; "": it was."""
        limit = _PATIENCE + 4 * self.duration
        mark = own_rows.mark_of(self.run)
        try:
            with anyio.move_on_after(limit) as scope:
                async with self.ground.stage(
                    scenario, notes, mark=mark, duration=self.duration, rate=self.rate
                ) as stage:
                    await scenario.play(stage)
        except MktuiError as error:
            return str(error)
        return f"not done within {limit:.0f} s" if scope.cancelled_caught else ""

    async def _clear(self) -> None:
        """Look for what killed runs have left. A router that cannot be asked says so in each scenario."""
        if not self.ground.home or not self.scenarios:
            return
        one, notes, may_remove = self.scenarios[0], Notes(), not self.ground.refusal
        with suppress(RouterError), anyio.move_on_after(_LOOKING):
            async with self.ground.stage(one, notes, mark="", duration=0, rate=0) as stage, stage.client() as client:
                self.leftovers = await clear(client, self.ground.home, self.ground.writing, may_remove=may_remove)
        self.has_written = self.leftovers.removed > 0


def _reported(scenario: Scenario, notes: Notes, verdict: Verdict, reason: str) -> ScenarioReport:
    is_played = verdict is not Verdict.SKIPPED or reason == _INTERRUPTED
    seconds = clock.now() - notes.begun_at if is_played else 0.0
    return ScenarioReport(
        name=scenario.name, title=scenario.title, does=scenario.does, verdict=verdict, reason=reason,
        seconds=round(seconds, 3), figures=notes.figures(), series=notes.series(),
    )  # fmt: skip
