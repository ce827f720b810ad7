"""Charts and trends that go on: what is written and read back is as if nobody had ever stopped. A gap stays a gap."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.core.pool.statistics import LatencyStatistics
from mktui.monitor import database
from mktui.monitor.outlook import DAY, HOURS, Outlook
from mktui.monitor.percentiles import Chart, Percentiles
from mktui.monitor.steps import DAY_STEP, HOUR_STEP, KEPT, MINUTE, QUARTER, KeptStep, Reading, Step, past_of
from mktui.monitor.trend import trend
from tests.monitor.traces import POOL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import sqlalchemy as sa

WALL: Final = datetime(2026, 11, 23, 3, 0, tzinfo=UTC).timestamp()
"""The calendar's time when a test's own clock is at zero."""
LOOK: Final = 61.0
"""Seconds between two readings of these tests: each ends a minute, and none by a hair."""
SECONDS: Final = st.floats(0.001, 10)
PERCENT: Final = st.none() | st.floats(0, 100)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """A file, for one example after the other."""
    engine = database.open_engine(tmp_path_factory.mktemp("state") / "monitor.db")
    yield engine
    engine.dispose()


def kept(steps: Iterable[Step], now: float, router: str = "edge-1") -> list[KeptStep]:
    """Steps as a program notes them at ``now`` of its clock."""
    return [KeptStep(router, WALL + now - step.age, step.length, step.figures) for step in steps]


def read_back(engine: sa.Engine, written: Sequence[KeptStep], now: float, router: str = "edge-1") -> list[Step]:
    """What another program reads of what was written, in a file that had nothing else."""
    wall = WALL + now
    with engine.begin() as connection:
        connection.execute(database.steps.delete())
        database.write(connection, (), (), (), written)
    with database.reading(engine) as connection:
        found = database.read_steps(connection, [router, "edge-2"], datetime.fromtimestamp(wall, UTC))
        return past_of(found, wall).of(router, wall)


def seen(p50: float | None) -> LatencyStatistics:
    """A minute's latency."""
    return LatencyStatistics() if p50 is None else LatencyStatistics(10, p50, p50, p50 * 2, p50 * 3)


# --- trends


def lived(readings: Sequence[Reading], since: float, outlook: Outlook | None = None) -> tuple[Outlook, list[KeptStep]]:
    """An outlook after a reading a minute, and what was kept of it."""
    outlook, found = outlook or Outlook(), list[KeptStep]()
    for number, reading in enumerate(readings):
        now = since + LOOK * number
        found += kept(outlook.take(now, reading, POOL), now)
    return outlook, found


def points(outlook: Outlook, name: str) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """What one figure's looks see."""
    track = outlook._figures[name].track
    return list(track.minutes), list(track.quarters)


@given(
    values=st.lists(PERCENT, min_size=70, max_size=110), more=st.lists(PERCENT, min_size=1, max_size=30),
    zero=st.integers(-1_000_000, 1_000_000),
)  # fmt: skip
def test_what_is_read_back_gives_the_same_trend_as_never_having_stopped(
    engine: sa.Engine, values: list[float | None], more: list[float | None], zero: int
) -> None:
    """The second program has a clock of its own, and goes on a minute after the first one's last minute.

    Memory is known in every minute: while nothing at all is, quarters of an hour may begin elsewhere afterwards.
    """
    before, after = ([Reading(cpu_percent=each, memory_percent=50.0) for each in part] for part in (values, more))
    unbroken, _ = lived([*before, *after], 0.0)
    _, written = lived(before, 0.0)
    begins = LOOK * (len(before) - 1)
    second = Outlook()
    second.take(begins + zero + 1, Reading(), POOL)
    second.recall(begins + zero + 1, read_back(engine, written, begins + 1), POOL)
    for number, reading in enumerate(after, 1):
        second.take(begins + zero + LOOK * number, reading, POOL)
    for expected, found in zip(points(unbroken, "cpu_percent"), points(second, "cpu_percent"), strict=True):
        assert [value for _, value in found] == [value for _, value in expected]
        assert [at - zero for at, _ in found] == pytest.approx([at for at, _ in expected], abs=0.01)
        was, now = (trend([at - off for at, _ in some], [value for _, value in some])
                    for some, off in ((expected, 0.0), (found, zero)))  # fmt: skip
        assert (was is None) == (now is None)
        if was is not None and now is not None:
            assert now.slope == pytest.approx(was.slope, rel=1e-3, abs=1e-9)
            assert now.level == pytest.approx(was.level, rel=1e-3, abs=1e-6)


