"""Takes out of a router's rows what is nobody's business, the same way everywhere: one name, one other name.

A value stays only when it is known to say nothing: a flag, a figure, a duration, a date, a word out of RouterOS's own
vocabulary, a fact about hardware or version. Whatever else there is becomes a token of its kind, numbered in the order
in which it was first seen, so that rows still point to each other. Masking what is masked changes nothing.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from mktui.core.protocol import schema
from mktui.core.protocol.values import parse_duration
from mktui.services.command_words import SECRET

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PUBLIC: Final = frozenset(
    {
        ".id", "version", "board-name", "architecture-name", "cpu", "platform", "model", "factory-software",
        "build-time", "firmware-type", "current-firmware", "upgrade-firmware", "factory-firmware", "policy",
        "default-name", "type", "proto", "via", "time-zone-name", "gmt-offset", "features", "nlevel", "rate-limit",
        "max-limit", "limit-at", "burst-limit", "burst-threshold", "burst-time", "bucket-size", "login-by",
        "authentication", "tls-version",
    }
)  # fmt: skip
"""Attributes that say what the router is or can do, not whose it is."""
_IDENTIFYING: Final = frozenset(
    {
        "name", "user", "comment", "serial-number", "software-id", "system-id", "identity", "login", "contact",
        "location", "ssid", "email", "phone", "host-name", "dns-name", "caller-id", "last-caller-id", "session-id",
        "message", "subject", "common-name", "fingerprint", "script", "source", "on-up", "on-down", "on-login",
        "on-logout", "contents", "key",
    }
)  # fmt: skip
"""Attributes whose value is replaced also where it looks like a figure."""
_BUILT_IN: Final = frozenset(
    {
        "default", "default-encryption", "default-trial", "default-small", "default-small/default-small", "all", "any",
        "none", "read", "write", "full", "main", "api", "api-ssl", "ftp", "ssh", "telnet", "winbox", "www", "www-ssl",
        "pppoe", "pptp", "l2tp", "sstp", "ovpn", "async", "bridge", "auto", "unlimited", "static", "dynamic",
        "disabled", "enabled",
        "required", "skins", "directory", "unknown", "running", "C", "V", "W", "A", "RPM", "dBm", "UTC",
        "cpu-temperature", "temperature", "board-temperature1", "voltage", "psu1-voltage", "psu2-voltage", "current",
        "power-consumption", "fan1-speed", "fan2-speed", "phy-temperature", "switch-temperature",
    }
)  # fmt: skip
"""Names that every router has."""
_FIGURE: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?[kMGT]?(bps|%)?(/-?[0-9]+(\.[0-9]+)?[kMGT]?(bps|%)?)*")
_DATE: Final = re.compile(r"([a-zA-Z]{3}/\d\d/\d{4}|\d{4}-\d\d-\d\d)?( ?\d\d:\d\d:\d\d)?")
_PORT: Final = re.compile(r"(ether|sfp|sfp-sfpplus|wlan|wifi|lte|combo|qsfp28-)\d+(-\d+)?")
_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")
_OF_A_SESSION: Final = re.compile(r"<([a-z0-9]+)-(.+)>", re.DOTALL)
_TELLING_LETTERS: Final = 3
"""A shorter name is part of too many words."""
_TELLING_FIGURE: Final = re.compile(r"[0-9]([.-]?[0-9]){4}")
"""A figure so long may be a customer's number or telephone. It stays where things are counted, and only when it is
nobody's name: that it is so long is no chance."""
_COUNTING: Final = re.compile(
    r"(^|-)(byte|packet|bit|drop|error|collision|rate|limit|threshold|free|total|used|size|memory|space|sector|write"
    r"|frequency|speed|count|load|queue|rx|tx|fp|mtu|l2mtu|mru|mrru|port|distance|priority|time|timeout|interval|delay"
    r"|available|dropped|down|block|cost|sessions)s?(-|$)"
)
"""Names of attributes that count or measure something."""


