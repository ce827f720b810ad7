"""The control room without a terminal and without a clock: keys go in, the picture comes out as text."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from textual.widgets import Input

from mktui.tui.app import ControlRoom
from mktui.tui.screens.fleet import FleetScreen
from tests.terminal.recorded import RecordedServices

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.notifications import Notification
    from textual.pilot import Pilot

    from mktui.tui.keymap import Keymap


@asynccontextmanager
async def opened(
    services: RecordedServices | None = None,
    *,
    read_only: bool = False,
    theme: str = "noc-dark",
    size: tuple[int, int] = (80, 24),
    keymap: Keymap | None = None,
) -> AsyncIterator[tuple[ControlRoom, Pilot[None]]]:
    """Run the control room for the block. It looks at its services only when ``look`` says so."""
    app = ControlRoom(services or RecordedServices(), theme=theme, read_only=read_only, keymap=keymap)
    app.animation_level = "none"
    async with app.run_test(size=size, notifications=True) as pilot:
        await fleet_is_shown(pilot)
        (looking,) = (timer for timer in app._timers if timer.name == "look")
        looking.pause()
        yield app, pilot


async def fleet_is_shown(pilot: Pilot[None]) -> None:
    """Wait for the first picture: a key that comes before it finds no router."""
    screen = pilot.app.screen
    with anyio.fail_after(20):
        while not isinstance(screen, FleetScreen) or screen._last is None:
            assert pilot.app._exception is None
            await anyio.sleep(0.002)
            screen = pilot.app.screen
    await settle(pilot)


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys, each after what the one before has done, and wait for whatever they began.

    ``Pilot.press`` judges by the clock, 80 ms a key; here a key is done when every message it led to is.
    """
    for key in keys:
        pilot.app.simulate_key(key)
        await settle(pilot)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def settle(pilot: Pilot[None]) -> None:
    """Wait until messages, and the messages that these led to, are dealt with."""
    for _ in range(4):
        await pilot._wait_for_screen()


async def look(pilot: Pilot[None]) -> None:
    """Let the time come at which the screen looks at its services."""
    assert isinstance(pilot.app, ControlRoom)
    pilot.app._tick()
    await pilot.pause()


def lines(app: ControlRoom) -> list[str]:
    """What is on the screen, line by line."""
    return ["".join(part.text for part in strip).rstrip() for strip in app.screen._compositor.render_strips()]


def text(app: ControlRoom) -> str:
    """What is on the screen."""
    return "\n".join(lines(app))


def routers(app: ControlRoom) -> list[str]:
    """The routers of the fleet's table, from the top; long names are cut."""
    table = app.screen.query_one("#routers")
    return [line.split()[1] for line in lines(app)[table.region.y + 1 : table.region.bottom] if line.strip()]


def notices(app: ControlRoom) -> list[Notification]:
    """What the operator was told, oldest first."""
    return list(app._notifications)


async def only(pilot: Pilot[None], part: str) -> None:
    """Filter the fleet down to the one router whose name has a part."""
    await press(pilot, "slash")
    pilot.app.screen.query_one("#filter", Input).value = part
    await press(pilot, "enter")
