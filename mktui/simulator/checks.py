"""What a value must be before it is kept: flags, closed lists, durations, addresses, ranges, references. Pure.

``normal`` returns the value as the router will print it.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final

from mktui.core.protocol.values import format_duration, format_flag, parse_duration, parse_flag
from mktui.simulator import by_hand, refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mktui.simulator.tables import Table

REFERENCES: Final[dict[tuple[str, str], str]] = {
    ("/ppp/secret", "profile"): "/ppp/profile",
    ("/ip/hotspot/user", "profile"): "/ip/hotspot/user/profile",
    ("/ip/hotspot/user", "server"): "/ip/hotspot",
    ("/ip/hotspot", "profile"): "/ip/hotspot/profile",
    ("/ip/hotspot", "interface"): "/interface",
    ("/ip/address", "interface"): "/interface",
    ("/interface/l2tp-server/server", "default-profile"): "/ppp/profile",
    ("/interface/pptp-server/server", "default-profile"): "/ppp/profile",
    ("/interface/sstp-server/server", "default-profile"): "/ppp/profile",
    ("/interface/ovpn-server/server", "default-profile"): "/ppp/profile",
    ("/interface/pppoe-server/server", "default-profile"): "/ppp/profile",
    ("/interface/pppoe-server/server", "interface"): "/interface",
    ("/user", "group"): "/user/group",
    ("/user/aaa", "default-group"): "/user/group",
    ("/ip/hotspot", "address-pool"): "/ip/pool",
    ("/ip/hotspot/user/profile", "address-pool"): "/ip/pool",
    ("/ip/pool", "next-pool"): "/ip/pool",
    ("/queue/simple", "parent"): "/queue/simple",
    ("/ppp/profile", "parent-queue"): "/queue/simple",
    ("/ip/hotspot/user/profile", "parent-queue"): "/queue/simple",
    ("/ip/hotspot/ip-binding", "server"): "/ip/hotspot",
}
"""Attributes that name a row of another menu. When that row is removed, its id is left dangling in them."""

ADDRESS_OR_POOL: Final = {("/ppp/profile", "local-address"), ("/ppp/profile", "remote-address")}
_WORDS: Final[dict[str, frozenset[str]]] = {
    "server": frozenset({"all"}),
    "address-pool": frozenset({"none"}),
    "next-pool": frozenset({"none"}),
    "parent": frozenset({"none"}),
    "parent-queue": frozenset({"none"}),
}
"""Attribute -> what it may say instead of a row's name."""
_CLOSED: Final = frozenset(
    {
        ("/ppp/secret", "service"), ("/ppp/profile", "use-encryption"), ("/ppp/profile", "use-compression"),
        ("/ppp/profile", "only-one"), ("/ppp/profile", "change-tcp-mss"), ("/ppp/profile", "use-upnp"),
        ("/ppp/profile", "use-mpls"), ("/ppp/profile", "use-ipv6"), ("/user", "inactivity-policy"),
    }
)  # fmt: skip
"""Lists that are the whole truth; others are one router's completions."""
_ADDRESSES: Final = {
    ("/ppp/secret", "local-address"),
    ("/ppp/secret", "remote-address"),
    ("/ip/hotspot/user", "address"),
}
_BETWEEN: Final = re.compile("([,/])")
_NO_DURATION: Final = frozenset({"", "none", "unlimited", "immediately", "never", "auto", ",", "/"})
_WHOLE: Final = re.compile("[0-9]{1,20}")
_RANGES: Final = {("/ip/service", "port"): (1, 65535), ("/ip/service", "max-sessions"): (1, 1000)}


def normal(path: str, name: str, value: str, tables: Mapping[str, Table], *, completes: bool = False) -> str:
    """Return ``value`` as it is kept. ``completes``: the one name that begins so is meant.

    Raises:
        Refusal: It cannot be one.
    """
    where = (path, name)
    if by_hand.is_flag(path, name):
        try:
            return format_flag(parse_flag(value))
        except ValueError:
            raise refusals.invalid_value(name) from None
    if where in REFERENCES:
        return _reference(where, value, tables, completes=completes)
    if where in _RANGES:
        low, high = _RANGES[where]
        if not _WHOLE.fullmatch(value) or not low <= int(value) <= high:
            raise refusals.out_of_range(name, low, high)
        return value
    if where in _FORMS:
        return _FORMS[where](name, value)
    if where in _ADDRESSES or where in ADDRESS_OR_POOL:
        return _address(where, value, tables)
    return _by_schema(path, name, value)


def _by_schema(path: str, name: str, value: str) -> str:
    facts = by_hand.menu(path)
    form = facts.values.get(name) if facts else None
    if (path, name) in _CLOSED and isinstance(form, list) and value not in form:
        raise refusals.no_match(name)
    return _intervals(name, value) if form == "time interval" else value


def _intervals(name: str, value: str) -> str:
    """Return durations as they print; some attributes take several, or a word instead (recorded rows)."""
    parts = [part for part in _BETWEEN.split(value) if part not in _NO_DURATION]
    try:
        printed = {part: format_duration(parse_duration(part)) for part in parts}
    except (ValueError, OverflowError):
        raise refusals.invalid_value(name) from None
    return "".join(printed.get(part, part) for part in _BETWEEN.split(value))


def _reference(where: tuple[str, str], value: str, tables: Mapping[str, Table], *, completes: bool) -> str:
    if value in _WORDS.get(where[1], ()):
        return value
    table = tables[REFERENCES[where]]
    row = table.find(value)
    if row is not None:
        return row.values.get("name", value)
    begun = [name for each in table if value and (name := each.values.get("name", "")).startswith(value)]
    if len(begun) > 1:
        raise refusals.ambiguous(where[1])
    if begun and completes:
        return begun[0]
    raise refusals.no_match(where[1])


def _policies(name: str, value: str) -> str:
    facts = by_hand.menu("/user/group")
    known = facts.values.get(name, []) if facts else []
    named = [each for each in value.split(",") if each]
    if any(each.removeprefix("!") not in known for each in named):
        raise refusals.no_match(name)
    return ",".join(named)


def _networks(name: str, value: str) -> str:
    """Check addresses with or without a mask, or ranges of them."""
    for part in value.split(","):
        first, _, last = part.partition("-")
        try:
            ipaddress.ip_interface(first)
            ipaddress.ip_address(last or "::")
        except ValueError:
            raise refusals.invalid_value(name) from None
    return f"{value}/32" if name == "address" and "/" not in value else value


def _address(where: tuple[str, str], value: str, tables: Mapping[str, Table]) -> str:
    if not value:
        return value
    if where in ADDRESS_OR_POOL and (pool := tables["/ip/pool"].find(value)) is not None:
        return pool.values["name"]
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise refusals.invalid_value(where[1]) from None


_FORMS: Final[dict[tuple[str, str], Callable[[str, str], str]]] = {
    ("/user/group", "policy"): _policies,
    ("/ip/address", "address"): _networks,
    ("/ip/pool", "ranges"): _networks,
}
"""Attributes with a form of their own."""
