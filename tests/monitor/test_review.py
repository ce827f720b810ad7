"""A month of hours says what to change and by which figures; a quiet one says nothing, a short one that it is short."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.core.pool.options import PoolOptions
from mktui.core.pool.statistics import LatencyStatistics
from mktui.monitor import database
from mktui.monitor.history import History
from mktui.monitor.hours import HourBook, RouterHour
from mktui.monitor.options import MonitorOptions
from mktui.monitor.review import ENOUGH, NEARNESS, RULES, review
from tests.terminal.recorded import edge_1

if TYPE_CHECKING:
    from pathlib import Path

    from mktui.monitor.review import RouterReview

BEGIN: Final = datetime(2026, 11, 1, tzinfo=UTC)
POOL: Final = PoolOptions()
WELL: Final = RouterHour(
    BEGIN, "edge-1", 3600.0, 0.0, commands=4000, p95=0.05, p95_peak=0.2, utilisation_percent=15.0,
    utilisation_peak=60.0, oldest_peak=0.1, cpu_percent=20.0, cpu_peak=50.0, memory_peak=40.0, sessions_peak=3,
    rows=900,
)  # fmt: skip


def month(count: int = 720, *, every: int = 1, **changes: Any) -> list[RouterHour]:  # Any: fields of an hour
    """Hours of which each ``every``-th is changed."""
    return [replace(WELL, hour=BEGIN + timedelta(hours=n), **(changes if n % every == 0 else {})) for n in range(count)]


def of(hours: list[RouterHour], pool: PoolOptions = POOL) -> RouterReview:
    (found,) = review(hours, {"edge-1": pool})
    return found


PLANTED: Final[dict[str, tuple[dict[str, Any], str, float, str]]] = {
    "fewer_sessions": ({"ceiling": 3}, "max_size", 3, "in 720 of 720 hours the router allowed 3 sessions"),
    "more_sessions": (
        {"utilisation_peak": 100.0, "oldest_peak": 4.0},
        "max_size",
        7,
        "commands waited, 4.0 s at the longest",
    ),
    "spare_it": ({"cpu_percent": 95.0, "p95": 2.0}, "max_commands_per_second", 1, "processor was at 85 % or more"),
    "wait_longer": ({"timeouts": 40, "p95_peak": 25.0}, "command_timeout", 45, "28,800 of 2,880,000 commands ended"),
    "warn_later": ({"p95": 0.8}, "slow_response", 1.2, "in 720 of 720 hours p95 was over it, 800 ms in the middle"),
    "more_patience": (
        {"opens": 1},
        "circuit_breaker_threshold",
        8,
        "in 720 of 720 hours the circuit opened",
    ),
    "longer_queue": ({"turned_away": 8}, "max_waiting", 2000, "5,760 of 2,880,000 commands were turned away"),
}
"""For each rule: what each hour has, the setting, its new value, and a part of the evidence."""


def test_every_rule_has_something_planted() -> None:
    assert set(PLANTED) == {rule.__name__ for rule in RULES}


@pytest.mark.parametrize("rule", PLANTED)
def test_what_was_planted_is_advised_alone_with_its_figures(rule: str) -> None:
    changes, setting, proposed, evidence = PLANTED[rule]
    (advice,) = of(month(**changes)).advices
    assert (advice.setting, advice.now, advice.proposed) == (setting, getattr(POOL, setting), proposed)
    assert evidence in " | ".join(advice.evidence)
    assert advice.why


@pytest.mark.parametrize("rule", PLANTED)
def test_what_happens_once_in_a_hundred_hours_is_no_reason_to_change_anything(rule: str) -> None:
    changes = PLANTED[rule][0]
    rare = {"timeouts": 40, "turned_away": 8, "opens": 1}  # these are counted, not seen in hours
    assert of(month(every=100, **({} if changes.keys() & rare else changes))).advices == ()


@pytest.mark.parametrize("rule", PLANTED)
def test_what_is_advised_can_be_configured_and_once_done_it_is_not_advised_again_at_once(rule: str) -> None:
    changes, setting, proposed, _ = PLANTED[rule]
    pool = PoolOptions.model_validate(POOL.model_dump() | {setting: type(getattr(POOL, setting))(proposed)})
    again = [each for each in of(month(**changes), pool).advices if each.setting == setting]
    assert not again or abs(again[0].proposed) > abs(proposed)


@pytest.mark.parametrize(
    ("changes", "what", "words"),
    [
        ({"ceiling": 5, "sessions_peak": 4}, "sessions", "4 sessions of ours, and it allows 5"),
        ({"cpu_percent": 75.0}, "cpu", "cpu 75 % or more in the busiest tenth of the hours"),
        ({"memory_peak": 88.0}, "memory", "up to 88 % of its memory"),
        ({"rows": 450}, "rows", "450 rows of ours; with a licence of level 5 no more than 500"),
    ],
)
def test_who_is_near_a_limit_is_said(changes: dict[str, Any], what: str, words: str) -> None:
    (limit,) = of(month(**changes)).limits
    assert limit.what == what
    assert words in limit.text
    assert len(NEARNESS) == 4


def test_a_quiet_month_changes_nothing() -> None:
    found = of(month())
    assert (found.is_enough, found.advices, found.limits, found.hours) == (True, (), (), 720)


# -- one odd hour, one dead router, and what the configuration takes ---------------------------------------------------

_COUNT = st.integers(0, 10**8)
_SECONDS = st.none() | st.floats(0, 10**6)
_PERCENT = st.none() | st.floats(0, 100)
ANY_HOUR: Final = st.builds(
    RouterHour, st.just(BEGIN), st.just("edge-1"), st.floats(300, 3600), st.floats(0, 3600),
    commands=_COUNT, failed=_COUNT, timeouts=_COUNT, turned_away=_COUNT, drops=_COUNT, opens=_COUNT, p95=_SECONDS,
    p95_peak=_SECONDS, utilisation_percent=_PERCENT, utilisation_peak=_PERCENT, oldest_peak=_SECONDS,
    cpu_percent=_PERCENT, cpu_peak=_PERCENT, memory_peak=_PERCENT, sessions_peak=st.integers(0, 50),
    ceiling=st.none() | st.integers(0, 60), rows=st.none() | st.integers(0, 10**6),
)  # fmt: skip
ANY_POOL: Final = st.builds(
    PoolOptions, min_size=st.integers(1, 5), max_size=st.integers(5, 50), command_timeout=st.floats(0.001, 86_400),
    acquire_timeout=st.floats(0.001, 86_400), slow_response=st.floats(0.0001, 86_400),
    max_waiting=st.integers(1, 1_000_000), max_commands_per_second=st.floats(0, 100_000),
    circuit_breaker_threshold=st.integers(1, 1000),
)  # fmt: skip


def changes_of(found: RouterReview) -> list[tuple[str, float]]:
    return [(each.setting, each.proposed) for each in found.advices]


@given(ANY_HOUR, st.integers(0, 719))
def test_whatever_happened_in_one_hour_of_a_sound_month_nothing_is_said(odd: RouterHour, place: int) -> None:
    hours = month()
    hours[place] = odd
    assert (of(hours).advices, of(hours).limits) == ((), ())


@pytest.mark.parametrize("rule", PLANTED)
@given(odd=ANY_HOUR, place=st.integers(0, 719))
def test_one_odd_hour_changes_nothing_of_what_is_proposed(rule: str, odd: RouterHour, place: int) -> None:
    hours = month(**PLANTED[rule][0])
    before = of(hours)
    hours[place] = odd
    assert changes_of(of(hours)) == changes_of(before)
    assert [each.what for each in of(hours).limits] == [each.what for each in before.limits]


@given(st.lists(ANY_HOUR, min_size=1, max_size=6), ANY_POOL)
def test_whatever_the_hours_say_the_configuration_takes_it_and_it_is_a_change(
    kinds: list[RouterHour], pool: PoolOptions
) -> None:
    for each in of([replace(kinds[n % len(kinds)], seconds=3600.0) for n in range(60)], pool).advices:
        assert each.proposed != each.now == getattr(pool, each.setting)
        PoolOptions.model_validate(pool.model_dump() | {each.setting: each.proposed})


def test_what_a_router_usually_allows_is_proposed_and_the_least_is_said() -> None:
    ceilings = [1] + 39 * [4] + 680 * [None]
    (advice,) = of([replace(WELL, ceiling=most) for most in ceilings]).advices
    assert (advice.setting, advice.proposed) == ("max_size", 4)
    assert advice.evidence == ("in 40 of 720 hours the router allowed 4 sessions at most, 1 at the least",)


@pytest.mark.parametrize("dead_for_hours", [5, 240])
def test_a_router_that_was_dead_is_no_bad_link(dead_for_hours: int) -> None:
    dead = replace(WELL, away=3600.0, opens=6, p95=None, p95_peak=None, failed=1800)
    assert of([dead] * dead_for_hours + month(720 - dead_for_hours)).advices == ()


def test_at_its_limit_a_setting_is_left_alone() -> None:
    for rule, most in (("more_sessions", 50), ("longer_queue", 1_000_000), ("wait_longer", 86_400.0)):
        changes, setting, *_ = PLANTED[rule]
        pool = PoolOptions.model_validate(POOL.model_dump() | {setting: most})
        assert changes_of(of(month(**changes | {"p95_peak": 90_000.0}), pool)) == [], rule


def test_with_less_than_two_days_nothing_is_said_but_that() -> None:
    assert of(month(ENOUGH, cpu_percent=95.0, p95=9.0)).is_enough
    found = of(month(ENOUGH - 1, cpu_percent=95.0, p95=9.0))
    assert (found.is_enough, found.advices, found.limits) == (False, (), ())
    assert not of([]).is_enough


# -- the hours themselves ---------------------------------------------------------------------------------------------


def test_an_hour_is_counted_from_its_own_beginning_and_a_router_that_was_away_is_said_to_have_been() -> None:
    book, router, ended = HourBook("edge-1"), edge_1(), list[RouterHour]()
    for second in range(0, 2 * 3600 + 4, 2):
        performance = replace(
            router.pool.performance, commands=1000 + second, response=LatencyStatistics(9, 0.1, 0.1, 0.1, 0.1)
        )
        pool = replace(router.pool, performance=performance, ready=0 if 600 <= second < 1200 else 2)
        hour = book.take(BEGIN + timedelta(seconds=second), pool, router.facts, router.sync)
        ended += [hour] if hour else []
    first, second_hour = ended
    assert (first.hour, second_hour.hour) == (BEGIN, BEGIN + timedelta(hours=1))
    assert first.commands + second_hour.commands == pytest.approx(7200, abs=4)
    assert (first.away, second_hour.away) == (600.0, 0.0)
    assert (first.p95, first.cpu_percent, first.rows, first.sessions_peak) == (0.1, 12, 1204, 3)
    assert book.end() is None, "four seconds say nothing"


def test_hours_come_back_from_the_file_as_they_were_and_old_ones_go(tmp_path: Path) -> None:
    history = History(tmp_path / "monitor.db", MonitorOptions())
    odd = replace(WELL, router="ed\udce9", p95=None, ceiling=None)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    kept = [replace(WELL, hour=now - timedelta(hours=2)), replace(odd, hour=now)]
    for hour in (replace(WELL, hour=now - timedelta(days=500)), *kept):
        history.note(hour)
    found = history.ask(lambda connection: database.read_hours(connection, BEGIN - timedelta(days=9999))).result(20)
    history.close()
    assert found == (kept[0], replace(kept[1], router="ed\\udce9"))


def test_a_file_of_the_version_before_is_given_room_for_hours(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    engine = database.open_engine(path)
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP TABLE hours")
        connection.exec_driver_sql("PRAGMA user_version = 1")
    engine.dispose()
    history = History(path, MonitorOptions())
    history.note(replace(WELL, hour=datetime.now(UTC)))
    assert len(history.ask(lambda connection: database.read_hours(connection, BEGIN)).result(20)) == 1
    history.close()
