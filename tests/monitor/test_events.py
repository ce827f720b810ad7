"""What the ring of events has forgotten is still counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mktui.monitor.events import BAD, KEPT, WELL, EventRing

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
KINDS = st.sampled_from(sorted(BAD | WELL | {"pool reset"}))


def later(seconds: float) -> datetime:
    """A moment after the first."""
    return AT + timedelta(seconds=seconds)


def test_a_router_that_is_away_for_a_day_is_in_trouble_for_a_day() -> None:
    ring = EventRing("edge-1")
    ring.add(AT, "connected", "")
    for minute in range(1, 1440):
        for kind in ("connect failed", "circuit opened", "circuit probing"):
            ring.add(later(60 * minute), kind, f"try {minute}")
    assert len(ring.latest(10_000)) == KEPT
    assert ring.trouble_since == later(60)
    ring.add(later(86_400), "connected", "")
    assert ring.trouble_since is None


def test_a_router_that_goes_and_comes_back_has_one_trouble_however_much_was_lost_with_it() -> None:
    ring = EventRing("edge-1")
    for begins in (0, 1200):
        for second, kind in enumerate(("connection lost", "connection lost", "connect failed", "circuit opened")):
            ring.add(later(begins + second), kind, "")
        ring.add(later(begins + 100), "connected", "")
    assert ring.troubles_within_the_hour(later(1300)) == 2
    assert ring.troubles_within_the_hour(later(3600)) == 1
    assert ring.troubles_within_the_hour(later(4800)) == 0


def test_repeats_count_in_the_hour_in_which_they_happened() -> None:
    ring = EventRing("edge-1")
    for minute in range(240):
        ring.add(later(60 * minute), "connect failed", "refused")
    assert ring.latest(1)[0].repeats == 240
    assert ring.within_the_hour(later(60 * 239)) == {"connect failed": 60}
    assert ring.within_the_hour(later(60 * 269)) == {"connect failed": 30}
    assert ring.within_the_hour(later(60 * 300)) == {}


def test_a_clock_that_jumps_back_leaves_no_events_of_the_future() -> None:
    ring = EventRing("edge-1")
    ring.add(later(7200), "connect failed", "refused")
    ring.add(AT, "connect failed", "refused")
    assert ring.within_the_hour(AT) == {"connect failed": 1}


@given(told=st.lists(st.tuples(st.integers(0, 7200), KINDS), max_size=60), ago=st.integers(0, 3600))
def test_an_event_counts_for_an_hour_to_the_minute(told: list[tuple[int, str]], ago: int) -> None:
    ring, told = EventRing("edge-1"), sorted(told, key=lambda each: each[0])
    for second, kind in told:
        ring.add(later(second), kind, "")
    now = 7200 + ago
    expected = [kind for second, kind in told if now // 60 - second // 60 < 60]
    assert ring.within_the_hour(later(now)) == {kind: expected.count(kind) for kind in set(expected)}
