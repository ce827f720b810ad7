"""The error log and the diagnosis under the fingers: filters, one router, the cursor, and the key that helps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mktui.monitor.records import ErrorLog
from mktui.tui.screens.changes import ChangesScreen, is_bad
from mktui.tui.screens.errors import ErrorsScreen
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.router import RouterScreen
from tests.terminal.driving import lines, look, notices, only, opened, press, text
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_errors import CHANGES, ROWS, log, row

if TYPE_CHECKING:
    from mktui.tui.app import ControlRoom

pytestmark = pytest.mark.anyio


def errors(app: ControlRoom) -> ErrorsScreen:
    """The error log, which is on top."""
    assert isinstance(app.screen, ErrorsScreen)
    return app.screen


def services() -> RecordedServices:
    """Services with a night's errors."""
    return RecordedServices(log=log())


async def test_l_on_a_router_shows_only_its_errors_and_l_again_all() -> None:
    async with opened(services()) as (app, pilot):
        await only(pilot, "edge-1")
        await press(pilot, "enter", "l")
        assert "Errors › edge-1" in lines(app)[1]
        assert {each.router for each in errors(app).table.all_rows} == {"edge-1"}
        await press(pilot, "l")
        assert len(errors(app).table.all_rows) == len(ROWS)
        await press(pilot, "escape")
        assert isinstance(app.screen, RouterScreen)


async def test_a_filter_looks_into_every_column_and_esc_clears_it_before_it_leaves() -> None:
    async with opened(services()) as (app, pilot):
        await press(pilot, "3", "slash", *"trapped", "enter")
        assert {each.kind for each in errors(app).table.all_rows} == {"CommandTrapped"}
        assert "filter trapped" in lines(app)[1]
        await press(pilot, "escape")
        assert len(errors(app).table.all_rows) == len(ROWS)
        await press(pilot, "slash", *"!edge", "enter")
        assert not any("edge" in each.router for each in errors(app).table.all_rows)
        await press(pilot, "escape", "escape")
        assert isinstance(app.screen, FleetScreen)


async def test_enter_opens_the_router_of_the_row() -> None:
    async with opened(services()) as (app, pilot):
        await press(pilot, "3", "j", "j", "enter")
        assert "Fleet › tower-west" in text(app)


async def test_the_cursor_stays_on_its_row_when_something_new_comes_and_on_top_it_follows() -> None:
    served = services()
    async with opened(served) as (app, pilot):
        await press(pilot, "3")
        new = row(1, "edge-2", "CommandTimeout", "/log/print", "no answer")
        served.log = replace(served.log, rows=(new, *served.log.rows))
        await look(pilot)
        assert errors(app).table.current == new
        await press(pilot, "j", "j")
        here = errors(app).table.current
        served.log = replace(served.log, rows=(replace(new, text="another"), *served.log.rows))
        await look(pilot)
        assert errors(app).table.current == here


async def test_a_row_is_copied_whole_and_with_nothing_that_a_terminal_would_obey() -> None:
    served = RecordedServices(
        log=ErrorLog((row(0, "edge-1", "CommandTrapped", "/x", "a\x1b]52;c;\x07\nb", repeats=3),))
    )
    async with opened(served) as (app, pilot):
        await press(pilot, "3", "y")
        assert app.clipboard == "2026-11-23T03:40:12+00:00 edge-1 CommandTrapped /x a·]52;c;· b ×3"
        assert [notice.message for notice in notices(app)] == ["copied"]
        assert "\x1b" not in text(app)


async def test_nothing_to_copy_open_or_diagnose_is_said() -> None:
    async with opened() as (app, pilot):
        await press(pilot, "3", "y", "enter", "d")
        assert isinstance(app.screen, ErrorsScreen)
        assert [notice.message for notice in notices(app)] == [
            "there is nothing to copy", "there is no router under the cursor"
        ]  # fmt: skip


