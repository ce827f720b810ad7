"""What the table of every picture leaves out. ``--snapshot-update`` takes new ones: look again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest
from textual.widgets import Input

from mktui.tui.app import ControlRoom
from tests.terminal.billing_driving import under
from tests.terminal.driving import fleet_is_shown, only, press, settle
from tests.terminal.pictured_routers import TYPED
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_configs import with_file
from tests.terminal.recorded_newcomers import RecordedNewcomers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import App
    from textual.pilot import Pilot


class Compare(Protocol):
    """What ``snap_compare`` is."""

    def __call__(
        self,
        app: App[Any],
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


@pytest.mark.parametrize("theme", ["high-contrast", "colour-blind"])
def test_the_fleet_keeps_its_shape_in_every_theme(snap_compare: Compare, theme: str) -> None:
    assert snap_compare(ControlRoom(RecordedServices(), theme=theme), run_before=after())


def test_a_filter_says_what_it_hides(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("slash", "!", "e", "d"))


def test_a_router_in_the_terminals_own_colours(snap_compare: Compare) -> None:
    keys = after("enter", filtered="plaza")
    assert snap_compare(ControlRoom(RecordedServices(), theme="ansi"), terminal_size=(120, 40), run_before=keys)


def test_a_command_is_typed_at_the_bottom(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("enter", "x"))


def test_a_write_is_asked_about(snap_compare: Compare) -> None:
    keys = after("x", *"ppp secret add name=ana password=hunter2", "enter", filtered="edge-2")
    assert snap_compare(ControlRoom(RecordedServices()), run_before=keys)


@pytest.mark.parametrize(("fails", "theme"), [("refused", "noc-dark"), ("password", "ansi")])
def test_a_new_router_that_fails(snap_compare: Compare, fails: str, theme: str) -> None:
    services = RecordedServices(newcomers=RecordedNewcomers(fails=fails))
    assert snap_compare(ControlRoom(services, theme=theme), run_before=after(*TYPED, "ctrl+t"))


def test_a_router_and_its_own_pool(snap_compare: Compare) -> None:
    app = ControlRoom(with_file())
    assert snap_compare(app, terminal_size=(120, 40), run_before=after("e", filtered="plaza"))


def test_a_kick_names_customer_and_router(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("f", *"ana", "enter", "K"))


def test_a_filter_is_typed(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("5", "slash", *"edge"))


def test_suspending_one_names_the_router_and_the_source(snap_compare: Compare) -> None:
    async def drive(pilot: Pilot[None]) -> None:
        await after("5")(pilot)
        await under(pilot, "carmen")
        await press(pilot, "E")

    assert snap_compare(ControlRoom(RecordedServices()), run_before=drive)


def test_a_new_subscriber_without_what_he_needs(snap_compare: Compare) -> None:
    assert snap_compare(ControlRoom(RecordedServices()), run_before=after("5", "N", "ctrl+s"))
