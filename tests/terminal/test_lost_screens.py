"""On every screen, what is as it was when the connection was lost is grey, and how old it is stands on top."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from rich.color import Color
from textual.widget import Widget
from textual.widgets import DataTable

from mktui.config.save import Seen
from mktui.tui.actions import Place
from mktui.tui.screens.view import StillStatic, View
from mktui.tui.widgets.long_table import LongTable
from mktui.tui.widgets.top_lines import TopLines
from tests.terminal.driving import lines, look, only, opened, press
from tests.terminal.pictured import SIZES
from tests.terminal.recorded import RecordedServices, fleet
from tests.terminal.recorded_configs import TEXT
from tests.terminal.recorded_errors import CHANGES, log
from tests.terminal.recorded_schedule import JOBS
from tests.terminal.recorded_stability import RUNNING, RecordedStability
from tests.terminal.recorded_syncs import planned
from tests.terminal.test_keys import ASK

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from mktui.tui.app import ControlRoom

pytestmark = pytest.mark.anyio
WAYS: Final = {
    Place.FLEET: (), Place.ROUTER: ("enter",), Place.SYNC: ("2",), Place.PLAN: ("s",), Place.ERRORS: ("3",),
    Place.TESTS: ("4",), Place.BILLING: ("5",), Place.FORM: ("5", "e"), Place.CUSTOMER: ("f", *"ana", "enter"),
    Place.CONFIG: ("6",), Place.CHANGES: ("c",), Place.ROWS: ASK,
    Place.SCHEDULE: ("8",),
}  # fmt: skip
AT_EACH_SIZE = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


def served() -> RecordedServices:
    """Everything has something to show."""
    services = RecordedServices(stability=RecordedStability(RUNNING), config=Seen(Path("/etc/mktui.toml"), TEXT, None))
    services.will_plan = {"edge-1": planned()}
    services.plans = {"edge-1": planned()}
    services.log, services.audit = log(), CHANGES
    services.recorded = replace(fleet(), maintenance=JOBS)
    return services


def colours(widget: Widget) -> set[str]:
    """The colours that letters of a widget have."""
    found = set()
    for strip in widget.render_lines(widget.size.region):
        for part in strip:
            if part.text.strip() and part.style is not None and part.style.color is not None:
                found.add(part.style.color.get_truecolor().hex)
    return found


def bodies(app: ControlRoom) -> list[Widget]:
    """What shows values: not the lines on top, the keys, or what is being typed."""
    shown = (each for each in app.screen.query(Widget) if isinstance(each, StillStatic | DataTable | LongTable))
    return [each for each in shown if each.is_on_screen and each.size.area]


def loud(app: ControlRoom) -> str:
    """What of the first line is not grey."""
    quiet = Color.parse(app.theme_variables["quiet"]).get_truecolor().hex
    (top,) = app.screen.query(TopLines)
    parts = (part for part in top.render_lines(top.size.region)[0] if part.style is not None)
    coloured = (part for part in parts if part.style and part.style.color)
    return "".join(each.text for each in coloured if each.style and each.style.color and
                   each.style.color.get_truecolor().hex != quiet).rstrip()  # fmt: skip


async def lose(app: ControlRoom, pilot: Pilot[None]) -> None:
    services = app.services
    assert isinstance(services, RecordedServices)
    services.recorded = replace(services.recorded, lost_for=95.0)
    await look(pilot)


@pytest.mark.parametrize("place", WAYS, ids=lambda place: place.value)
@AT_EACH_SIZE
async def test_every_screen_is_grey_with_its_age_on_top(place: Place, size: tuple[int, int]) -> None:
    async with opened(served(), size=size) as (app, pilot):
        await only(pilot, "edge-1")
        await press(pilot, *WAYS[place])
        assert isinstance(app.screen, View)
        assert app.screen.place is place
        before = {colour for each in bodies(app) for colour in colours(each)}
        assert len(before) > 1
        await lose(app, pilot)
        assert "CONNECTION LOST 1m" in lines(app)[0]
        assert loud(app).endswith(" CONNECTION LOST 1m"), "nothing behind it has a colour"
        quiet = Color.parse(app.theme_variables["quiet"]).get_truecolor().hex
        assert {colour for each in bodies(app) for colour in colours(each)} == {quiet}
        assert isinstance(app.services, RecordedServices)
        app.services.recorded = replace(app.services.recorded, lost_for=None)
        await look(pilot)
        assert {colour for each in bodies(app) for colour in colours(each)} == before
