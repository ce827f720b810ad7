"""How the error log and a diagnosis look, as pictures that a person has looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui.monitor.records import ErrorLog
from mktui.tui.app import ControlRoom
from tests.terminal.driving import settle
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_errors import CHANGES, log
from tests.terminal.test_pictures import Compare, after

if TYPE_CHECKING:
    from textual.pilot import Pilot


def test_the_errors_of_one_router_and_a_hint(snap_compare: Compare) -> None:
    app = ControlRoom(RecordedServices(log=log()))
    assert snap_compare(app, run_before=after("l", "j", filtered="edge-1"))


def test_the_error_log_filtered(snap_compare: Compare) -> None:
    app = ControlRoom(RecordedServices(log=log()))
    assert snap_compare(app, run_before=after("3", "slash", *"trapped"))


def test_the_error_log_sorted_by_how_often(snap_compare: Compare) -> None:
    app = ControlRoom(RecordedServices(log=log()))
    assert snap_compare(app, run_before=after("3", "o", "o", "o", "o", "j"))


def test_who_changed_what_in_a_light_theme(snap_compare: Compare) -> None:
    app = ControlRoom(RecordedServices(log=log(), audit=CHANGES), theme="noc-light")
    assert snap_compare(app, run_before=after("c", "slash", *"luis"))


def test_a_history_that_is_not_kept_is_a_notice(snap_compare: Compare) -> None:
    app = ControlRoom(RecordedServices(log=log(problem="it was made by a newer mktui")))

    async def told(pilot: Pilot[None]) -> None:
        await after()(pilot)
        app.tell_of_history()
        await settle(pilot)

    assert snap_compare(app, run_before=told)


def test_a_diagnosis_from_the_error_log(snap_compare: Compare) -> None:
    services = RecordedServices(log=ErrorLog(log().rows[:1]))
    assert snap_compare(ControlRoom(services), terminal_size=(120, 40), run_before=after("3", "d"))
