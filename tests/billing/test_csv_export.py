"""What is exported reads back as it was, and no cell of it is a formula."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from mktui.billing.model import Kind, OnInactive, Profile, Subscriber, SubscriberStatus
from mktui.billing.sources.csv_export import export_profiles, export_subscribers
from mktui.billing.sources.csv_file import read_csv
from mktui.billing.sources.zones import zone
from tests.billing.test_csv import subscribers

PRAGUE = zone("Europe/Prague")
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)
NAMES = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20)
COUNTS = st.integers(0, 2**40)
RATES = st.integers(0, 10**12)
ROUTERS = st.sets(st.from_regex(r"[a-z]([a-z0-9. -]*[a-z])?", fullmatch=True), max_size=3).map(sorted).map(tuple)
PROFILES = st.builds(
    Profile, external_id=TEXT.filter(bool), name=NAMES, kind=st.sampled_from(Kind), burst_down_bps=RATES,
    rate_limit_raw=TEXT, pool=TEXT, address_list=TEXT, session_timeout_s=COUNTS, price_minor=COUNTS,
    priority=st.integers(1, 8), enabled=st.booleans(),
)  # fmt: skip
SUBSCRIBERS = st.builds(
    Subscriber, external_id=TEXT.filter(bool), username=NAMES, password=TEXT.map(SecretStr), kind=st.sampled_from(Kind),
    profile=NAMES, routers=ROUTERS,
    status=st.sampled_from(SubscriberStatus), on_inactive=st.sampled_from(OnInactive),
    valid_until=st.none() | st.datetimes(min_value=dt.datetime(1900, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001
    static_ip=st.just("") | st.ip_addresses(v=4).map(str), ppp_service=TEXT, hotspot_server=TEXT, comment=TEXT,
    quota_bytes=COUNTS, protect=st.booleans(),
)  # fmt: skip


@given(st.lists(PROFILES, max_size=4, unique_by=(lambda row: row.external_id, lambda row: row.name)))
def test_exported_profiles_read_back_as_they_were(rows: list[Profile]) -> None:
    read = read_csv(export_profiles(rows).encode(), "profile", local=PRAGUE, claims=True)
    assert read.errors == ()
    assert list(read.profiles) == rows
    assert read.complete is bool(rows)


@given(st.lists(SUBSCRIBERS, max_size=4, unique_by=(lambda row: row.external_id, lambda row: row.username,
                                                    lambda row: row.static_ip or row.external_id)))  # fmt: skip
def test_exported_subscribers_read_back_as_they_were(rows: list[Subscriber]) -> None:
    read = subscribers(export_subscribers(rows, passwords=True), local=PRAGUE)
    assert read.errors == ()
    assert list(read.subscribers) == rows


def test_passwords_are_exported_only_when_asked_for() -> None:
    ana = Subscriber(external_id="1", username="ana", password=SecretStr("s3cret"), profile="gold")
    assert "s3cret" not in export_subscribers([ana])
    assert "password" not in export_subscribers([ana])
    assert "s3cret" in export_subscribers([ana], passwords=True)


@pytest.mark.parametrize("text", ["=1+1", "+420", "-x", "@x", "\t=1", "#x", "'=x", "'"])
def test_no_cell_of_ours_is_a_formula(text: str) -> None:
    ana = Subscriber(external_id="1", username="ana", profile="gold", comment=text)
    assert f"'{text}" in export_subscribers([ana])
    assert subscribers(export_subscribers([ana])).subscribers == (ana,)


def test_an_apostrophe_in_anybody_elses_file_is_data() -> None:
    assert subscribers("username,profile,comment\nana,gold,'=x\n").subscribers[0].comment == "'=x"
