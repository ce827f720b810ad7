"""How the screens look, as pictures that a person has looked at. ``--snapshot-update`` takes new ones: look again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest
from textual.widgets import Input

from mktui.tui.app import ControlRoom
from tests.terminal.driving import fleet_is_shown, only, press, settle
from tests.terminal.recorded import RecordedServices

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.pilot import Pilot


class Compare(Protocol):
    """What ``snap_compare`` is."""

    def __call__(
        self,
        app: ControlRoom,
        *,
        press: tuple[str, ...] = (),
        terminal_size: tuple[int, int] = (80, 24),
        run_before: Callable[[Pilot[None]], Awaitable[None]] | None = None,
    ) -> bool: ...


def after(*keys: str, filtered: str = "") -> Callable[[Pilot[None]], Awaitable[None]]:
    """Filter the fleet, press keys, and hold the cursor of an input still."""

    async def drive(pilot: Pilot[None]) -> None:
        pilot.app.animation_level = "none"
        await fleet_is_shown(pilot)
        if filtered:
            await only(pilot, filtered)
        await press(pilot, *keys)
        for box in pilot.app.screen.query(Input):
            box.cursor_blink = False
        await settle(pilot)

    return drive


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_fleet_shows_trouble_first(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), terminal_size=size, run_before=after())


@pytest.mark.parametrize("part", ["edge-1", "edge-2", "plaza", "west", "cerro"])
def test_a_router_shows_every_part_of_itself(snap_compare: Compare, part: str) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("enter", filtered=part))


@pytest.mark.parametrize("part", ["edge-1", "plaza"])
def test_a_wide_terminal_has_more_columns_not_more_frames(snap_compare: Compare, part: str) -> None:
    wide = after("enter", filtered=part)
    assert snap_compare(ControlRoom(RecordedServices()), terminal_size=(120, 40), run_before=wide)


@pytest.mark.parametrize("theme", ["noc-light", "high-contrast", "colour-blind"])
def test_the_fleet_keeps_its_shape_in_every_theme(snap_compare: Compare, theme: str) -> None:
    assert snap_compare(ControlRoom(RecordedServices(), theme=theme), run_before=after())


def test_a_filter_says_what_it_hides(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("slash", "!", "e", "d"))


def test_a_dangerous_action_names_the_router_and_says_what_follows(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("R"))


def test_a_protected_router_asks_for_its_name(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("R", filtered="edge-1"))


def test_a_test_shows_its_steps_and_a_verdict(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("t", filtered="edge-1"))


def test_help_lists_every_key(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("question_mark"))
