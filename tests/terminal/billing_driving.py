"""Billing's screens in a test: who is seen, what a question says, a field that is filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import ModalScreen
from textual.widgets import Static

from mktui.tui.screens.billing import BillingScreen
from mktui.tui.screens.billing_form import FormScreen
from tests.terminal.driving import lines, press, text

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from mktui.tui.app import ControlRoom


def names(app: ControlRoom) -> list[str]:
    """The rows that are seen, from the top."""
    table = app.screen.query_one("#rows")
    found = [line[2:20].split() for line in lines(app)[table.region.y + 1 : table.region.bottom]]
    return [each[0] for each in found if each]


def row(app: ControlRoom, name: str) -> str:
    """One row as it is seen."""
    (found,) = (line for line in lines(app)[3:-6] if line[2:].startswith(name))
    return found


def told(app: ControlRoom) -> str:
    """What is said, without its line ends: by the question on top, or by the whole screen."""
    if isinstance(app.screen, ModalScreen):
        return " ".join(" ".join(str(each.render()) for each in app.screen.query(Static)).split())
    return " ".join(text(app).split())


async def under(pilot: Pilot[None], name: str) -> None:
    """Put the cursor on a row."""
    screen = pilot.app.screen
    assert isinstance(screen, BillingScreen)
    shown = [getattr(each, "username", getattr(each, "name", "")) for each in screen.table.rows]
    screen.table.move_to(shown.index(name))
    await press(pilot)


async def filled(pilot: Pilot[None], name: str, value: str) -> None:
    """Edit one field of the form."""
    screen = pilot.app.screen
    assert isinstance(screen, FormScreen)
    screen.table.go_to(name)
    await press(pilot, "enter")
    screen.box.value = value
    await press(pilot, "enter")
