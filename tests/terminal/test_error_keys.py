"""The error log and the diagnosis under the fingers: filters, one router, the cursor, and the key that helps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mktui.monitor.records import ErrorLog
from mktui.tui.screens.diagnosis import DiagnosisView
from mktui.tui.screens.errors import ErrorsScreen
from mktui.tui.screens.fleet import FleetScreen
from mktui.tui.screens.modals import TestView
from mktui.tui.screens.router import RouterScreen
from tests.terminal.driving import lines, look, notices, only, opened, press, text
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_errors import ROWS, log, row

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


async def test_the_key_of_a_finding_closes_the_diagnosis_and_does_what_it_says() -> None:
    served = services()
    async with opened(served) as (app, pilot):
        await only(pilot, "plaza")
        await press(pilot, "d", "l")
        assert "Errors › hotspot-plaza" in lines(app)[1]
        await press(pilot, "d", "t")
        assert isinstance(app.screen, TestView)
        assert served.asked == [("test", "hotspot-plaza")]


async def test_a_key_that_no_finding_names_does_nothing_over_a_diagnosis() -> None:
    served = services()
    async with opened(served) as (app, pilot):
        await only(pilot, "plaza")
        await press(pilot, "d", "R", "s", "b")
        assert isinstance(app.screen, DiagnosisView)
        await press(pilot, "d")
        assert isinstance(app.screen, FleetScreen)
    assert served.asked == []
