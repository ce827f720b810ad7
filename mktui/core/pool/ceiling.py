"""How many sessions this router lets us have, learned from its refusals. Pure.

A router at its session limit (max-sessions, 20 by default since RouterOS 7.16) accepts a connection and closes it
before the login is answered. While another session of ours is ready that is no failure: it lowers the ceiling.
"""

from __future__ import annotations

import math
from typing import Final

RAISED_AFTER: Final = 600.0
"""Seconds after which one more session is tried."""


class SessionCeiling:
    """``value`` is the most sessions to hold; None while no limit was met."""

    def __init__(self) -> None:
        self.value: int | None = None
        self.raise_at = math.inf

    def within(self, max_size: int) -> int:
        """Return the most connections to have."""
        return max_size if self.value is None else min(max_size, self.value)

    def met(self, sessions: int, now: float) -> bool:
        """Note that one session more than ``sessions`` was refused; True when that is news."""
        lower = self.value is None or sessions < self.value
        self.value = max(1, sessions)
        self.raise_at = now + RAISED_AFTER
        return lower

    def tick(self, now: float, max_size: int) -> None:
        """Raise it by one when it is time; at ``max_size`` it is no ceiling any more."""
        if self.value is None or now < self.raise_at:
            return
        self.value += 1
        self.raise_at = now + RAISED_AFTER
        if self.value >= max_size:
            self.forget()

    def forget(self) -> None:
        """Begin anew, as after a change of settings."""
        self.value, self.raise_at = None, math.inf
