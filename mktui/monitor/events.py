"""The last events, in a ring with numbers: a reader that comes late knows what it has missed. Repeats collapse."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mktui.monitor.snapshot import SeenEvent

if TYPE_CHECKING:
    from datetime import datetime

KEPT: Final = 200


class EventRing:
    """Events of one router, oldest first."""

    def __init__(self, router: str) -> None:
        self._router = router
        self._events: deque[SeenEvent] = deque(maxlen=KEPT)
        self._number = 0

    def add(self, at: datetime, kind: str, text: str) -> SeenEvent:
        """Note an event; the same as the last one is counted, not repeated."""
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
