"""Errors in memory: repeats are counted within their hour, and nothing grows without end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from mktui.monitor.error_ring import ErrorRing, collapsed, hour_of
from mktui.monitor.records import ErrorLog, SeenError, per_hour, totals

NOON: Final = datetime(2026, 11, 23, 12, 10, tzinfo=UTC)


def error(
    after: float = 0.0, text: str = "no answer", *, router: str = "edge-1", kind: str = "CommandTimeout"
) -> SeenError:
    """An error so many seconds after ten past noon."""
    return SeenError(NOON + timedelta(seconds=after), router, kind, "/ppp/secret/print", text)


def logged(*errors: SeenError, kept: int = 100) -> ErrorLog:
    """What a ring shows after these."""
    ring = ErrorRing(kept)
    for each in errors:
        ring.add(each)
    return ring.log(NOON + timedelta(minutes=5))


def test_the_same_error_again_is_one_row_with_its_count_and_last_time() -> None:
    (row,) = logged(error(), error(10), error(300)).rows
    assert (row.at, row.repeats, row.latest) == (NOON, 3, NOON + timedelta(seconds=300))


def test_another_router_class_or_text_is_another_row_and_the_newest_is_first() -> None:
    rows = logged(error(), error(1, router="edge-2"), error(2, kind="Overloaded"), error(3, "silent"), error(4)).rows
    assert [(row.router, row.kind, row.text, row.repeats) for row in rows] == [
        ("edge-1", "CommandTimeout", "no answer", 2), ("edge-1", "CommandTimeout", "silent", 1),
        ("edge-1", "Overloaded", "no answer", 1), ("edge-2", "CommandTimeout", "no answer", 1),
    ]  # fmt: skip


def test_an_error_after_a_pause_and_one_of_the_next_hour_are_rows_of_their_own() -> None:
    assert len(logged(error(), error(301)).rows) == 2
    assert len(logged(error(2990), error(3005)).rows) == 2


def test_rows_are_bounded_and_counts_are_not_lost_with_them() -> None:
    log = logged(*(error(number / 100, f"text {number}") for number in range(50)), kept=7)
    assert [row.text for row in log.rows] == [f"text {number}" for number in range(49, 42, -1)]
    assert totals(log.counts, "kind") == [("CommandTimeout", 50)]


def test_hours_are_counted_for_a_day() -> None:
    ring = ErrorRing()
    for hours in (30, 23, 1, 0, 0):
        ring.add(error(-3600 * hours, f"{hours} h ago"))
    counts = ring.log(NOON).counts
    assert per_hour(counts, NOON) == (1, *[0] * 21, 1, 2)


def test_one_routers_part_is_only_his() -> None:
    log = logged(error(), error(1, router="edge-2"), error(2, router="edge-2"))
    assert [row.router for row in log.of("edge-2").rows] == ["edge-2"]
    assert totals(log.of("edge-2").counts, "router") == [("edge-2", 2)]
    assert log.of("") is log


@given(st.lists(st.tuples(st.floats(0, 8000), st.sampled_from("abc")), max_size=60))
def test_however_errors_come_none_is_lost_and_no_row_leaves_its_hour(found: list[tuple[float, str]]) -> None:
    errors = [error(after, text) for after, text in sorted(found)]
    rows = collapsed(errors)
    assert sum(row.repeats for row in rows) == len(errors)
    assert all(hour_of(row.at) == hour_of(row.latest) for row in rows)
    assert sorted(each.key for each in errors) == sorted(row.key for row in rows for _ in range(row.repeats))
    assert collapsed(rows) == rows


def test_the_last_time_of_a_repeat_never_goes_back() -> None:
    late = replace(error(), last_at=NOON + timedelta(seconds=100))
    (row,) = logged(late, error(50)).rows
    assert row.latest == NOON + timedelta(seconds=100)
