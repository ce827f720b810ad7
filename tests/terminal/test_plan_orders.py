"""A plan and a report in other orders: nothing is lost, groups stay whole, the cursor stays on its row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.sync.report import RowReport
from mktui.tui.plan_orders import ORDERS, in_order
from mktui.tui.plan_rows import Finding, Hint, Outcome, rows_of_plan, rows_of_report
from mktui.tui.screens.plan import PlanScreen
from tests.terminal.driving import lines, opened, press, text
from tests.terminal.recorded import RecordedServices
from tests.terminal.recorded_syncs import PLAN, ROUTER, planned, report
from tests.terminal.test_sync_keys import planning

if TYPE_CHECKING:
    from mktui.tui.plan_rows import PlanRow

PLANNED, REPORTED = rows_of_plan(PLAN), rows_of_report(report(), is_failed_only=False)


def name(row: PlanRow) -> str:
    if isinstance(row, Finding):
        return row.rows[0].name if len(row.rows) == 1 else ""
    return getattr(row.change if isinstance(row, RowReport) else row, "name", "")


@given(st.sampled_from([PLANNED, REPORTED, ()]), st.sampled_from(list(ORDERS)), st.booleans())
def test_no_order_loses_a_row_or_shows_one_twice(rows: tuple[PlanRow, ...], order: str, is_reversed: bool) -> None:
    assert sorted(map(id, in_order(rows, order, is_reversed=is_reversed))) == sorted(map(id, rows))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_report_keeps_each_row_in_its_group_and_the_groups_in_their_order(order: str, is_reversed: bool) -> None:
    def groups(rows: tuple[PlanRow, ...]) -> list[tuple[object, set[int]]]:
        found: list[tuple[object, set[int]]] = []
        for row in rows:
            if isinstance(row, (Outcome, Hint)):
                found.append((row, set()))
            elif not isinstance(row, Finding):
                found[-1][1].add(id(row))
        return found

    assert groups(tuple(in_order(REPORTED, order, is_reversed=is_reversed))) == groups(REPORTED)


def test_a_plan_is_sorted_by_what_is_shown_of_it() -> None:
    by_name = [name(row) for row in in_order(PLANNED, "name", is_reversed=False)]
    assert by_name == sorted(by_name)
    assert by_name[-1] == "taller-norte"
    backwards = [name(row) for row in in_order(PLANNED, "name", is_reversed=True)]
    assert backwards == sorted(by_name, reverse=True)
    assert in_order(PLANNED, "trouble", is_reversed=False) is PLANNED
    assert list(in_order(PLANNED, "trouble", is_reversed=True)) == list(reversed(PLANNED))


@pytest.mark.anyio
async def test_o_goes_through_the_orders_and_the_cursor_stays_on_its_row() -> None:
    async with opened(RecordedServices(will_plan={ROUTER: planned()})) as (app, pilot):
        screen = await planning(pilot)
        first = screen.table.current
        await press(pilot, "G", "k")
        row = screen.table.current
        assert row is not first
        assert " by " not in lines(app)[1]
        seen = []
        for _ in ORDERS:
            await press(pilot, "o")
            seen.append(lines(app)[1].partition(" by ")[2].split()[:1])
            assert screen.table.current is row
        assert seen == [["action"], ["menu"], ["name"], []]
        await press(pilot, "o", "o", "o", "O")
        assert "by name reversed" in lines(app)[1]
        assert screen.table.current is row
        assert name(screen.table.all_rows[0]) == "taller-norte"
        await press(pilot, "slash", *"an", "enter")
        assert [name(each) for each in screen.table.all_rows] == sorted(map(name, screen.table.all_rows), reverse=True)


@pytest.mark.anyio
async def test_what_is_applied_is_the_plan_in_its_own_order_however_it_is_shown() -> None:
    services = RecordedServices(will_plan={ROUTER: planned()})
    async with opened(services) as (app, pilot):
        await planning(pilot)
        await press(pilot, "o", "O", "a", "y")
        assert isinstance(app.screen, PlanScreen), text(app)
    assert services.orders[-1].saved is PLAN
