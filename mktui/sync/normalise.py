"""Values that mean the same made equal, before anything is compared. Pure; normalising twice changes nothing.

A rate-limit is ``rx[/tx] [rx-burst[/tx-burst] [threshold [time [priority [minimum]]]]]`` as the router sees it:
rx is the customer's upload. k, M and G are 1000, never 1024.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mktui.core.protocol import schema
from mktui.core.protocol.values import format_duration, parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_RATE: Final = re.compile(r"(\d+)([kKmMgG]?)")
_FACTORS: Final = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}
_TIME_PART, _PRIORITY_PART = 3, 4
_NO_MAC: Final = "00:00:00:00:00:00"
_DANGLING: Final = re.compile(r"\*[0-9A-F]+")


def rate_limit(text: str) -> str:
    """Return a rate-limit in bit/s, both directions spelled out; what cannot be read is left alone."""
    parts = text.split()
    try:
        return " ".join(_part(index, part) for index, part in enumerate(parts))
    except ValueError:
        return text.strip()


def _part(index: int, part: str) -> str:
    if index == _PRIORITY_PART:
        return part
    rx, slash, tx = part.partition("/")
    read = _seconds if index == _TIME_PART else _bits
    return f"{read(rx)}/{read(tx if slash else rx)}"


def _seconds(text: str) -> str:
    return f"{parse_duration(text):g}"


def _bits(text: str) -> str:
    match = _RATE.fullmatch(text)
    if match is None:
        raise ValueError(f"no rate: {text!r}")
    return str(int(match[1]) * _FACTORS[match[2].lower()])


def duration(text: str) -> str:
    """Return a duration as RouterOS prints it; words such as ``none`` are left alone, and mean no limit as 0s does."""
    if text in {"", "none", "unlimited", "0"}:
        return ""
    try:
        seconds = parse_duration(text)
    except ValueError:
        return text
    return format_duration(seconds) if seconds else ""


def flag(text: str) -> str:
    """Return a flag as yes or no."""
    return {"true": "yes", "false": "no"}.get(text, text) or "no"


def mac(text: str) -> str:
    """Return a MAC address in upper case with colons; all zeros mean none."""
    address = text.upper().replace("-", ":").replace(".", ":")
    return "" if address == _NO_MAC else address


def named(text: str) -> str:
    """Return the name of something that may be none."""
    return "" if text == "none" else text


def count(text: str) -> str:
    """Return a limit; 0 means none."""
    return "" if text == "0" else text


def plain(text: str) -> str:
    """Return a text as it is."""
    return text


FIELDS: Final[dict[str, Callable[[str], str]]] = {
    "rate-limit": rate_limit,
    "session-timeout": duration,
    "idle-timeout": duration,
    "limit-uptime": duration,
    "disabled": flag,
    "caller-id": mac,
    "mac-address": mac,
    "parent-queue": named,
    "address-pool": named,
    "limit-bytes-total": count,
}
"""Attribute -> how it is made comparable; others are plain text."""

ABSENT: Final = {"service": "any", "profile": "default", "server": "all", "only-one": "default", "shared-users": "1"}
"""What an attribute that is not there stands for; others: the empty text."""


CLEARED: Final = {
    "mac-address": _NO_MAC, "limit-uptime": "0s", "limit-bytes-total": "0", "session-timeout": "0s",
    "idle-timeout": "none", "address-pool": "none", "parent-queue": "none", "service": "any", "server": "all",
    "profile": "default", "shared-users": "1",
}  # fmt: skip
"""What is written to take an attribute away where it cannot be unset; others: the empty text."""


def written(menu: str, values: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what is set and what is unset so that a row holds these; an empty value takes its attribute away."""
    facts = schema.menu(menu)
    unsettable = facts.unsettable if facts is not None else frozenset()
    unset = tuple(name for name, value in values.items() if not value and name in unsettable)
    return {name: value or CLEARED.get(name, "") for name, value in values.items() if name not in unset}, unset


REFERENCES: Final = frozenset({"profile", "remote-address", "address-pool", "parent-queue", "server"})
"""Attributes that name another row."""


def is_dangling(name: str, text: str | None) -> bool:
    """Say whether a reference points at a row that is gone: the router then shows its id. Nobody has chosen that."""
    return name in REFERENCES and text is not None and _DANGLING.fullmatch(text) is not None


def comparable(name: str, text: str | None) -> str:
    """Return an attribute's value in the form in which it is compared."""
    value = ABSENT.get(name, "") if text is None else text
    return FIELDS.get(name, plain)(value)


def same(name: str, one: str | None, other: str | None) -> bool:
    """Say whether two values of an attribute mean the same."""
    return comparable(name, one) == comparable(name, other)
