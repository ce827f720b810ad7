"""What happened on all routers, numbered in one row: a reader sees by the numbers what he has missed."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mktui.monitor.snapshot import SeenEvent

KEPT: Final = 2000


class EventRow:
    """The last events of a process, oldest first."""

    def __init__(self) -> None:
        self.number = 0
        """Of the last event; 0: there was none."""
        self._events: deque[tuple[int, SeenEvent]] = deque(maxlen=KEPT)

    def heard(self, event: SeenEvent) -> None:
        """Take an event."""
        self.number += 1
        self._events.append((self.number, event))

    def after(self, number: int) -> list[tuple[int, SeenEvent]]:
        """Return what came after a number, as far as it is kept."""
        return [each for each in self._events if each[0] > number]