def climb(minutes: int, *, per_hour: float = 4.0) -> list[Reading]:
    """A router whose memory leaks."""
    return [Reading(memory_percent=20 + per_hour * minute / 60) for minute in range(minutes)]


@pytest.mark.parametrize(("hours", "per_hour", "what"), [(1, 42, "hour"), (7, 8, "hours"), (25, 2.2, "day")])
def test_a_warning_that_stood_stands_again_at_once_instead_of_after_hours(
    hours: int, per_hour: float, what: str
) -> None:
    minutes = hours * 60 + 20
    outlook, written = lived(climb(minutes, per_hour=per_hour), 0.0)
    (said,) = outlook.forecasts
    figure = outlook._figures["memory_percent"]
    assert [name for name in ("hour", "hours", "day") if getattr(figure, name).given] == [what]
    now = LOOK * minutes + 20
    again = Outlook()
    again.recall(now, past_of(written, WALL + now).of("edge-1", WALL + now), POOL)
    (found,) = again.forecasts
    assert (found.figure, found.limit, found.confidence) == (said.figure, said.limit, said.confidence)
    assert found.seconds == pytest.approx(said.seconds, rel=0.1, abs=90)
    blank, _ = lived(climb(15), 0.0)
    assert blank.forecasts == ()


def test_a_restart_in_the_middle_of_a_minute_costs_no_more_than_that_minute() -> None:
    outlook, written = lived(climb(40, per_hour=40), 0.0)
    minutes, _ = points(outlook, "memory_percent")
    for second in range(10, 50, 10):
        assert outlook.take(LOOK * 39 + second, Reading(memory_percent=99.0), POOL) == []
    again, now = Outlook(), LOOK * 40
    again.recall(now, past_of(written, WALL + now).of("edge-1", WALL + now), POOL)
    assert len(minutes) == 39
    assert [value for _, value in points(again, "memory_percent")[0]] == [value for _, value in minutes]


def test_quarters_go_on_where_they_were_left_however_often_the_program_is_started() -> None:
    """Ten minutes at a time: no program ever sees a whole quarter of an hour."""
    written, now = list[KeptStep](), 0.0
    for _ in range(12):
        outlook = Outlook()
        outlook.recall(now, past_of(written, WALL + now).of("edge-1", WALL + now), POOL)
        _, more = lived([Reading(cpu_percent=50.0)] * 11, now, outlook)
        written += more
        now += 10 * LOOK
    ends = [step.at - WALL for step in written if step.length == QUARTER]
    assert ends == [LOOK * 15 * number for number in range(1, 9)]


def test_the_time_in_which_nobody_looked_has_no_points_and_makes_no_trend() -> None:
    low, high = [Reading(cpu_percent=30.0 + n % 2) for n in range(200)], [Reading(cpu_percent=60.0) for _ in range(200)]
    _, written = lived(low, 0.0)
    gap = 12 * 3600.0
    now = LOOK * 199 + gap
    outlook = Outlook()
    outlook.take(now, Reading(), POOL)
    outlook.recall(now, past_of(written, WALL + now).of("edge-1", WALL + now), POOL)
    lived(high, now, outlook)
    minutes, quarters = points(outlook, "cpu_percent")
    assert {value for _, value in minutes} == {60.0}
    assert not [at for at, _ in quarters if LOOK * 199 < at < now]
    assert [value for at, value in quarters if at > now] == [60.0] * 13
    assert all(value <= 31 for at, value in quarters if at < now)
    assert outlook.forecasts == ()


def test_a_look_at_six_hours_does_not_reach_over_a_night_that_nobody_saw() -> None:
    """Twelve quarters in the evening and twelve in the morning are no six hours, however steadily they rise."""
    outlook = Outlook()
    evening = [Reading(cpu_percent=20 + minute * 0.1) for minute in range(12 * 15)]
    _, written = lived(evening, 0.0)
    now = LOOK * 180 + 9 * 3600
    outlook.take(now, Reading(), POOL)
    outlook.recall(now, past_of(written, WALL + now).of("edge-1", WALL + now), POOL)
    lived([Reading(cpu_percent=40 + minute * 0.15) for minute in range(12 * 15 + 1)], now, outlook)
    figure = outlook._figures["cpu_percent"]
    assert len(figure.track.quarters) >= HOURS.least
    assert figure.hours.given is None
    assert figure.day.given is None
    assert DAY.least > 24