async def test_the_log_is_sorted_by_every_column_and_the_cursor_stays_on_its_row() -> None:
    async with opened(services()) as (app, pilot):
        await press(pilot, "3", "j")
        here = errors(app).table.current
        orders = {}
        for _ in range(5):
            await press(pilot, "o")
            orders[errors(app).sorted_by] = errors(app).table.all_rows[0]
            assert errors(app).table.current == here
        assert [(order, (each.router, each.kind)) for order, each in orders.items()] == [
            ("router", ("edge-1", "CommandTrapped")),
            ("class", ("tower-west", "CircuitOpened")),
            ("command", ("edge-2", "CommandTrapped")),
            ("times", ("hotspot-plaza", "Overloaded")),
            ("time", ("hotspot-plaza", "CommandTimeout")),
        ]
        await press(pilot, "O")
        assert errors(app).table.all_rows == list(reversed(ROWS))
        assert "by time reversed" in lines(app)[1]


async def test_within_one_router_the_newest_stays_first() -> None:
    async with opened(services()) as (app, pilot):
        await press(pilot, "3", "o")
        times = [each.latest for each in errors(app).table.all_rows if each.router == "edge-2"]
        assert times == sorted(times, reverse=True)


async def test_sums_are_of_the_router_that_is_shown_alone() -> None:
    async with opened(services()) as (app, pilot):
        await only(pilot, "west")
        await press(pilot, "l")
        assert "7 errors, 7 this hour" in lines(app)[2]
        assert "ConnectFailed 5" in lines(app)[3]
        assert "hotspot" not in text(app)


async def test_a_history_that_is_not_kept_is_told_once_and_stays_on_the_error_log_until_it_is() -> None:
    served = RecordedServices(log=log(problem="it was made by a newer mktui"))
    async with opened(served) as (app, pilot):
        await look(pilot)
        await look(pilot)
        (told,) = notices(app)
        assert (told.title, told.severity) == ("no history is kept", "warning")
        assert told.message.startswith("Its file: it was made by a newer mktui. mktui goes on")
        app.clear_notifications()
        await press(pilot, "3")
        assert "▲ no history is kept: it was made by a newer mktui" in text(app)
        assert len(errors(app).table.all_rows) == len(ROWS)
        await press(pilot, "c")
        assert "▲ no history is kept: it was made by a newer mktui" in text(app)
        served.log = log()
        await look(pilot)
        assert notices(app)[-1].message == "errors and changes are kept again"
        assert "no history" not in "\n".join(lines(app)[2:20])


async def test_who_changed_what_is_found_filtered_sorted_and_copied() -> None:
    served = RecordedServices(log=log(), audit=CHANGES)
    async with opened(served) as (app, pilot):
        await press(pilot, "3", "c")
        screen = app.screen
        assert isinstance(screen, ChangesScreen)
        assert "3 came to no good end" in lines(app)[2]
        await press(pilot, "y")
        assert app.clipboard == (
            "2026-11-23T03:39:51+00:00 tower-west ana from ssh 10.9.0.4 pts/3: let back in: failed: tower-west: "
            "cannot connect to 10.0.9.1:8728: connection refused"
        )
        await press(pilot, "slash", *"luis", "enter")
        assert {each.who for each in screen.table.all_rows} == {"luis (as root)"}
        assert "2 of 7 rows" in lines(app)[1]
        await press(pilot, "escape", *["o"] * 4)
        assert [is_bad(each) for each in screen.table.all_rows] == [True] * 3 + [False] * 4
        await press(pilot, "enter")
        assert isinstance(app.screen, RouterScreen)
        await press(pilot, "escape", "3")
        assert isinstance(app.screen, ErrorsScreen)


async def test_a_click_puts_the_cursor_and_a_second_one_opens_the_router() -> None:
    async with opened(services()) as (app, pilot):
        await press(pilot, "3")
        for _ in range(2):
            await pilot.click("#log", offset=(20, 3))
            await press(pilot)
        assert "Fleet › tower-west" in text(app)
