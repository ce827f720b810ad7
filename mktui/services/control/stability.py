"""Stability tests on an attached screen: run where the routers are held, seen here as far as they have been heard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mktui import clock
from mktui.errors import MktuiError
from mktui.services.control.forms import heard
from mktui.services.stability import StabilityState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anyio.abc import TaskGroup

    from mktui.services.control.asks import Asks

EVERY: Final = 0.5
EVERY_IDLE: Final = 2.0
"""Seconds between two questions, while a test runs and when none does."""
TOLD_FOR: Final = 10.0
"""Seconds for which a refusal stands in the place of a run's progress."""


class AttachedTests:
    """The same face as a desk of one's own."""

    def __init__(self, fleet: Asks, tasks: TaskGroup) -> None:
        self._fleet = fleet
        self._tasks = tasks
        self._state = StabilityState(folder="…")
        self._refused = ""
        """Why what was asked last could not be done."""
        self._refused_at = 0.0
        self._lost = ""
        """Why nobody knows how the run goes on."""
        self._due_at = 0.0
        self._is_asking = False

    def state(self) -> StabilityState:
        """Return what was heard last, and have it asked again soon. Never blocks."""
        if not self._is_asking and clock.now() >= self._due_at:
            self._is_asking = True
            self._tasks.start_soon(self._look, name="attached tests")
        is_told = self._refused and (not self._state.is_running or clock.now() < self._refused_at + TOLD_FOR)
        problem = self._lost or (self._refused if is_told else "")
        return replace(self._state, problem=problem) if problem else self._state

    def start(self, target: str, names: Sequence[str] = (), *, may_write: bool = False) -> None:
        """Begin a test there; why it cannot be begun is told by ``state``."""
        self._refused = ""
        self._soon("start test", target=target, scenarios=list(names), rows=may_write)

    def stop(self) -> None:
        """End the test that runs; what it has found so far stays."""
        self._soon("stop test")

    async def save(self) -> Path:
        """Keep the last report where it was made, and return its page there."""
        page = Path(str(await self._fleet.ask("save report")))
        await self._look()
        return page

    def _soon(self, do: str, **facts: Any) -> None:  # Any: JSON
        async def work() -> None:
            try:
                await self._fleet.ask(do, **facts)
            except MktuiError as error:
                self._refused, self._refused_at = " ".join(str(error).split()), clock.now()
            else:
                await self._look()

        self._tasks.start_soon(work, name=do)

    async def _look(self) -> None:
        try:
            told = await self._fleet.ask("tests")
            state = heard(told["state"])
            if isinstance(state, StabilityState):
                self._state = replace(state, ends_with_screen=bool(told["is_own"]))
        except MktuiError as error:
            if self._state.is_running:  # nobody knows how it goes on
                self._lost = " ".join(str(error).split())
        else:
            self._lost = ""
        finally:
            every = EVERY if self._state.is_running else EVERY_IDLE
            self._due_at, self._is_asking = clock.now() + every, False
