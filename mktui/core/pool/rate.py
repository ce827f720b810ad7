"""A token bucket: at most so many commands a second, to spare a router. Pure."""

from __future__ import annotations

import math
from typing import Final

_BURST: Final = 0.1
"""Seconds' worth of commands that may go at once after a pause."""


class TokenBucket:
    """``rate`` per second; 0 means no limit."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._tokens = self._size
        self._at = now

    @property
    def is_limited(self) -> bool:
        """There is a limit."""
        return self._rate > 0

    @property
    def _size(self) -> float:
        return max(1.0, self._rate * _BURST)

    def reconfigure(self, rate: float, now: float) -> None:
        """Take another rate."""
        self._fill(now)
        self._rate = rate
        self._tokens = min(self._tokens, self._size)

    def take(self, now: float) -> bool:
        """Take one token; False when there is none."""
        if not self._rate:
            return True
        if now < self.ready_at(now):
            return False
        self._fill(now)
        self._tokens -= 1.0
        return True

    def ready_at(self, now: float) -> float:
        """Return when the next token is there; ``now`` or earlier when one is."""
        if not self._rate:
            return now
        return self._at + max(0.0, 1.0 - self._tokens) / self._rate

    def _fill(self, now: float) -> None:
        filled = self._tokens + (now - self._at) * self._rate
        self._tokens = min(self._size, filled) if math.isfinite(filled) else self._size
        self._at = now
