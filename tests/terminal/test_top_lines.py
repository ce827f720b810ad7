"""The two lines at the top: what the fleet is measured by, whatever the width."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.tui.palette import Palette
from mktui.tui.widgets.top_lines import figures, fleet_line, second_line
from tests.terminal.recorded import fleet

PLAIN = Palette({"state-warning": "yellow", "quiet": "grey50"})
PRINTED = st.characters(codec="utf-8", exclude_categories=("C", "Z"))


def shown(failing: int = 0) -> list[str]:
    """The three figures of the recorded fleet, whose first router failed so often in the last minute."""
    snapshot = fleet()
    first = snapshot.routers[0]
    ill = replace(first, pool=replace(first.pool, performance=replace(first.pool.performance, failing=failing)))
    return [part.plain for part in figures(replace(snapshot, routers=(ill, *snapshot.routers[1:])), PLAIN)]


def test_the_slowest_router_the_errors_of_a_minute_and_the_rows_not_yet_there_are_figures_of_the_fleet() -> None:
    assert shown() == ["p95 up to 2950 ms", "0 errors/min", "641 pending"]


def test_errors_of_the_last_minute_are_counted_and_coloured() -> None:
    assert shown(failing=1)[1] == "1 error/min"
    assert shown(failing=1200)[1] == "1,200 errors/min"


def test_of_a_fleet_that_nothing_is_known_of_no_figure_is_a_zero() -> None:
    nobody = replace(fleet(), routers=())
    assert [part.plain for part in figures(nobody, PLAIN)] == ["p95 –", "0 errors/min", "– pending"]


@given(width=st.integers(20, 250))
def test_each_figure_is_shown_once_whatever_the_width(width: int) -> None:
    first, others = fleet_line(fleet(), "RW", PLAIN, width)
    for part in figures(fleet(), PLAIN):
        assert (part.plain in first.plain) != (part in others)
    assert first.cell_len <= max(width, len("mktui · isp-north  RW ● 2 healthy  ◐ 1 warning  ○ 2 offline"))


@pytest.mark.parametrize(("width", "right"), [(40, "order  rows"), (16, "rows"), (8, "rows")])
def test_what_has_no_room_is_left_out_whole_and_the_last_goes_last(width: int, right: str) -> None:
    line = second_line(PLAIN, width, "Fleet", "order", "rows")
    assert line.plain.startswith("Fleet ")
    assert line.plain.removeprefix("Fleet").strip() == right


@given(
    left=st.text(PRINTED, max_size=30),
    right=st.lists(st.text(PRINTED, min_size=1, max_size=20), max_size=4),
    width=st.integers(1, 120),
)
def test_a_second_line_with_room_ends_at_the_right_edge(left: str, right: list[str], width: int) -> None:
    line = second_line(PLAIN, width, left, *right)
    if right and line.cell_len <= width:
        assert line.plain.endswith(right[-1])
        assert line.cell_len == width
