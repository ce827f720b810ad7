"""What is known of a customer, in the words that ``mktui who`` and the screen share. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mktui.billing.model import Profile, Subscriber
    from mktui.services.customer import Customer, OnlineSession, RouterRow

OURS: Final = {True: "ours", False: "not ours", None: "nobody knows whose"}


def profile_of(customer: Customer, subscriber: Subscriber) -> Profile | None:
    """Return what a subscriber has bought, as billing has it."""
    named = (each for each in customer.profiles if each.name == subscriber.profile and each.kind is subscriber.kind)
    return next(named, None)


def speeds(profile: Profile) -> str:
    """Return a profile's rate: 40M down, 10M up."""
    return f"{rate(profile.rate_down_bps)} down, {rate(profile.rate_up_bps)} up"


def in_billing(customer: Customer, subscriber: Subscriber) -> str:
    """Return what billing says of a subscriber, in one line."""
    profile = profile_of(customer, subscriber)
    bought = f"{subscriber.profile} ({speeds(profile)})" if profile else subscriber.profile
    routers = ", ".join(subscriber.routers) or "every router"
    return f"{subscriber.kind.value} · {bought} · {routers} · {subscriber.external_id}"


def online(session: OnlineSession) -> str:
    """Return a session in one line."""
    facts = [
        f"{session.router} {session.kind}", session.address, session.device, f"for {session.uptime or '?'}",
        traffic(session), limit(session.rate), "by RADIUS" if session.is_radius else "",
    ]  # fmt: skip
    return " · ".join(fact for fact in facts if fact)


def traffic(session: OnlineSession) -> str:
    """Return what he has moved in this session."""
    return f"down {size(session.down_bytes)}, up {size(session.up_bytes)}"


def on_router(found: RouterRow) -> str:
    """Return what a row on a router holds, in one line."""
    row = found.row
    facts = [row.get("profile", ""), "disabled" if row.get("disabled") == "true" else "enabled", OURS[found.is_ours]]
    seen = last_seen(found)
    return " · ".join([*facts, *([seen] if seen else [])])


def last_seen(found: RouterRow) -> str:
    """Return when a row's customer left last, and why; "" when the router does not say."""
    left, why = found.row.get("last-logged-out", ""), found.row.get("last-disconnect-reason", "")
    if not left or "1970" in left:
        return ""
    return f"last seen {left}{f' ({why})' if why else ''}"


def limit(text: str) -> str:
    """Return a queue's limit, upload first in the router's own way, as a person would say it."""
    up, _, down = text.partition("/")
    if up.isdecimal() and down.isdecimal():
        return f"limit {rate(int(down))} down, {rate(int(up))} up"
    return f"limit {text} (up/down)" if text else ""


def rate(bps: int) -> str:
    """Return 40M for 40 000 000; 0 is no limit."""
    for unit, factor in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if bps >= factor:
            return f"{bps / factor:g}{unit}"
    return str(bps) if bps else "no limit"


def size(count: int | None) -> str:
    """Return 1.2 GB; a dash for what is not known."""
    if count is None:
        return "–"
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"
