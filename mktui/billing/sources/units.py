"""Text -> value, tolerant but never by guess: what could mean two things is an error that says what to write.

=========  ==================================================================================================
rates      ``10M``, ``10 Mbit/s``, ``512k``, ``1.5G``, plain bit/s; k, M and G are 1000. ``MB/s`` is refused: bytes
sizes      ``5G``, ``500MB``, ``5GiB``, plain bytes; k, M, G, T are powers of 1000, Ki, Mi, Gi, Ti (GiB) of 1024
durations  ``1h``, ``30d``, ``1d02:15:30``, ``01:30:00``, plain seconds; there are no months
money      ``12.50`` or ``12,50``: two decimals, kept as 1250 minor units
dates      ISO, with or without time and zone; a date alone is the end of that day
=========  ==================================================================================================
"""

from __future__ import annotations

import datetime as dt
import enum
import ipaddress
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeVar

from mktui.billing.sources.zones import as_utc, end_of_day
from mktui.core.protocol.values import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

E = TypeVar("E", bound=enum.StrEnum)

_NUMBER: Final = re.compile(r"\d+", re.ASCII)
# three decimals could be thousands: 1.500k is refused
_AMOUNT: Final = re.compile(r"(\d+(?:\.\d{1,2})?)\s*([A-Za-z/]*)", re.ASCII)
_BITS: Final = ("", "bit/s", "bit", "b/s", "bps")
_RATES: Final = {
    prefix + unit: factor
    for prefixes, factor in (("kK", 10**3), ("mM", 10**6), ("gG", 10**9))
    for prefix in prefixes
    for unit in _BITS
} | dict.fromkeys(("", "bit/s", "bps", "b/s"), 1)
_BINARY: Final = {f"{prefix}i": 1024**power for power, prefix in enumerate(("K", "M", "G", "T"), 1)} | {"ki": 1024}
_DECIMAL: Final = {"k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SIZES: Final = (
    {"": 1, "B": 1}
    | _BINARY
    | _DECIMAL
    | {f"{unit}B": factor for unit, factor in (*_BINARY.items(), *_DECIMAL.items())}
)
_MONEY: Final = re.compile(r"(\d+)(?:[.,](\d{1,2}))?", re.ASCII)
_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?", re.ASCII
)
_DATE_LENGTH: Final = 10
_MAC: Final = re.compile(r"[0-9A-F]{12}")
_SEPARATORS: Final = re.compile(r"[|;,]")
_LARGEST: Final = 2**63 - 1
"""The largest whole number that every database keeps."""


class Unreadable(ValueError):
    """A value that is not understood: what is wrong, and what would be right. The value itself is not in it."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.problem, self.remedy = problem, remedy


def whole(text: str) -> int:
    """Return a whole number."""
    if not _NUMBER.fullmatch(text) or len(text) > 30:
        raise Unreadable("not a whole number", "write digits only, such as 8")
    return _bounded(int(text))


def rate(text: str) -> int:
    """Return bit/s."""
    remedy = "write 10M, 512k or bit/s"
    return _scaled(text, _RATES, remedy)


def size(text: str) -> int:
    """Return bytes."""
    return _scaled(text, _SIZES, "write 5G, 500MB, 5GiB or bytes")


def _scaled(text: str, units: dict[str, int], remedy: str) -> int:
    match = _AMOUNT.fullmatch(text)
    if match is None or len(text) > 40:
        raise Unreadable("not a number with a unit", remedy)
    if match[2] not in units:
        also = " (a capital B is bytes)" if "B" in match[2] and "B" not in units else ""
        raise Unreadable(f"unknown unit {match[2]}{also}", remedy)
    return _integral(Decimal(match[1]) * units[match[2]], remedy)


def _integral(number: Decimal, remedy: str) -> int:
    if number != int(number):
        raise Unreadable("not a whole number", remedy)
    return _bounded(int(number))


def _bounded(number: int) -> int:
    if number > _LARGEST:
        raise Unreadable("too large")
    return number


def duration(text: str) -> int:
    """Return seconds."""
    remedy = "write 1h, 30d, 01:30:00 or seconds"
    try:
        seconds = parse_duration(re.sub(r"\s+", "", text))
        if len(text) > 40 or not text.isascii() or seconds != int(seconds):
            raise Unreadable("not a whole number of seconds", remedy)
    except ValueError as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("not a duration", remedy) from None
    return _bounded(int(seconds))


def money(text: str) -> int:
    """Return minor units of an amount with at most two decimals."""
    match = _MONEY.fullmatch(text)
    if match is None or len(text) > 30:
        raise Unreadable("not an amount of money", "write 12.50 or 12,50, without thousands and currency")
    return _bounded(int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0")))


def flag(text: str) -> bool:
    """Return yes or no."""
    known = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    try:
        return known[text.lower()]
    except KeyError:
        raise Unreadable("neither yes nor no", "write yes or no") from None


def one_of(values: type[E]) -> Callable[[str], E]:
    """Return a reader of one of some words; case, ``_`` and ``-`` do not matter."""

    def read(text: str) -> E:
        try:
            return values(re.sub(r"[\s_-]+", " ", text.lower()))
        except ValueError:
            raise Unreadable("unknown", f"write {_choice(values)}") from None

    return read


def _choice(values: Iterable[str]) -> str:
    *most, last = values
    return f"{', '.join(most)} or {last}"


def moment(text: str, local: dt.tzinfo) -> dt.datetime:
    """Return a moment in UTC; a date alone is the end of its day, a time without a zone is ``local``'s."""
    remedy = "write 2026-11-24 or 2026-11-24 18:00"
    if not _MOMENT.fullmatch(text):
        raise Unreadable("not a date", remedy)
    try:
        if len(text) == _DATE_LENGTH:
            return end_of_day(dt.date.fromisoformat(text), local)
        return as_utc(dt.datetime.fromisoformat(re.sub(r" (?=Z|[+-]\d)", "", text)), local)
    except (ValueError, OverflowError):
        raise Unreadable("there is no such date", remedy) from None


def mac(text: str) -> str:
    """Return a MAC address in upper case with colons."""
    digits = re.sub(r"[:.-]", "", text.upper())
    if not _MAC.fullmatch(digits):
        raise Unreadable("not a MAC address", "write 00:11:22:33:44:55")
    return ":".join(digits[start : start + 2] for start in range(0, 12, 2))


def ipv4(text: str) -> str:
    """Return an IPv4 address; PostgreSQL writes ``/32`` behind one."""
    try:
        return str(ipaddress.IPv4Address(text.removesuffix("/32")))
    except ValueError:
        raise Unreadable("not an IPv4 address", "write 10.0.0.7") from None


def names(text: str) -> tuple[str, ...]:
    """Return names that stand between ``|``, ``;`` or ``,``, or else between spaces: each once, in order."""
    parts = _SEPARATORS.split(text) if _SEPARATORS.search(text) else text.split()
    return tuple(sorted({name.strip() for name in parts if name.strip()}))


def listed(found: Sequence[str]) -> str:
    """Return names as :func:`names` reads them; one with a space in it needs a separator behind it."""
    text = "|".join(found)
    return f"{text}|" if " " in text else text
