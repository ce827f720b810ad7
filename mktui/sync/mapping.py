"""Billing's words -> RouterOS's. Pure. Only attributes that appear here are ever compared or written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mktui.billing.model import Kind, OnInactive, SubscriberStatus
from mktui.core.protocol.values import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from mktui.billing.model import Profile, Subscriber

PROFILE_MENUS: Final = {Kind.PPP: "/ppp/profile", Kind.HOTSPOT: "/ip/hotspot/user/profile"}
SUBSCRIBER_MENUS: Final = {Kind.PPP: "/ppp/secret", Kind.HOTSPOT: "/ip/hotspot/user"}
MANAGED_MENUS: Final = (*PROFILE_MENUS.values(), *SUBSCRIBER_MENUS.values())
"""In the order of writing: a profile before who uses it."""
COLUMNS: Final = {
    "/ppp/profile": ("rate-limit", "session-timeout", "idle-timeout", "only-one", "local-address", "remote-address",
                     "address-list", "parent-queue", "comment"),
    "/ip/hotspot/user/profile": ("rate-limit", "session-timeout", "idle-timeout", "shared-users", "address-list",
                                 "parent-queue", "address-pool"),
    "/ppp/secret": ("password", "profile", "service", "remote-address", "caller-id", "disabled", "comment"),
    "/ip/hotspot/user": ("password", "profile", "server", "mac-address", "limit-uptime", "limit-bytes-total",
                         "disabled", "comment"),
}  # fmt: skip
"""What is read of each menu besides id, name and the marks of rows that are not ours to touch."""
COMMENTED: Final = frozenset(menu for menu, columns in COLUMNS.items() if "comment" in columns)
"""Menus whose rows can carry our mark."""
NAMING_PROFILES: Final = {
    "/ppp/profile": {
        **{f"/interface/{kind}-server/server": "default-profile" for kind in ("pppoe", "l2tp", "pptp", "sstp", "ovpn")},
        **{f"/interface/{kind}-client": "profile" for kind in ("pppoe", "l2tp", "pptp", "sstp", "ovpn")},
    },
    "/ip/hotspot/user/profile": {"/ip/hotspot/profile": "trial-user-profile"},
}
"""Profiles' menu -> menus whose rows name one besides subscribers, and the attribute that does."""


@dataclass(frozen=True, slots=True)
class DesiredRow:
    """One row as billing wants it. ``needs`` names the profile row it depends on.

    ``is_gone``: billing wants no such row (a customer who was deleted). ``reason`` says why he may not connect.
    """

    menu: str
    name: str
    external_id: str
    values: dict[str, str] = field(repr=False)  # holds the password
    needs: tuple[str, str] | None = None
    is_gone: bool = False
    reason: str = ""
    valid_until: datetime | None = None
    is_protected: bool = False

    @property
    def server(self) -> str:
        """The hotspot server that its name belongs to; "" for all, and for PPP."""
        return server_of(self.menu, self.values)


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything that billing wants on one router. ``is_complete``: who is not in it is not a customer."""

    router: str
    rows: tuple[DesiredRow, ...]
    is_complete: bool = True
    is_empty: bool = False
    """Billing has no subscriber at all: whoever reads it looked into the wrong place, more likely."""
    fallback_profile: str = ""
    """The profile of who is inactive: who is given his own again is given his service again."""


def server_of(menu: str, values: Mapping[str, str]) -> str:
    """Return the part of a row's identity that its server is: a hotspot user's name is unique on each server."""
    server = values.get("server", "all") if menu == "/ip/hotspot/user" else "all"
    return "" if server == "all" else server


def desired(
    router: str,
    profiles: Iterable[Profile],
    subscribers: Iterable[Subscriber],
    *,
    now: datetime,
    fallback_profile: str = "",
    is_complete: bool = True,
) -> Desired:
    """Return what one router should hold at ``now``."""
    sold = [profile for profile in profiles if profile.enabled]
    rows = [_profile(profile) for profile in sold]
    # nobody may be left with full service because the fallback profile is not there
    fallbacks = {profile.kind: profile.name for profile in sold if profile.name == fallback_profile}
    subscribers = tuple(subscribers)
    is_empty = not subscribers
    for subscriber in subscribers:
        if not subscriber.routers or router in subscriber.routers:
            rows.append(_subscriber(subscriber, now=now, fallback_profile=fallbacks.get(subscriber.kind, "")))
        rows += _left_behind(subscriber, router, now)
    return Desired(router, tuple(rows), is_complete, is_empty, fallback_profile)


def _left_behind(subscriber: Subscriber, router: str, now: datetime) -> Iterator[DesiredRow]:
    """Yield the rows that he must not have any more: he has moved, or connects otherwise, and may not connect.

    Who has moved and has paid keeps what he had until it is pruned.
    """
    if not (reason := _reason(subscriber, now)):
        return
    is_here = not subscriber.routers or router in subscriber.routers
    for kind, menu in SUBSCRIBER_MENUS.items():
        if kind is not subscriber.kind or not is_here:
            yield DesiredRow(
                menu, subscriber.username, subscriber.external_id, {}, None, is_gone=True, reason=reason,
                valid_until=subscriber.valid_until, is_protected=subscriber.protect,
            )  # fmt: skip


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


def _reason(subscriber: Subscriber, now: datetime) -> str:
    """Return why he may not connect; "" when he may."""
    if subscriber.may_connect(now):
        return ""
    return "expired" if subscriber.status is SubscriberStatus.ACTIVE else subscriber.status.value


def _subscriber(subscriber: Subscriber, *, now: datetime, fallback_profile: str) -> DesiredRow:
    menu = SUBSCRIBER_MENUS[subscriber.kind]
    reason = _reason(subscriber, now)
    falls_back = bool(reason) and subscriber.on_inactive is OnInactive.FALLBACK_PROFILE and bool(fallback_profile)
    profile = fallback_profile if falls_back else subscriber.profile
    values = {
        "password": subscriber.password.get_secret_value(),
        "profile": profile,
        "disabled": "yes" if reason and not falls_back else "no",
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
    is_gone = subscriber.status is SubscriberStatus.DELETED or (
        bool(reason) and subscriber.on_inactive is OnInactive.REMOVE
    )
    return DesiredRow(
        menu, subscriber.username, subscriber.external_id, values, (PROFILE_MENUS[subscriber.kind], profile), is_gone,
        reason, subscriber.valid_until, subscriber.protect,
    )  # fmt: skip
