"""A router's rows become billing's: with a preview, with clashes named, and never half."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktui.billing.model import Kind, Profile, Subscriber, SubscriberStatus
from mktui.billing.sources.adopting import Adoption, adopt
from mktui.billing.sources.preview import preview
from mktui.billing.sources.zones import zone

PRAGUE = zone("Europe/Prague")
GOLD = {".id": "*1", "name": "gold", "rate-limit": "2M/10M", "session-timeout": "1d", "idle-timeout": "none",
        "local-address": "10.64.0.1", "remote-address": "home", "only-one": "default"}  # fmt: skip
ANA = {".id": "*2", "name": "ana", "password": "s3cret", "profile": "gold", "service": "pppoe", "disabled": "false",
       "remote-address": "10.0.0.7", "caller-id": "00:11:22:aa:bb:cc", "comment": "by the river"}  # fmt: skip
HOUR = {"name": "hour", "rate-limit": "1M", "shared-users": "2", "address-pool": "none", "parent-queue": "none"}
CODE = {"name": "VCH-1", "password": "s3cret", "profile": "hour", "limit-uptime": "1h", "limit-bytes-total": "500000",
        "comment": "VOUCHER_SYSTEM|5000||1735689599"}  # fmt: skip


def adopted(*, known: tuple[tuple[Profile, ...], tuple[Subscriber, ...]] = ((), ()), sees_passwords: bool = True,
            **rows: Any) -> Adoption:  # fmt: skip
    live = {
        "/ppp/profile": rows.get("profiles", [GOLD]), "/ppp/secret": rows.get("secrets", []),
        "/ip/hotspot/user/profile": rows.get("user_profiles", [HOUR]), "/ip/hotspot/user": rows.get("users", []),
    }  # fmt: skip
    return adopt("edge-1", live, *known, local=PRAGUE, sees_passwords=sees_passwords)


def test_rows_become_what_billing_would_have_written() -> None:
    found = adopted(secrets=[ANA], users=[CODE])
    assert (found.rows.errors, found.clashes, found.skipped) == ((), (), ())
    gold, hour = found.rows.profiles
    assert gold == Profile(
        external_id="edge-1:/ppp/profile:gold", name="gold", rate_up_bps=2 * 10**6, rate_down_bps=10**7,
        session_timeout_s=86_400, local_address="10.64.0.1", pool="home",
    )  # fmt: skip
    assert (hour.kind, hour.rate_up_bps, hour.rate_down_bps, hour.shared_sessions, hour.price_minor) == (
        Kind.HOTSPOT, 10**6, 10**6, 2, 500_000)  # fmt: skip
    ana, code = found.rows.subscribers
    assert (ana.external_id, ana.static_ip, ana.mac, ana.routers, ana.comment) == (
        "edge-1:/ppp/secret:ana", "10.0.0.7", "00:11:22:AA:BB:CC", ("edge-1",), "by the river")  # fmt: skip
    assert (code.quota_uptime_s, code.quota_bytes, code.hotspot_server) == (3600, 500_000, "all")
    assert code.valid_until == dt.datetime(2024, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
    assert code.comment == CODE["comment"], "byte for byte"
    assert found.live["subscriber", ana.external_id] == ("/ppp/secret", "*2")
    assert not preview((), (), found.rows).rejected
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"disabled": "true"}, "status", SubscriberStatus.SUSPENDED), ({"disabled": "yes"}, "status", "suspended"),
        ({"service": "any"}, "ppp_service", "any"), ({"service": "l2tp"}, "ppp_service", "l2tp"),
    ],
)  # fmt: skip
def test_attributes_of_a_secret_are_read(change: dict[str, str], field: str, value: object) -> None:
    [ana] = adopted(secrets=[{**ANA, **change}]).rows.subscribers
    assert getattr(ana, field) == value


def test_a_service_that_is_not_printed_is_any() -> None:
    secret = {name: value for name, value in ANA.items() if name != "service"}
    assert adopted(secrets=[secret]).rows.subscribers[0].ppp_service == "any"


ERRORS: dict[str, dict[str, str]] = {
    "/ppp/secret ana: static_ip 'pool-7': not an IPv4 address; write 10.0.0.7": {"remote-address": "pool-7"},
    "/ppp/secret ana: mac '10.1.1.1': not a MAC address; write 00:11:22:33:44:55": {"caller-id": "10.1.1.1"},
    "/ppp/secret ana: profile 'default': is RouterOS's own: billing has its own profiles only; use another profile":
        {"profile": "default"},
    "/ppp/secret ana: profile '*7': is neither in billing nor among the router's profiles": {"profile": "*7"},
    "/ppp/secret ana: comment: its valid_until_timestamp is no time; unix seconds or 2026-11-24 18:00":
        {"comment": "VOUCHER_SYSTEM|1||soon"},
}  # fmt: skip


@pytest.mark.parametrize("words", ERRORS)
def test_what_billing_cannot_say_is_an_error_and_not_half_adopted(words: str) -> None:
    found = adopted(secrets=[{**ANA, **ERRORS[words]}])
    assert [str(error) for error in found.rows.errors] == [words]
    assert found.rows.subscribers == ()


def test_a_password_that_may_not_be_seen_is_not_taken_for_empty() -> None:
    hidden = {name: value for name, value in ANA.items() if name != "password"}
    [error] = adopted(secrets=[hidden], sees_passwords=False).rows.errors
    assert "the login may not see it" in str(error)
    assert "policy sensitive" in error.remedy
    [ana] = adopted(secrets=[hidden]).rows.subscribers
    assert ana.password.get_secret_value() == "", "who may see passwords sees that there is none"


def test_unlimited_shared_users_cannot_be_said() -> None:
    [error] = adopted(user_profiles=[{**HOUR, "shared-users": "unlimited"}]).rows.errors
    assert error.field == "shared_sessions"


def test_dynamic_built_in_and_marked_rows_are_left_out() -> None:
    found = adopted(
        profiles=[GOLD, {"name": "default", "default": "true"}, {"name": "default-encryption"}],
        secrets=[{**ANA, "comment": "x [mktui:1a2b-3c4d]"}, {**ANA, "name": "d", "dynamic": "true"}],
        users=[{"name": "default-trial", "default": "true"}],
    )
    assert found.rows.subscribers == ()
    assert found.skipped == (
        ("/ppp/profile", "default", "RouterOS's own"), ("/ppp/profile", "default-encryption", "RouterOS's own"),
        ("/ppp/secret", "ana", "marked as mktui's already"), ("/ppp/secret", "d", "dynamic"),
        ("/ip/hotspot/user", "default-trial", "RouterOS's own"),
    )  # fmt: skip


def test_what_billing_has_already_is_a_clash_and_says_whether_it_is_the_same() -> None:
    rows = adopted(secrets=[ANA]).rows
    mine = rows.profiles[0].model_copy(update={"external_id": "p1", "price_minor": 7})
    [luis] = [one.model_copy(update={"external_id": "s1", "mac": ""}) for one in rows.subscribers]
    found = adopted(known=((mine,), (luis,)), secrets=[ANA, {**ANA, "name": "eva"}])
    assert [(one.name, one.external_id, one.problem, one.same) for one in found.clashes] == [
        ("gold", "p1", "billing has it just so", True),
        ("ana", "s1", "billing has it, with another mac", False),
        ("eva", "s1", "its address 10.0.0.7 is ana's in billing", False),
    ]
    assert found.rows.subscribers == ()


def test_a_profile_that_billing_has_serves_the_adopted() -> None:
    mine = Profile(external_id="p1", name="gold")
    found = adopted(known=((mine,), ()), profiles=[], secrets=[ANA])
    assert [one.username for one in found.rows.subscribers] == ["ana"]


def test_a_hotspot_name_on_two_servers_is_two_subscribers() -> None:
    found = adopted(users=[{**CODE, "server": "hs1"}, {**CODE, "server": "hs2"}, CODE])
    assert len({one.external_id for one in found.rows.subscribers}) == 3


def test_prices_that_do_not_agree_are_nobodys() -> None:
    other = {**CODE, "name": "VCH-2", "comment": "VOUCHER_SYSTEM|7000||"}
    assert adopted(users=[CODE, other]).rows.profiles[1].price_minor == 0


@given(st.lists(st.dictionaries(st.sampled_from([*GOLD, *ANA, *CODE, "server", "dynamic"]), st.text(max_size=12))))
def test_whatever_a_router_holds_is_adopted_skipped_or_an_error(rows: list[dict[str, str]]) -> None:
    found = adopted(profiles=rows, secrets=rows, user_profiles=rows, users=rows)
    good = len(found.rows.profiles) + len(found.rows.subscribers)
    wrong = {error.where for error in found.rows.errors}
    assert good + len(found.skipped) + len(found.clashes) <= 4 * len(rows)
    assert not rows or good or wrong or found.skipped
