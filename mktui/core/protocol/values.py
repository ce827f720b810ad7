"""RouterOS text <-> Python, by what the schema says a value is, never by guessing from how it looks.

Durations print as ``1w2d3h4m5s`` with zero units skipped, and come as ``01:22:53``, ``1d02:15:30`` and ``12ms345us``
too; dates are ``jul/14/2023`` before RouterOS 7.10 and ISO from then on.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

_UNITS: Final = {"w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6}
_PART: Final = re.compile(r"(\d+)(ms|us|w|d|h|m|s)")
_CLOCK: Final = re.compile(r"(?:(?P<prefix>(?:\d+[wd])+))?(?P<h>\d+):(?P<m>\d{1,2})(?::(?P<s>\d{1,2}(?:\.\d+)?))?")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO_SINCE: Final = (7, 10)


_LONGEST: Final = 100


def parse_duration(text: str) -> float:
    """Return seconds. A bare number is seconds.

    Raises:
        ValueError: It is no duration.
    """
    if len(text) > _LONGEST:  # nothing that a router would print, and too long for a number
        raise ValueError(f"no duration: {text[:_LONGEST]!r}…")
    if text.isdecimal():
        return float(text)
    if match := _CLOCK.fullmatch(text):
        prefix = _sum_units(match["prefix"] or "")
        return prefix + int(match["h"]) * 3600.0 + int(match["m"]) * 60.0 + float(match["s"] or 0)
    if not text or _PART.sub("", text):
        raise ValueError(f"no duration: {text!r}")
    return _sum_units(text)


def _sum_units(text: str) -> float:
    return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def format_duration(seconds: float) -> str:
    """Return seconds as RouterOS prints them: zero units skipped, ``0s`` for nothing."""
    rest = int(seconds)
    parts: list[str] = []
    for unit in ("w", "d", "h", "m", "s"):
        number, rest = divmod(rest, int(_UNITS[unit]))
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"


def parse_flag(text: str) -> bool:
    """Return a flag's value.

    Raises:
        ValueError: It is neither yes, true, no nor false.
    """
    if text in {"yes", "true"}:
        return True
    if text in {"no", "false"}:
        return False
    raise ValueError(f"no flag: {text!r}")


def format_flag(value: bool) -> str:
    """Return a flag as RouterOS prints it."""
    return "true" if value else "false"


def parse_date(text: str) -> dt.datetime:
    """Return a date, with its time when it has one, without a time zone (it is the router's own).

    Raises:
        ValueError: It is no date.
    """
    date, _, time = text.strip().partition(" ")
    month, _, rest = date.partition("/")
    if month.lower() in _MONTHS:
        day, _, year = rest.partition("/")
        date = f"{year}-{_MONTHS.index(month.lower()) + 1:02}-{day:0>2}"
    return dt.datetime.fromisoformat(f"{date} {time}".strip())


def format_date(moment: dt.datetime, version: str) -> str:
    """Return a date and time as this version prints it."""
    time = moment.strftime("%H:%M:%S")
    if version_key(version) >= _ISO_SINCE:
        return f"{moment:%Y-%m-%d} {time}"
    return f"{_MONTHS[moment.month - 1]}/{moment:%d/%Y} {time}"


def version_key(version: str) -> tuple[int, ...]:
    """Return a version as numbers, for comparing: ``7.10.2 (stable)`` is (7, 10, 2)."""
    return tuple(int(number) for number in re.findall(r"\d+", version.partition(" ")[0]))
