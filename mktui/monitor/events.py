"""The last events, in a ring with numbers: a reader that comes late knows what it has missed. Repeats collapse.

What the ring forgets is still counted: how often each kind happened within the hour, and since when nothing went well.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mktui.core.pool.actions import EventKind
from mktui.monitor.snapshot import SeenEvent

if TYPE_CHECKING:
    from datetime import datetime

KEPT: Final = 200
BAD: Final = frozenset({
    EventKind.CONNECTION_LOST, EventKind.CONNECT_FAILED, EventKind.LOGIN_REFUSED, EventKind.CIRCUIT_OPENED,
    EventKind.SUSPECT, EventKind.ISOLATED, EventKind.CHANGED,
})  # fmt: skip
WELL: Final = frozenset({EventKind.CONNECTED, EventKind.CIRCUIT_CLOSED})
_MINUTE: Final = 60
_MINUTES: Final = 60


class EventRing:
    """Events of one router, oldest first."""

    def __init__(self, router: str) -> None:
        self._router = router
        self._events: deque[SeenEvent] = deque(maxlen=KEPT)
        self._number = 0
        self._minutes: deque[tuple[int, Counter[str]]] = deque()
        self._troubles: deque[datetime] = deque(maxlen=KEPT)
        self.trouble_since: datetime | None = None
        """When the trouble began that the router is in: the first of it since something last went well."""

    def add(self, at: datetime, kind: str, text: str) -> SeenEvent:
        """Note an event; the same as the last one is counted, not repeated."""
        self._count(at, kind)
        self._number += 1
        last = self._events[-1] if self._events else None
        if last is not None and (last.kind, last.text) == (kind, text):
            event = replace(last, number=self._number, at=at, repeats=last.repeats + 1)
            self._events[-1] = event
        else:
            event = SeenEvent(self._number, at, self._router, kind, text)
            self._events.append(event)
        return event

    def latest(self, count: int) -> tuple[SeenEvent, ...]:
        """Return the last ``count`` events, oldest first."""
        return tuple(self._events)[-count:]

    def within_the_hour(self, now: datetime) -> dict[str, int]:
        """Return how often each kind of event happened, to the minute."""
        self._forget(now)
        return dict(sum((counted for _, counted in self._minutes), Counter[str]()))

    def troubles_within_the_hour(self, now: datetime) -> int:
        """Return how often a trouble began."""
        return sum(0 <= (now - began).total_seconds() < _MINUTE * _MINUTES for began in self._troubles)

    def _count(self, at: datetime, kind: str) -> None:
        if kind in WELL:
            self.trouble_since = None
        elif kind in BAD and self.trouble_since is None:
            self.trouble_since = at
            self._troubles.append(at)
        self._forget(at)
        minute = int(at.timestamp() // _MINUTE)
        if not self._minutes or self._minutes[-1][0] != minute:
            self._minutes.append((minute, Counter()))
        self._minutes[-1][1][kind] += 1

    def _forget(self, now: datetime) -> None:
        minute = int(now.timestamp() // _MINUTE)
        while self._minutes and not 0 <= minute - self._minutes[0][0] < _MINUTES:  # the clock may have jumped back
            self._minutes.popleft()
