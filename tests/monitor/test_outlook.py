"""Early warning: what a trend is and is not, said in words; and how often it is right, on seeds it never saw."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.monitor.figures import MINUTES, QUARTERS, WATCHED, Track
from mktui.monitor.outlook import DAY, HOUR, LIKELY, Outlook, evidence, forecast, in_words
from mktui.monitor.snapshot import Forecast
from mktui.monitor.steps import Reading
from mktui.monitor.trend import ENOUGH, trend
from tests.monitor.traces import (
    FAILURES,
    HEALTHY,
    HELD_OUT_SEEDS,
    POOL,
    TUNING_SEEDS,
    false_alarms,
    judge_failure,
)

if TYPE_CHECKING:
    import random

finite = st.floats(-1e6, 1e6)


def minutes(values: list[float]) -> deque[tuple[float, float]]:
    return deque((60.0 * number, value) for number, value in enumerate(values))


def of(values: list[float], *, yesterday: float | None = None) -> Forecast | None:
    return forecast("cpu_percent", minutes(values), (85.0,), HOUR, now=60.0 * len(values), yesterday=yesterday)


@given(st.floats(0.01, 100), finite)
def test_a_straight_line_is_found_as_it_is(slope: float, level: float) -> None:
    times = [60.0 * n for n in range(60)]
    found = trend(times, [level + slope * at for at in times])
    assert found is not None
    assert found.slope == pytest.approx(slope, rel=1e-3)
    assert found.level == pytest.approx(level + slope * times[-1], abs=slope * 60 + 1e-3)
    assert found.agreement > 0.99
    assert found.largest_step == pytest.approx(1 / 3, abs=0.02)


@given(st.lists(finite, min_size=ENOUGH, max_size=60))
def test_what_falls_or_stands_is_no_rising_trend(values: list[float]) -> None:
    assert trend([float(n) for n in range(len(values))], sorted(values, reverse=True)) is None
    assert of([values[0]] * len(values)) is None


@given(st.randoms(use_true_random=False))
def test_a_fifth_of_wild_minutes_does_not_move_a_trend(chance: random.Random) -> None:
    times = [60.0 * n for n in range(60)]
    values = [at / 60 for at in times]
    for place in chance.sample(range(60), 12):
        values[place] = chance.choice([0.0, 500.0])
    found = trend(times, values)
    assert found is not None
    assert 0.4 / 60 < found.slope < 1.6 / 60


def test_a_steady_climb_is_told_with_its_time_and_in_words() -> None:
    said = of([20 + number * 0.8 for number in range(60)])
    assert said is not None
    assert said.confidence == LIKELY
    assert said.seconds == pytest.approx((85 - 67.2) / 0.8 * 60, rel=0.05)
    assert in_words(said) == "router cpu reaches 85 % in about 20 min (likely)"
    assert evidence(said) == f"{in_words(said)}; now 67 %"


def test_words_are_short_of_what_nobody_can_know() -> None:
    p95 = Forecast("p95", 1.2, 5.0, 2450.0, "possible")
    assert in_words(p95) == "p95 reaches 5.0 s in about 40 min (possible)"
    assert in_words(Forecast("oldest", 0.5, 1.0, 20.0, "likely")) == "the longest wait reaches 1.0 s now (likely)"
    assert in_words(Forecast("memory_percent", 70, 90, 11_000.0, "likely")).endswith("in about 3 h (likely)")


def test_a_step_is_no_trend_and_what_was_so_yesterday_is_no_news() -> None:
    assert of([30.0 + n % 2 for n in range(30)] + [70.0 + n % 2 for n in range(30)]) is None
    climb = [20 + number * 0.8 for number in range(60)]
    assert of(climb, yesterday=66.0) is None
    assert of(climb, yesterday=30.0) is not None


def test_nothing_is_said_of_what_is_further_away_than_can_be_seen_back_or_is_past_its_limit() -> None:
    assert of([20 + number * 0.3 for number in range(60)]) is None
    assert of([90 + number * 0.3 for number in range(60)]) is None
    assert of([20 + number * 2.0 for number in range(ENOUGH - 1)]) is None


def test_half_a_day_is_no_day_or_each_morning_would_be_the_end() -> None:
    half = deque((900.0 * n, 20 + n * 0.5) for n in range(DAY.least - 1))
    assert forecast("cpu_percent", half, (85.0,), DAY, now=half[-1][0], yesterday=None) is None
    whole = deque((900.0 * n, 20 + n * 0.5) for n in range(DAY.points))
    assert forecast("cpu_percent", whole, (85.0,), DAY, now=whole[-1][0], yesterday=None) is not None


def test_memory_is_bounded_and_old_points_go_also_when_nobody_knows_anything_any_more() -> None:
    track = Track(median)
    for minute in range(3 * 1440):
        track.add(float(minute))
        track.end_minute(60.0 * minute)
        if minute % 15 == 14:
            track.end_quarter(60.0 * minute)
    assert (len(track.minutes), len(track.quarters)) == (MINUTES, QUARTERS)
    for minute in range(3 * 1440, 5 * 1440):
        track.end_minute(60.0 * minute)
        track.end_quarter(60.0 * minute)
    assert (len(track.minutes), len(track.quarters)) == (0, 0)


def test_a_warning_is_given_after_some_looks_and_taken_back_when_it_no_longer_holds() -> None:
    outlook, told = Outlook(), []
    for minute in range(120):
        cpu = 20 + 0.8 * minute if minute < 60 else 40.0
        outlook.take(60.0 * minute, Reading(cpu_percent=cpu), POOL)
        told.append(bool(outlook.forecasts))
    changes = [minute for minute, (was, now) in enumerate(pairwise(told), 1) if was != now]
    assert len(changes) == 2, "given once and taken back once"
    assert ENOUGH < changes[0] < 60 < changes[1] < 90


@pytest.mark.parametrize(("afterwards", "is_past"), [(80.0, False), (88.0, True)])
def test_while_a_warning_stands_it_says_where_the_figure_is_and_not_where_its_trend_leads(
    afterwards: float, *, is_past: bool
) -> None:
    outlook, told = Outlook(), []
    for minute in range(66):
        figure = 20.0 + minute if minute <= 60 else afterwards
        outlook.take(60.0 * minute, Reading(cpu_percent=figure), POOL)
        told += [(minute, figure, each) for each in outlook.forecasts]
    assert {minute for minute, _, _ in told} >= {60, 65}
    assert all(each.level == figure for _, figure, each in told)
    assert {each.seconds == 0 for minute, _, each in told if minute > 60} == {is_past}


def test_a_router_that_is_away_is_not_judged() -> None:
    outlook = Outlook()
    for minute in range(200):
        outlook.take(60.0 * minute, Reading(), POOL)
    assert outlook.forecasts == ()


def test_a_router_that_goes_away_is_soon_no_longer_warned_of() -> None:
    outlook = Outlook()
    for minute in range(60):
        outlook.take(60.0 * minute, Reading(cpu_percent=20 + 0.8 * minute), POOL)
    assert outlook.forecasts
    for minute in range(60, 75):
        outlook.take(60.0 * minute, Reading(), POOL)
    assert not outlook.forecasts


def test_readings_between_two_minutes_cost_nothing_but_their_keeping() -> None:
    outlook = Outlook()
    outlook.take(0.0, Reading(cpu_percent=1.0), POOL)
    before = outlook.forecasts
    for second in range(1, 59):
        outlook.take(float(second), Reading(cpu_percent=99.0), POOL)
    assert outlook.forecasts is before


# -- judged by seeds that nothing was tuned on ------------------------------------------------------------------------


def test_the_seeds_of_the_judge_were_never_used_for_tuning() -> None:
    assert not set(TUNING_SEEDS) & set(HELD_OUT_SEEDS)


@pytest.mark.timeout(120)
def test_of_four_failures_three_are_said_five_minutes_before_or_more_and_the_middle_one_twenty() -> None:
    """The benchmark says how much better it is; of so few not more can be claimed."""
    outcomes = [judge_failure(what, seed) for what in FAILURES for seed in HELD_OUT_SEEDS[:4]]
    leads = sorted(each.lead or 0.0 for each in outcomes)
    assert sum(lead < 5 for lead in leads) <= len(leads) / 4, outcomes
    assert median(leads) >= 20


@pytest.mark.timeout(120)
def test_a_router_that_is_well_is_warned_of_less_than_once_in_three_days_and_never_as_likely() -> None:
    days = 3
    alarms = [alarm for kind in HEALTHY for alarm in false_alarms(kind, HELD_OUT_SEEDS[0], days)]
    assert len(alarms) < days * len(HEALTHY) / 3, alarms
    assert not [alarm for alarm in alarms if alarm.endswith(LIKELY)]


def test_every_watched_figure_is_a_field_of_a_reading() -> None:
    assert set(WATCHED) == set(Reading.__dataclass_fields__)