class Masks:
    """What stands for what. Feed it all rows with ``learn`` first: a name may be used before it is defined."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str], str] = {}
        self._counts: Counter[str] = Counter()
        self._names: set[str] = set()

    def learn(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Note what identifies somebody."""
        for row in rows:
            self._names |= {value for name, value in row.items() if name in _IDENTIFYING or SECRET.search(name)}

    def row(self, path: str, row: Mapping[str, str]) -> dict[str, str]:
        """Return a row as it may be shown to anybody."""
        return {name: self.value(path, name, value) for name, value in row.items()}

    def value(self, path: str, name: str, value: str) -> str:
        """Return one value as it may be shown to anybody."""
        if not value or name in _PUBLIC:
            return value
        if SECRET.search(name):
            return self._token("secret", value)
        if self._says_nothing(path, name, value):
            return value
        return ",".join(self._part(part) for part in value.split(","))

    def text(self, text: str) -> str:
        """Return a router's sentence without the names in it."""
        for each in sorted(self._names, key=lambda name: (-len(name), name)):  # the longest: one may hold another
            if len(each) >= _TELLING_LETTERS and each in text and each not in _BUILT_IN:
                text = text.replace(each, self._token("name", each))
        return text

    def _says_nothing(self, path: str, name: str, value: str) -> bool:
        if value in _BUILT_IN or _PORT.fullmatch(value):
            return True
        if name in _IDENTIFYING:
            return False
        if value in {"true", "false", "yes", "no"} or value in schema.words(path, name):
            return True
        if _DATE.fullmatch(value) or _is_reference(value):
            return True
        is_telling = _TELLING_FIGURE.search(value) and (value in self._names or not _COUNTING.search(name))
        return not is_telling and _is_figure(value)

    def _part(self, part: str) -> str:
        if not part or part in _BUILT_IN or _PORT.fullmatch(part):
            return part
        if (session := _OF_A_SESSION.fullmatch(part)) is not None:
            return f"<{session[1]}-{self._part(session[2])}>"
        if _MAC.fullmatch(part):
            return self._token("mac", part.upper())
        address, slash, length = part.partition("/")
        first, dash, last = part.partition("-")
        if _is_address(address) and (not slash or length.isdecimal()):
            return f"{self._address(address)}{slash}{length}"
        if dash and _is_address(first) and _is_address(last):
            return "-".join(sorted((self._address(first), self._address(last)), key=_place))  # a range stays one
        return self._token("name", part)

    def _address(self, text: str) -> str:
        if ipaddress.ip_address(text).is_unspecified or ipaddress.ip_address(text).is_loopback:
            return text
        return self._token("ipv6" if ":" in text else "ipv4", text)

    def _token(self, kind: str, original: str) -> str:
        if (known := self._tokens.get((kind, original))) is not None:
            return known
        self._counts[kind] += 1
        token = self._tokens[kind, original] = _TOKENS[kind](self._counts[kind])
        return token


_TOKENS: Final = {
    "name": lambda number: f"name-{number}",
    "secret": lambda number: f"secret-{number}",
    "mac": lambda number: "02:00:" + ":".join(f"{byte:02X}" for byte in number.to_bytes(4, "big")),
    "ipv4": lambda number: str(ipaddress.IPv4Address("198.18.0.0") + number),
    "ipv6": lambda number: str(ipaddress.IPv6Address("2001:db8::") + number),
}


def _is_figure(value: str) -> bool:
    if _FIGURE.fullmatch(value):
        return True
    try:
        parse_duration(value)
    except ValueError:
        return False
    return True


def _place(address: str) -> tuple[int, int]:
    """Return what puts addresses in their order."""
    found = ipaddress.ip_address(address)
    return found.version, int(found)


def _is_reference(value: str) -> bool:
    return re.fullmatch(r"\*[0-9A-Fa-f]+", value) is not None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
