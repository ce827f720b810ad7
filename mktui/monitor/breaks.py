"""When a router's circuit was open, and why: the last breaks, each with its time, its length and its cause. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mktui.core.pool.actions import EventKind
from mktui.monitor.snapshot import Break

if TYPE_CHECKING:
    from datetime import datetime

KEPT: Final = 20
_OPENS: Final = frozenset({EventKind.CIRCUIT_OPENED, EventKind.ISOLATED})


class Breaks:
    """One router's breaks, oldest first. A probe that fails goes on with the same break."""

    def __init__(self) -> None:
        self._breaks: deque[Break] = deque(maxlen=KEPT)

    def heard(self, kind: EventKind, text: str, at: datetime) -> None:
        """Take in what a pool tells."""
        last = self._breaks[-1] if self._breaks else None
        is_open = last is not None and last.closed_at is None
        if kind in _OPENS and last is not None and is_open:
            self._breaks[-1] = replace(last, tries=last.tries + 1)
        elif kind in _OPENS:
            self._breaks.append(Break(at, text, by_hand=kind is EventKind.ISOLATED))
        elif kind is EventKind.CIRCUIT_CLOSED and last is not None and is_open:
            self._breaks[-1] = replace(last, closed_at=at)

    def seen(self) -> tuple[Break, ...]:
        """Return them."""
        return tuple(self._breaks)
