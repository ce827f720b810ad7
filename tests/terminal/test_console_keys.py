"""A command by hand on the screen: reads at once, writes after a question, and bad input is one line."""

from __future__ import annotations

import pytest

from mktui.core.protocol.sentences import Command
from mktui.errors import CommandTrapped
from mktui.tui.screens.console import ConsoleScreen
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.modals import Confirm
from tests.terminal.driving import lines, notices, only, opened, press, text
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_console import RecordedConsole
from tests.terminal.test_keys import ASK

pytestmark = pytest.mark.anyio
WRITE = ("x", *"ppp secret add name=ana", "enter")


async def test_a_read_runs_at_once_on_the_router_under_the_cursor() -> None:
    services = RecordedServices()
    async with opened(services, read_only=True) as (app, pilot):
        await only(pilot, "edge-2")
        await press(pilot, *ASK)
        assert isinstance(app.screen, ConsoleScreen)
        assert "47 rows · 38 ms" in lines(app)[0]
    assert services.console.ran == [("edge-2", Command("/ppp/active/print"))]


async def test_a_write_asks_first_and_is_refused_when_read_only() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await only(pilot, "edge-2")
        await press(pilot, *WRITE)
        assert isinstance(app.screen, Confirm)
        await press(pilot, "n")
        assert services.console.ran == []
        await press(pilot, *WRITE, "y")
        assert isinstance(app.screen, ConsoleScreen)
    assert len(services.console.ran) == 1
    services = RecordedServices()
    async with opened(services, read_only=True) as (app, pilot):
        await press(pilot, *WRITE)
        assert isinstance(app.screen, FleetScreen)
        assert "read-only" in notices(app)[-1].message
    assert services.console.ran == []


async def test_a_protected_router_wants_its_name_before_a_write() -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await only(pilot, "edge-1")
        await press(pilot, *WRITE, "y", "enter")
        assert "that is not its name" in text(app)
        assert services.console.ran == []


@pytest.mark.parametrize("typed", ["print", "name=x", "'", "/ppp/active/print oops"])
async def test_bad_input_is_one_line_and_runs_nothing(typed: str) -> None:
    services = RecordedServices()
    async with opened(services) as (app, pilot):
        await press(pilot, "x", *typed, "enter")
        (told,) = notices(app)
        assert told.title == "not run"
        assert "\n" not in told.message
    assert services.console.ran == []


async def test_rows_are_filtered_and_copied_and_move_no_cursor_of_the_terminal() -> None:
    async with opened() as (app, pilot):
        await press(pilot, *ASK, "slash", *"odd", "enter")
        assert "1 of 47 rows" in lines(app)[0]
        assert "odd·[2Jname" in text(app)
        await press(pilot, "y")
        assert app.clipboard.startswith(".id=*7 name=odd")
        await press(pilot, "escape", "escape")
        assert isinstance(app.screen, FleetScreen)


async def test_what_fails_is_told_and_another_can_be_tried() -> None:
    refused = CommandTrapped("edge-2", path="/ppp/active/print", texts=("no such command",), category=0)
    services = RecordedServices(console=RecordedConsole(refuses=refused))
    async with opened(services) as (app, pilot):
        await press(pilot, *ASK)
        assert "no such command" in text(app)
        services.console.refuses = None
        await press(pilot, *ASK)
        assert "47 rows" in lines(app)[0]
        await press(pilot, "escape")
        assert isinstance(app.screen, FleetScreen)