def test_to_recall_late_or_twice_changes_nothing_and_what_came_meanwhile_stays() -> None:
    _, written = lived(climb(100, per_hour=20), 0.0)
    now = LOOK * 100
    _, more = lived(climb(30), now, again := Outlook())
    later = now + 29 * LOOK
    past = past_of([*written, *more], WALL + later).of("edge-1", WALL + later)
    own = points(again, "memory_percent")[0]
    again.recall(later, past, POOL)
    once = points(again, "memory_percent")
    again.recall(later, past, POOL)
    assert points(again, "memory_percent") == once
    assert once[0][-len(own) :] == own
    assert len({at for at, _ in once[0]}) == len(once[0]) >= 58
    assert [at for at, _ in once[0]] == sorted(at for at, _ in once[0])


# --- charts


def charted(values: Iterable[float | None], since: float, every: float = 10.0) -> tuple[Percentiles, list[KeptStep]]:
    """A chart after a look each ``every`` seconds, and what was kept of it, its last steps included."""
    percentiles, found, now = Percentiles(), list[KeptStep](), since
    for number, value in enumerate(values):
        now = since + every * number
        found += kept(percentiles.add(now, seen(value)), now)
    return percentiles, found + kept(percentiles.end(now), now)


@given(
    values=st.lists(st.none() | SECONDS, min_size=2, max_size=400), cut=st.integers(1, 399),
    more=st.integers(0, 10) | st.just(400),
)  # fmt: skip
def test_a_chart_that_was_written_and_read_back_is_the_chart_of_somebody_who_never_stopped(
    engine: sa.Engine, values: list[float | None], cut: int, more: int
) -> None:
    """Wherever it was cut, in the middle of a step too; ``more``: how much had been seen anew when the past came."""
    cut = min(cut, len(values) - 1)
    unbroken, _ = charted(values, 0.0)
    _, written = charted(values[:cut], 0.0)
    late = values[cut : cut + more]
    second, again = charted(late, 10.0 * cut)
    now = 10.0 * (cut + max(0, len(late) - 1))
    second.recall(now, read_back(engine, [*written, *again], now))
    for number in range(cut + len(late), len(values)):
        second.add(10.0 * number, seen(values[number]))
    assert trimmed(second.chart) == trimmed(unbroken.chart)


def trimmed(chart: Chart) -> Chart:
    """A chart without the empty time before anything was seen: it looks the same."""
    first = [
        next((n for n, point in enumerate(part) if point is not None), len(part)) for part in (chart.hour, chart.day)
    ]
    return Chart(chart.hour[first[0] :], chart.day[first[1] :])


def test_a_step_that_two_programs_have_seen_shows_the_worst_of_both() -> None:
    for before, after in ((0.5, 0.01), (0.01, 0.5)):
        _, written = charted([before, before], 0.0)
        second, again = charted([after, after, 0.01], 20.0)
        past = past_of([*written, *again], WALL + 40)
        second.recall(40.0, past.of("edge-1", WALL + 40))
        assert second.chart.hour == ((0.5, 1.0, 1.5),)


def test_a_program_that_was_killed_costs_half_a_minute_of_the_day_too() -> None:
    """Of its last five minutes only the half minutes were written: the day's step is made of them."""
    _, written = charted([0.01] * 20 + [0.5] * 4 + [0.02] * 3, 0.0)
    written = [step for step in written if step.length == HOUR_STEP and step.at < WALL + 240]
    second, now = Percentiles(), 400.0
    second.add(now, seen(0.01))
    second.recall(now, past_of(written, WALL + now).of("edge-1", WALL + now))
    assert [point and point[0] for point in second.chart.day] == [0.5]
    assert [point and point[0] for point in second.chart.hour][:8] == [0.01] * 6 + [0.5] * 2


def test_the_time_between_two_programs_is_a_gap_in_the_chart_and_neither_a_line_nor_zeros(engine: sa.Engine) -> None:
    _, written = charted([0.01] * 60, 0.0)
    begins = 600.0 + 20 * HOUR_STEP
    second, _ = charted([0.02] * 60, begins)
    now = begins + 590
    second.recall(now, read_back(engine, written, now))
    hour = second.chart.hour
    assert [point is not None for point in hour] == [True] * 20 + [False] * 20 + [True] * 19
    assert {point[0] for point in hour if point is not None} == {0.01, 0.02}
    old = begins + 2 * 86_400
    third = Percentiles()
    third.recall(old, read_back(engine, written, old))
    assert third.chart == Chart()


