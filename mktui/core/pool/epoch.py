"""Which life of which router this is: an ``.id`` belongs to (identity, serial, boot) and to nothing else. Pure.

After a reboot, a restore, or with another box behind the same address, ``*1A`` may be another customer. So each life
has a number, and a write that was asked in an older one is stale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_SLACK: Final = 10.0
"""Seconds by which two readings of one boot may differ: uptime comes in whole seconds, over a slow line."""
_DRIFT: Final = 0.001
"""Share by which a router's clock may run differently from ours."""


@dataclass(frozen=True, slots=True)
class RouterIdentity:
    """What a router says of itself right after a login. ``booted_at`` is in the loop's time; None: it did not say."""

    name: str = ""
    serial: str = ""
    booted_at: float | None = None
    version: str = ""
    board: str = ""


class Epoch:
    """The present life. ``number`` is None until a router has said who it is, then 1, and one more with each life."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.identity = RouterIdentity()
        self.first_here = 0
        """The first life since the router is asked at its present address: what is older is another place's."""
        self._seen_at = 0.0

    def moved(self) -> None:
        """Begin another life: from now on another address is asked, or by another login."""
        if self.number is not None:
            self.number += 1
            self.first_here = self.number

    def is_past(self, rows: int | None, meant_for: int | None) -> bool:
        """Say whether row ids of the life ``rows`` mean nothing any more, or ``meant_for`` is another place's life."""
        return (rows is not None and rows != self.number) or (meant_for is not None and meant_for < self.first_here)

    def seen(self, identity: RouterIdentity, now: float) -> str:
        """Take what a new session learned; return in words what is different, "" when it is the same life."""
        before, self.identity = self.identity, identity
        elapsed, self._seen_at = now - self._seen_at, now
        if self.number is None:
            self.number = 1
            return ""
        change = _difference(before, identity, _SLACK + _DRIFT * elapsed)
        if change:
            self.number += 1
        return change


def _difference(before: RouterIdentity, after: RouterIdentity, slack: float) -> str:
    if before.serial != after.serial:
        return f"another box: serial {after.serial or 'none'}, was {before.serial or 'none'}"
    if before.name != after.name:
        return f"another identity: {after.name or 'none'}, was {before.name or 'none'}"
    if before.booted_at is None or after.booted_at is None:
        return ""
    return "it has booted" if abs(after.booted_at - before.booted_at) > slack else ""
