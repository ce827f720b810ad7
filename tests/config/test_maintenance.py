"""Maintenance in plain words: what can be said, what is refused, and when it is due, clock changes included."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.config.load import check_text
from mktui.config.maintenance import Job, Schedule, parse
from mktui.errors import ConfigError

FILE = Path("c.toml")
PRAGUE = ZoneInfo("Europe/Prague")
ZONES = [dt.UTC, *map(ZoneInfo, ("Europe/Prague", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
                                 "America/Havana", "Pacific/Apia", "Africa/Casablanca"))]  # fmt: skip

times = st.times().map(lambda time: time.replace(second=0, microsecond=0))
moments = st.datetimes(dt.datetime(2005, 1, 1), dt.datetime(2035, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001 - hypothesis adds the zone
weekdays = st.frozensets(st.integers(0, 6), min_size=1)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("hourly", Schedule(None)),
        ("daily 03:30", Schedule(dt.time(3, 30))),
        ("Sunday 4:00", Schedule(dt.time(4), frozenset({6}))),
        ("monday, thursday 02:15", Schedule(dt.time(2, 15), frozenset({0, 3}))),
        ("hourly on edge-1", Schedule(None, patterns=("edge-1",))),
        ("daily 23:59 on edge-*, the roof", Schedule(dt.time(23, 59), patterns=("edge-*", "the roof"))),
    ],
)
def test_plain_words_are_understood(words: str, meant: Schedule) -> None:
    assert parse(words) == meant


@pytest.mark.parametrize(
    "words", ["", "sunday", "04:00", "daily 24:00", "daily 3:5", "sometimes 03:00", "hourly 03:00", "daily 03:00 on",
              "daily 03:00 on ,", "monday tuesday 03:00", "every sunday 04:00", "daily hourly"],
)  # fmt: skip
def test_what_is_no_schedule_is_refused_with_what_would_be_one(words: str) -> None:
    with pytest.raises(ValueError, match=r"sunday 04:00|which routers|is no time"):
        parse(words)


def test_a_file_says_which_key_is_wrong_and_which_routers_there_are() -> None:
    text = "[maintenance]\nsync = 'daily 3'\n"
    with pytest.raises(ConfigError) as refused:
        check_text(text, FILE)
    assert "maintenance.sync" in str(refused.value)
    assert "sunday 04:00" in str(refused.value)
    text = "[maintenance]\npool_reset = 'sunday 04:00 on core-*'\n[[routers]]\nname = 'edge-1'\nhost = 'h'\n"
    with pytest.raises(ConfigError, match=r"no router is called 'core-\*'.*there are: edge-1"):
        check_text(text, FILE)
    with pytest.raises(ConfigError, match=r"billing.timezone.*no time zone is called 'Mars/Dome'"):
        check_text("[billing]\ntimezone = 'Mars/Dome'\n[maintenance]\nsync = 'hourly'\n", FILE)


def test_nothing_is_scheduled_unless_it_is_asked_for() -> None:
    assert check_text("", FILE).config.maintenance.schedules == {}
    assert set(check_text("[maintenance]\nself_check = 'hourly'\n", FILE).config.maintenance.schedules) == {Job.CHECK}


def test_a_time_that_is_left_out_in_spring_comes_an_hour_later_and_one_that_comes_twice_in_autumn_comes_once() -> None:
    daily = parse("daily 02:30")
    spring = daily.next_after(dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC), PRAGUE)
    assert spring.astimezone(PRAGUE).strftime("%d %H:%M") == "29 03:30"
    autumn = daily.next_after(dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC), PRAGUE)
    assert autumn == dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
    after = daily.next_after(autumn, PRAGUE)
    assert after == dt.datetime(2026, 10, 26, 1, 30, tzinfo=dt.UTC), "not at the second 02:30"


@given(times, weekdays, moments, st.sampled_from(ZONES))
def test_every_day_that_is_meant_has_it_once_and_no_other_day_has_it(
    at: dt.time, days: frozenset[int], begin: dt.datetime, zone: dt.tzinfo
) -> None:
    schedule = Schedule(at, days)
    due = [begin]
    for _ in range(12):
        due.append(schedule.next_after(due[-1], zone))
    assert all(earlier < later for earlier, later in pairwise(due))
    local = [moment.astimezone(zone) for moment in due[1:]]
    on_days = [moment.date() for moment in local]
    assert len(set(on_days)) == len(on_days), "never twice a day"
    for moment in local:
        plain = dt.datetime.combine(moment.date(), at)
        off = abs(moment.replace(tzinfo=None) - plain)
        assert off <= dt.timedelta(hours=1) or moment.date() == dt.date(2011, 12, 31), "a change of the clock at most"
    meant = [local[0].date() + dt.timedelta(days=n) for n in range((local[-1].date() - local[0].date()).days + 1)]
    skipped = dt.date(2011, 12, 30)  # Apia has not had this day
    near_midnight = at < dt.time(1, 1) or at >= dt.time(23)
    if not near_midnight:  # there a clock that is put forward may carry it over midnight
        is_apia = str(zone) == "Pacific/Apia"
        assert on_days == [day for day in meant if day.weekday() in days and not (is_apia and day == skipped)]


@given(moments, moments, times, weekdays, st.sampled_from(ZONES))
def test_looking_later_never_finds_an_earlier_time(
    one: dt.datetime, other: dt.datetime, at: dt.time, days: frozenset[int], zone: dt.tzinfo
) -> None:
    early, late = sorted((one, other))
    schedule = Schedule(at, days)
    assert schedule.next_after(early, zone) <= schedule.next_after(late, zone)
    due = schedule.next_after(early, zone)
    assert schedule.next_after(due - dt.timedelta(microseconds=1), zone) == due


@given(moments, st.sampled_from(ZONES))
def test_hourly_is_every_hour_also_when_the_clock_is_changed(begin: dt.datetime, zone: dt.tzinfo) -> None:
    hourly = Schedule(None)
    due = hourly.next_after(begin, zone)
    assert dt.timedelta() < due - begin <= dt.timedelta(hours=1)
    assert hourly.next_after(due, zone) - due == dt.timedelta(hours=1)


def test_routers_are_chosen_by_name_and_a_protected_one_only_by_its_whole_name() -> None:
    some = parse("hourly on edge-*, core")
    assert [name for name in ("edge-1", "core", "core-2", "tower") if some.takes(name)] == ["edge-1", "core"]
    assert [name for name in ("edge-1", "core") if some.names(name)] == ["core"]
    assert parse("hourly").takes("anything")
