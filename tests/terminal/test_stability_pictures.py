"""How the screen of tests looks, as pictures that a person has looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mktui.tui.app import ControlRoom
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_stability import FAILED, KEPT, NOTHING, PASSED, REAL, RUNNING, RecordedStability
from tests.terminal.test_pictures import Compare, after

if TYPE_CHECKING:
    from mktui.services.stability import StabilityState

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")


def room(shown: StabilityState, **facts: object) -> ControlRoom:
    """The control room while tests stand so."""
    return ControlRoom(RecordedServices(stability=RecordedStability(shown)), **facts)  # type: ignore[arg-type]  # its options


@SIZES
def test_no_test_was_run_yet(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(room(NOTHING), terminal_size=size, run_before=after("4"))


@SIZES
def test_a_test_that_runs(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(room(RUNNING), terminal_size=size, run_before=after("4", *"jjjjjj"))


@SIZES
def test_a_test_that_failed_says_by_which_figures(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(room(FAILED), terminal_size=size, run_before=after("4", *"jjjjjj"))


@SIZES
def test_before_and_after_side_by_side(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(room(PASSED), terminal_size=size, run_before=after("4", "G"))


def test_one_scenario_with_everything(snap_compare: Compare) -> None:
    assert snap_compare(room(PASSED), run_before=after("4", "G", "enter"))


def test_a_scenario_that_was_not_run(snap_compare: Compare) -> None:
    assert snap_compare(room(NOTHING), run_before=after("4", "enter"))


def test_a_real_router_skips_what_needs_faults(snap_compare: Compare) -> None:
    assert snap_compare(room(REAL), run_before=after("4", "j", "j"))


def test_a_real_router_is_asked_about(snap_compare: Compare) -> None:
    assert snap_compare(room(NOTHING), run_before=after("T", filtered="plaza"))


def test_a_protected_router_wants_its_name(snap_compare: Compare) -> None:
    assert snap_compare(room(NOTHING), run_before=after("T", filtered="edge-1"))


def test_read_only_says_that_nothing_is_written(snap_compare: Compare) -> None:
    assert snap_compare(room(NOTHING, read_only=True), run_before=after("T", filtered="plaza"))


def test_a_run_that_could_not_go_on(snap_compare: Compare) -> None:
    problem = "hotspot-plaza: circuit open (connection refused), next try in 41 s"
    shown = replace(REAL, problem=problem, kept=KEPT)
    assert snap_compare(room(shown), run_before=after("4"))


def test_tests_in_another_theme(snap_compare: Compare) -> None:
    assert snap_compare(room(FAILED, theme="noc-light"), run_before=after("4", *"jjjjjj"))
