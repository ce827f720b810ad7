"""How the screen of tests looks, as pictures that a person has looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui.tui.app import ControlRoom
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_stability import NOTHING, REAL, RecordedStability
from tests.terminal.test_pictures import Compare, after

if TYPE_CHECKING:
    from mktui.services.stability import StabilityState


def room(shown: StabilityState, **facts: object) -> ControlRoom:
    """The control room while tests stand so."""
    return ControlRoom(RecordedServices(stability=RecordedStability(shown)), **facts)  # type: ignore[arg-type]  # its options


def test_a_real_router_skips_what_needs_faults(snap_compare: Compare) -> None:
    assert snap_compare(room(REAL), run_before=after("4", "j", "j"))


def test_a_real_router_is_asked_about(snap_compare: Compare) -> None:
    assert snap_compare(room(NOTHING), run_before=after("T", filtered="plaza"))


def test_a_protected_router_wants_its_name(snap_compare: Compare) -> None:
    assert snap_compare(room(NOTHING), run_before=after("T", filtered="edge-1"))


def test_read_only_says_that_nothing_is_written(snap_compare: Compare) -> None:
    assert snap_compare(room(NOTHING, read_only=True), run_before=after("T", filtered="plaza"))
