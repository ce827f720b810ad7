"""A router's rate-limit text -> billing's fields: exactly, or kept as it is in ``rate_limit_raw``.

The text is ``rx[/tx] [burst [threshold [time [priority [minimum]]]]]`` as the router sees it: rx is the customer's
upload. Only what billing would write back with the same meaning becomes fields.
"""

from __future__ import annotations

import re
from typing import Final

from mktui.core.protocol.values import parse_duration

_RATE: Final = re.compile(r"(\d{1,12})([kKmMgG]?)", re.ASCII)
_FACTORS: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_LARGEST: Final = 10**12


def rate_fields(text: str) -> dict[str, str]:
    """Return the fields of a profile that say what a rate-limit says, as texts."""
    parts = text.split()
    try:
        if len(parts) == 1:
            return _pair("rate", parts[0])
        if len(parts) == 5:
            return _with_burst(parts)
    except ValueError:
        pass
    return {"rate_limit_raw": text.strip()} if parts else {}


def _with_burst(parts: list[str]) -> dict[str, str]:
    up, _, down = parts[3].partition("/")
    seconds = parse_duration(up)
    if (down and parse_duration(down) != seconds) or seconds != int(seconds) or not parts[4].isdecimal():
        raise ValueError("billing has one burst time")
    pairs = _pair("rate", parts[0]) | _pair("burst", parts[1]) | _pair("burst_threshold", parts[2])
    return pairs | {"burst_time_s": str(int(seconds)), "priority": parts[4]}


def _pair(name: str, text: str) -> dict[str, str]:
    up, slash, down = text.partition("/")
    rates = {f"{name}_up_bps": _bits(up), f"{name}_down_bps": _bits(down if slash else up)}
    if not any(rates.values()):
        raise ValueError("no limit that is spelled out")
    return {field: str(rate) for field, rate in rates.items()}


def _bits(text: str) -> int:
    match = _RATE.fullmatch(text)
    rate = int(match[1]) * _FACTORS[match[2].lower()] if match else -1
    if not 0 <= rate <= _LARGEST:
        raise ValueError("no rate")
    return rate
