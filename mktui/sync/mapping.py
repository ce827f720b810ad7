"""Billing's words -> RouterOS's. Pure. Only attributes that appear here are ever compared or written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mktui.billing.model import Kind
from mktui.core.protocol.values import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mktui.billing.model import Profile, Subscriber

PROFILE_MENUS: Final = {Kind.PPP: "/ppp/profile", Kind.HOTSPOT: "/ip/hotspot/user/profile"}
SUBSCRIBER_MENUS: Final = {Kind.PPP: "/ppp/secret", Kind.HOTSPOT: "/ip/hotspot/user"}
MANAGED_MENUS: Final = (*PROFILE_MENUS.values(), *SUBSCRIBER_MENUS.values())
"""In the order of writing: a profile before who uses it."""
COLUMNS: Final = {
    "/ppp/profile": ("rate-limit", "session-timeout", "idle-timeout", "only-one", "local-address", "remote-address",
                     "address-list", "parent-queue"),
    "/ip/hotspot/user/profile": ("rate-limit", "session-timeout", "idle-timeout", "shared-users", "address-list",
                                 "parent-queue", "address-pool"),
    "/ppp/secret": ("password", "profile", "service", "remote-address", "caller-id", "disabled"),
    "/ip/hotspot/user": ("password", "profile", "server", "mac-address", "limit-uptime", "limit-bytes-total",
                         "disabled"),
}  # fmt: skip
"""What is read of each menu besides id, name and the marks of rows that are not ours to touch."""


@dataclass(frozen=True, slots=True)
class DesiredRow:
    """One row as billing wants it. ``needs`` names the profile row it depends on."""

    menu: str
    name: str
    external_id: str
    values: dict[str, str] = field(repr=False)  # holds the password
    needs: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything that billing wants on one router."""

    router: str
    rows: tuple[DesiredRow, ...]


def desired(router: str, profiles: Iterable[Profile], subscribers: Iterable[Subscriber], *, now: datetime) -> Desired:
    """Return what one router should hold at ``now``."""
    rows = [_profile(profile) for profile in profiles if profile.enabled]
    rows += [
        _subscriber(subscriber, now=now)
        for subscriber in subscribers
        if not subscriber.routers or router in subscriber.routers
    ]
    return Desired(router, tuple(rows))


def _profile(profile: Profile) -> DesiredRow:
    limits = {
        "rate-limit": profile.rate_limit_raw or _rate_limit(profile),
        "session-timeout": format_duration(profile.session_timeout_s) if profile.session_timeout_s else "",
        "idle-timeout": format_duration(profile.idle_timeout_s) if profile.idle_timeout_s else "",
        "address-list": profile.address_list,
        "parent-queue": profile.parent_queue,
    }
    if profile.kind is Kind.PPP:
        limits |= {"local-address": profile.local_address, "remote-address": profile.pool}
    else:
        limits |= {"shared-users": str(profile.shared_sessions), "address-pool": profile.pool}
    given = {name: value for name, value in limits.items() if value}
    return DesiredRow(PROFILE_MENUS[profile.kind], profile.name, profile.external_id, given)


def _rate_limit(profile: Profile) -> str:
    """Upload first: the router receives what the customer sends."""
    if not (profile.rate_up_bps or profile.rate_down_bps):
        return ""
    parts = [_pair(profile.rate_up_bps, profile.rate_down_bps)]
    if profile.burst_up_bps or profile.burst_down_bps:
        parts += [
            _pair(profile.burst_up_bps, profile.burst_down_bps),
            _pair(profile.burst_threshold_up_bps, profile.burst_threshold_down_bps),
            f"{profile.burst_time_s}/{profile.burst_time_s}",
            str(profile.priority),
        ]
    return " ".join(parts)


def _pair(up_bps: int, down_bps: int) -> str:
    return f"{_rate(up_bps)}/{_rate(down_bps)}"


def _rate(bps: int) -> str:
    for unit, factor in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if bps and bps % factor == 0:
            return f"{bps // factor}{unit}"
    return str(bps)


def _subscriber(subscriber: Subscriber, *, now: datetime) -> DesiredRow:
    menu = SUBSCRIBER_MENUS[subscriber.kind]
    values = {
        "password": subscriber.password.get_secret_value(),
        "profile": subscriber.profile,
        "disabled": "no" if subscriber.may_connect(now) else "yes",
    }
    if subscriber.kind is Kind.PPP:
        extra = {"service": subscriber.ppp_service, "remote-address": subscriber.static_ip, "caller-id": subscriber.mac}
    else:
        extra = {
            "server": subscriber.hotspot_server,
            "mac-address": subscriber.mac,
            "limit-uptime": format_duration(subscriber.quota_uptime_s) if subscriber.quota_uptime_s else "",
            "limit-bytes-total": str(subscriber.quota_bytes) if subscriber.quota_bytes else "",
        }
    values |= {name: value for name, value in extra.items() if value}
    needs = (PROFILE_MENUS[subscriber.kind], subscriber.profile)
    return DesiredRow(menu, subscriber.username, subscriber.external_id, values, needs)