def test_who_has_just_come_is_given_all_that_is_over() -> None:
    served, _ = charted([0.01, 0.02, None, 0.03] * 200, 0.0)
    now = 10.0 * 799
    mine = Percentiles()
    mine.recall(now + 5e5, served.steps(now))
    assert trimmed(mine.chart) == trimmed(served.chart)


# --- clocks


def at(*moments: float, length: float = MINUTE, router: str = "edge-1") -> list[KeptStep]:
    """Steps of these times, in the order in which they were written."""
    return [KeptStep(router, moment, length, Reading(cpu_percent=moment)) for moment in moments]


def times(steps: Iterable[KeptStep]) -> list[float]:
    """Return when they were."""
    return [step.at for step in steps]


def test_what_lies_in_the_future_is_left_out_and_counted() -> None:
    past = past_of([*at(0, 60, 120), *at(5000, 5060, router="edge-2"), *at(9000)], 240.0)
    assert times(past.steps["edge-1"]) == [0, 60, 120]
    assert "edge-2" not in past.steps
    assert past.doubted == 3


def test_a_clock_that_was_set_back_leaves_out_what_it_had_said_before() -> None:
    """From 3600 on it was an hour fast; by the order of writing it is known which times were wrong."""
    past = past_of(at(0, 60, 3600, 3660, 3720, 240, 300, 360), 420.0)
    assert times(past.steps["edge-1"]) == [0, 60, 240, 300, 360]
    assert past.doubted == 3


def test_a_clock_that_went_forward_or_two_programs_at_once_are_no_doubt() -> None:
    assert past_of(at(0, 60, 7200, 7260), 7300.0).doubted == 0
    assert past_of(at(0, 30, 60, 90, 60, 120, 110), 130.0).doubted == 0


@given(
    moments=st.lists(st.floats(0, 1e5), max_size=60), now=st.floats(0, 1e5), length=st.sampled_from([*KEPT]),
)  # fmt: skip
def test_whatever_clocks_do_what_is_left_is_in_order_and_not_in_the_future(
    moments: list[float], now: float, length: float
) -> None:
    past = past_of(at(*moments, length=length), now)
    left, slack = times(past.steps.get("edge-1", ())), max(length, MINUTE)
    assert len(left) + past.doubted == len(moments)
    assert all(moment <= min([now, *left[place:]]) + slack for place, moment in enumerate(left))
    assert all(step.age >= 0 for step in past.of("edge-1", now))


# --- the file


@given(
    steps=st.lists(
        st.builds(
            KeptStep, router=st.text(st.characters(), max_size=8), at=st.floats(WALL - 1000, WALL),
            length=st.sampled_from([HOUR_STEP, DAY_STEP]), figures=st.tuples(SECONDS, SECONDS, SECONDS),
        )
        | st.builds(
            KeptStep, router=st.just("jos\udce9"), at=st.floats(WALL - 1000, WALL),
            length=st.sampled_from([MINUTE, QUARTER]), figures=st.builds(Reading, *[PERCENT] * 6),
        ),
        max_size=30,
    )
)  # fmt: skip
def test_what_is_written_is_read_as_it_was_in_its_order(engine: sa.Engine, steps: list[KeptStep]) -> None:
    with engine.begin() as connection:
        connection.execute(database.steps.delete())
        database.write(connection, (), (), (), steps)
    with database.reading(engine) as connection:
        names = {step.router for step in steps}
        assert list(database.read_steps(connection, names, datetime.fromtimestamp(WALL, UTC))) == steps


def test_a_file_of_an_older_mktui_gets_what_it_lacks_and_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    engine = database.open_engine(path)
    with engine.begin() as connection:  # as version 2 made it, with a change in it
        connection.exec_driver_sql("DROP TABLE steps")
        connection.exec_driver_sql("INSERT INTO audit VALUES (1, 5.0, 'ana', 'pts/1', 'reset', 'edge-1', 'done')")
        connection.exec_driver_sql("PRAGMA user_version = 2")
    engine.dispose()
    engine = database.open_engine(path)
    with engine.begin() as connection:
        database.write(connection, (), (), (), at(WALL))
    with database.reading(engine) as connection:
        assert [change.what for change in database.read_audit(connection)] == ["reset"]
        found = database.read_steps(connection, ["edge-1"], datetime.fromtimestamp(WALL, UTC))
        assert times(found) == [WALL]
        assert connection.exec_driver_sql("PRAGMA user_version").scalar_one() == database.SCHEMA
    engine.dispose()
