"""Stability tests that are begun from an attached screen: they end when whoever began them leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mktui.errors import ControlRefused
from mktui.services.control import stability_messages as asked
from mktui.services.control.forms import FORMS
from mktui.stability.scenarios import SCENARIOS

if TYPE_CHECKING:
    from mktui.services.fleet import Fleet


class Trials:
    """One visitor's hand on the tests of a fleet. What another has begun he sees, and may stop."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._own = ""
        """The run that he has begun last."""

    async def done(self, request: asked.OfStability) -> Any:  # Any: JSON
        """Do what is asked, and return the answer.

        Raises:
            MktuiError: It cannot be done.
        """
        desk = self._fleet.stability
        match request:
            case asked.TestsState():
                return {"state": FORMS.plain(desk.state()), "is_own": self._runs_own()}
            case asked.StartTest():
                return self._start(request)
            case asked.StopTest():
                self._fleet.chronicle.audit("stop stability test", self._target())
                return desk.stop()
            case asked.SaveReport():
                return str(await desk.save())

    def leave(self) -> None:
        """He has left: nobody looks at his test any more."""
        if self._runs_own():
            self._fleet.stability.stop()

    def _start(self, request: asked.StartTest) -> None:
        unknown = set(request.scenarios) - {each.name for each in SCENARIOS}
        if unknown:
            raise ControlRefused("ProtocolError", f"scenarios: {len(unknown)} of them are not known here")
        desk = self._fleet.stability
        desk.start(request.target, request.scenarios, may_write=request.rows)
        report = desk.state().report
        self._own = report.run if report is not None else ""

    def _runs_own(self) -> bool:
        if not self._own:
            return False
        state = self._fleet.stability.state()
        return state.is_running and state.report is not None and state.report.run == self._own

    def _target(self) -> str:
        state = self._fleet.stability.state()
        return state.report.target if state.report is not None else ""
