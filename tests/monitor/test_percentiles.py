"""Percentiles over time: nothing worse than what is shown has been, and time that nobody looked at is a gap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mktui.core.pool.actions import EventKind
from mktui.core.pool.statistics import LatencyStatistics
from mktui.monitor.breaks import Breaks
from mktui.monitor.percentiles import Chart, Percentiles, gathered
from mktui.monitor.snapshot import Break
from mktui.monitor.steps import DAY_STEP, HOUR_STEP

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SECONDS = st.floats(0.001, 10)


def seen(p50: float | None) -> LatencyStatistics:
    """A minute's latency."""
    return LatencyStatistics() if p50 is None else LatencyStatistics(10, p50, p50, p50 * 2, p50 * 3)


@given(values=st.lists(st.none() | SECONDS, min_size=2, max_size=3000))
def test_the_worst_of_each_step_is_kept_and_no_more_steps_than_an_hour_and_a_day(values: list[float | None]) -> None:
    trend = Percentiles()
    for number, value in enumerate(values):
        trend.add(number * 10.0, seen(value))
    expected = [values[at : at + 3] for at in range(0, len(values), 3)][: (len(values) - 1) // 3]
    worst = [max((value for value in each if value is not None), default=None) for each in expected]
    assert [None if point is None else point[0] for point in trend.chart.hour] == worst[-120:]
    assert len(trend.chart.day) == min(288, int((len(values) - 1) * 10 // DAY_STEP))


def test_the_chart_is_the_same_object_until_a_step_ends() -> None:
    trend = Percentiles()
    charts = set()
    for second in range(0, 300, 2):
        trend.add(float(second), seen(0.01))
        charts.add(id(trend.chart))
    assert len(charts) <= 300 // HOUR_STEP


def test_time_in_which_the_process_stood_still_is_a_gap_and_not_a_line() -> None:
    trend = Percentiles()
    for now in (0.0, 31.0, 31.0 + 10 * HOUR_STEP, 31.0 + 11 * HOUR_STEP):
        trend.add(now, seen(0.01))
    assert [point is not None for point in trend.chart.hour] == [True, True, *[False] * 9, True]
    trend.add(1e6, seen(0.01))
    assert len(trend.chart.hour) == 120
    assert set(trend.chart.hour) == {None}


@given(points=st.lists(st.none() | st.tuples(SECONDS, SECONDS, SECONDS), max_size=288), of=st.integers(1, 24))
def test_gathering_loses_no_peak(points: list[tuple[float, float, float] | None], of: int) -> None:
    found = gathered(tuple(points), of)
    assert len(found) == -(-len(points) // of)
    for place in range(3):
        peaks = [max((p[place] for p in each if p is not None), default=None) for each in (points, list(found))]
        assert peaks[0] == peaks[1]


def test_a_break_is_one_until_the_circuit_closes_however_often_a_probe_fails() -> None:
    breaks = Breaks()
    told = [
        (0, EventKind.CIRCUIT_CLOSED, ""), (1, EventKind.CIRCUIT_OPENED, "refused"),
        (61, EventKind.CIRCUIT_PROBING, ""), (62, EventKind.CIRCUIT_OPENED, "still refused"),
        (90, EventKind.CIRCUIT_CLOSED, ""), (95, EventKind.CONNECTION_LOST, "reset"),
        (100, EventKind.ISOLATED, "by hand"),
    ]  # fmt: skip
    for second, kind, text in told:
        breaks.heard(kind, text, AT + timedelta(seconds=second))
    assert breaks.seen() == (
        Break(AT + timedelta(seconds=1), "refused", AT + timedelta(seconds=90), 2),
        Break(AT + timedelta(seconds=100), "by hand", by_hand=True),
    )


def test_before_the_first_step_there_is_nothing_to_see() -> None:
    assert Percentiles().chart == Chart((), ())
