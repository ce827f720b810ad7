"""Whether the terminal takes what is drawn: an SSH link may stand still while the pools go on. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_SLOW_AFTER: Final = 1.0
"""Seconds that something waits to be taken, after which the link is called slow."""
_SAID_FOR: Final = 10.0
"""Seconds for which that is said afterwards: while it is so, nobody can see it."""


@dataclass(slots=True)
class Link:
    """The line between us and the operator's eyes. ``now`` in seconds, of any clock that goes on."""

    _waiting_since: float | None = None
    _was_slow_at: float | None = None

    def may_draw(self, backlog: int, now: float) -> bool:
        """Say whether something new should be drawn; ``backlog``: what the terminal has not taken yet."""
        if not backlog:
            self._waiting_since = None
            return True
        if self._waiting_since is None:
            self._waiting_since = now
        if now - self._waiting_since >= _SLOW_AFTER:
            self._was_slow_at = now
        return False

    def is_slow(self, now: float) -> bool:
        """Say whether an operator should know that what he sees may be old."""
        return self._was_slow_at is not None and now - self._was_slow_at < _SAID_FOR
