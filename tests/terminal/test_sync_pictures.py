"""How plans and reports look, as pictures that a person has looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mktui.sync.order import Order
from mktui.tui.app import ControlRoom
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_syncs import (
    PLAN,
    ROUTER,
    planned,
    report,
)
from tests.terminal.test_pictures import Compare, after

if TYPE_CHECKING:
    from mktui.services.planning import Planning

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")


def served(ready: Planning | None = None, **facts: object) -> RecordedServices:
    """The recorded fleet, with a plan for whoever asks for one."""
    services = RecordedServices(**facts)  # type: ignore[arg-type]  # facts of the services
    if ready is not None:
        services.will_plan[ROUTER] = ready
    return services


def test_a_conflict_under_the_cursor_says_its_key(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(served(planned())), run_before=after("s", "j", filtered="plaza"))


def test_what_a_guard_holds_back_in_words(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(served(planned())), run_before=after("s", "enter", filtered="plaza"))


def test_a_plan_read_only(snap_compare: Compare) -> None:
    app = ControlRoom(served(planned()), read_only=True)
    assert snap_compare(app, run_before=after("s", "a", filtered="plaza"))


def test_a_stale_plan_is_said_and_made_again(snap_compare: Compare) -> None:
    because = "billing or the router have changed: nothing was written, this is the plan now"
    app = ControlRoom(served(replace(planned(), because=because)))
    assert snap_compare(app, run_before=after("s", filtered="plaza"))


def test_applying_is_asked_with_what_follows(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(served(planned())), run_before=after("s", "a", filtered="plaza"))


def test_a_run_that_nobody_planned_here_shows_its_bar(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(served()), run_before=after("2", "j", "j", "j", "enter"))


def test_a_report_of_only_what_failed(snap_compare: Compare) -> None:
    services = served(reports={ROUTER: report()})
    assert snap_compare(ControlRoom(services), run_before=after("2", "j", "j", "enter", "F"))


def test_a_plan_with_wishes_says_them(snap_compare: Compare) -> None:
    wishes = Order(prune=True, heal=True, adopt=frozenset({"boss"}))
    services = served(plans={ROUTER: planned(PLAN, wishes)})
    assert snap_compare(ControlRoom(services), run_before=after("2", "j", "j", "enter"))


def test_routers_filtered_and_sorted(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(served()), run_before=after("2", "o", "o", "slash", *"edge"))


@SIZES
def test_a_plan_filtered(snap_compare: Compare, size: tuple[int, int]) -> None:
    keys = after("s", "slash", *"silver", filtered="plaza")
    assert snap_compare(ControlRoom(served(planned())), terminal_size=size, run_before=keys)


def test_a_plan_that_is_filtered_is_written_whole_and_that_is_asked(snap_compare: Compare) -> None:
    keys = after("s", "slash", *"silver", "enter", "a", filtered="plaza")
    assert snap_compare(ControlRoom(served(planned()), theme="noc-light"), run_before=keys)
