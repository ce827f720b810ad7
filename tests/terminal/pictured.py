"""Every screen in every state: what is shown, and the way there. The table is in three parts; here they are one.

A picture is taken of each at every size and in both themes. A state that a screen cannot be in says why it cannot.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import anyio
from textual.widgets import Input

from mktui.tui.app import ControlRoom
from tests.terminal.driving import fleet_is_shown, lines, look, only, press, settle
from tests.terminal.recorded import RecordedServices
from tests.terminal.small_svg import small

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from textual.pilot import Pilot
    from textual.screen import Screen

    from mktui.tui.keymap import Keymap

Reasons: TypeAlias = "dict[tuple[type[Screen[Any]], State], str]"
"""Why a screen cannot be in a state."""
SIZES: Final = ((80, 24), (120, 40), (200, 50))
DARK: Final = "noc-dark"
THEMES: Final = (DARK, "noc-light")


class State(StrEnum):
    """How things may stand when somebody looks at a screen."""

    NORMAL = "normal"
    EMPTY = "empty"
    LOADING = "loading"
    ERROR = "error"
    OFFLINE = "offline"


@dataclass(frozen=True)
class Shown:
    """A screen in a state. ``way``: from the fleet's first picture to it; ``which``: one of several in the same."""

    screen: type[Screen[Any]]
    state: State
    way: Callable[[Pilot[None]], Awaitable[None]]
    services: Callable[[], RecordedServices] = RecordedServices
    which: str = ""
    read_only: bool = False
    is_first: bool = False

    def __str__(self) -> str:
        name = self.screen.__name__.removesuffix("Screen").removesuffix("View").lower()
        return "-".join(part for part in (name, self.state, self.which) if part)


def keys(*pressed: str, filtered: str = "", held: str = "") -> Callable[[Pilot[None]], Awaitable[None]]:
    """Filter the fleet, press keys; ``held``: a last one, which begins something that does not end."""

    async def way(pilot: Pilot[None]) -> None:
        if filtered:
            await only(pilot, filtered)
        await press(pilot, *pressed)
        if held:
            pilot.app.simulate_key(held)
            await settle(pilot)
            await settle(pilot)

    return way


@dataclass(frozen=True)
class Picture:
    """What was seen."""

    svg: str
    text: str


class Still(ControlRoom):
    """The control room whose notices stay until they were looked at."""

    NOTIFICATION_TIMEOUT = 3600


@cache
def taken(shown: Shown, theme: str) -> Mapping[tuple[int, int], Picture]:
    """Go there once, and take a picture at each size: the dark theme's terminal grows, the light one's shrinks."""
    return anyio.run(_taken, shown, theme)


async def _taken(shown: Shown, theme: str) -> Mapping[tuple[int, int], Picture]:
    sizes = SIZES if theme == DARK else SIZES[::-1]
    found: dict[tuple[int, int], Picture] = {}
    async with gone_to(shown, theme=theme, size=sizes[0]) as (app, pilot):
        for size in sizes:
            if size != sizes[0]:
                await pilot.resize_terminal(*size)
            for box in app.screen.query(Input):
                box.cursor_blink = False
            await look(pilot)
            await settle(pilot)
            found[size] = Picture(small(app.export_screenshot(title=app.title, simplify=True)), "\n".join(lines(app)))
    return found


@asynccontextmanager
async def gone_to(
    shown: Shown, *, theme: str = DARK, size: tuple[int, int], keymap: Keymap | None = None
) -> AsyncIterator[tuple[Still, Pilot[None]]]:
    """Go to a screen in a state."""
    app = Still(shown.services(), theme=theme, read_only=shown.read_only, is_first=shown.is_first, keymap=keymap)
    app.animation_level = "none"
    async with app.run_test(size=size, notifications=True) as pilot:
        if not shown.is_first:
            await fleet_is_shown(pilot)
        (looking,) = (timer for timer in app._timers if timer.name == "look")
        looking.pause()
        await shown.way(pilot)
        assert type(app.screen) is shown.screen, f"the way to {shown} leads to {app.screen}"
        yield app, pilot
