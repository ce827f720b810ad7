"""How the form for a new router looks, as pictures that a person has looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mktui.tui.app import ControlRoom
from tests.terminal.driving import press, settle
from tests.terminal.recorded import RecordedServices, fleet
from tests.terminal.recorded_newcomers import FIRST, RecordedNewcomers
from tests.terminal.test_config_pictures import SIZES
from tests.terminal.test_pictures import Compare, after

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.pilot import Pilot

TYPED = ("n", *"10.0.0.9", "tab", "ctrl+u", *"edge-9", "tab", "tab", "tab", *"hunter2")


def room(fails: str = "", theme: str = "noc-dark") -> ControlRoom:
    """The recorded fleet; the new router fails like this."""
    return ControlRoom(RecordedServices(newcomers=RecordedNewcomers(fails=fails)), theme=theme)


@SIZES
def test_an_empty_form_says_what_the_router_needs_first(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(room(), terminal_size=size, run_before=after("n"))


@SIZES
def test_a_router_that_is_well(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(room(), terminal_size=size, run_before=after(*TYPED, "ctrl+t"))


@pytest.mark.parametrize("fails", ["password", "refused", "silent", "certificate"])
def test_each_failure_with_what_to_do(snap_compare: Compare, fails: str) -> None:
    tls = ("tab", "right") if fails == "certificate" else ()
    assert snap_compare(room(fails), run_before=after(*TYPED, *tls, "ctrl+t"))


def test_errors_stand_beside_their_fields(snap_compare: Compare) -> None:
    keys = ("n", *"10.0.0.1", "tab", "ctrl+u", *"edge-1", "tab", *"99999", "tab", "ctrl+u", "tab", "tab", "right",
            "ctrl+t")  # fmt: skip
    assert snap_compare(room(), run_before=after(*keys))


def test_saving_without_a_test_is_asked_about(snap_compare: Compare) -> None:
    plain = ("tab", "tab", "left", "ctrl+s")
    assert snap_compare(room(), run_before=after(*TYPED, *plain))


@pytest.mark.parametrize("theme", ["noc-light", "ansi"])
def test_the_form_in_other_themes(snap_compare: Compare, theme: str) -> None:
    assert snap_compare(room("password", theme), run_before=after(*TYPED, "ctrl+t"))


@SIZES
def test_the_first_start_welcomes(snap_compare: Compare, size: tuple[int, int]) -> None:
    services = RecordedServices(replace(fleet(), routers=()), newcomers=RecordedNewcomers(FIRST))

    def drive() -> Callable[[Pilot[None]], Awaitable[None]]:
        async def still(pilot: Pilot[None]) -> None:
            pilot.app.animation_level = "none"
            await press(pilot)
            pilot.app.screen.query_one("#host").cursor_blink = False  # type: ignore[attr-defined]  # it is an Input
            await settle(pilot)

        return still

    assert snap_compare(ControlRoom(services, is_first=True), terminal_size=size, run_before=drive())
