"""How often one may ask: token buckets, each by a key, in bounded memory. Pure: ``now`` is an argument."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from typing import Final

MOST: Final = 4096
"""Keys that are remembered; whoever has not asked for longest is forgotten, as if he had never asked."""


class RateLimit:
    """Each key may ask ``per_second`` times a second, and ``burst`` times at once after a rest."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, key: str, now: float) -> float:
        """Let one request in and return 0; or return the seconds until one would be."""
        left, at = self._buckets.pop(key, (self._burst, now))
        left = min(self._burst, left + max(0.0, now - at) * self._per_second)
        is_let_in = left >= 1
        self._buckets[key] = (left - 1 if is_let_in else left, now)
        if len(self._buckets) > MOST:
            self._buckets.popitem(last=False)
        return 0.0 if is_let_in else (1 - left) / self._per_second

    def __len__(self) -> int:
        return len(self._buckets)


def neighbourhood(address: str) -> str:
    """Return the key of an address: of IPv6 the network that one customer gets, in which he has as many as he likes."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


class Sparing:
    """Says which of many tellings is told: ``burst`` of one kind at once, then one every ``every`` seconds."""

    def __init__(self, *, burst: int, every: float) -> None:
        self._limit = RateLimit(1 / every, burst)
        self._untold: OrderedDict[str, int] = OrderedDict()

    def told(self, key: str, now: float, *, more: int = 0) -> int | None:
        """Return how many of its kind were not told since the last one that was; None: this one is not either.

        ``more``: so many that somebody else has not told, to be counted with it.
        """
        untold = self._untold.pop(key, 0) + more
        if not self._limit.wait(key, now):
            return untold
        self._untold[key] = untold + 1
        if len(self._untold) > MOST:
            self._untold.popitem(last=False)
        return None
