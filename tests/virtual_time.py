"""An asyncio loop whose clock jumps when everybody waits, as trio's MockClock does: a minute passes in no time."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING

from trio.testing import MockClock

if TYPE_CHECKING:
    from selectors import SelectorKey


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits for time: it moves the clock instead."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """Return what is ready; when nothing is, let the time pass."""
        if timeout is None:
            return super().select(None)  # only another thread can wake us
        ready = super().select(0)
        if not ready:
            self.now += max(0.0, timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """For code that touches no sockets and no threads."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the virtual time."""
        return self._jumping.now


def backend(name: str) -> object:
    """Return what anyio's ``anyio_backend`` fixture wants, for either loop in virtual time."""
    if name == "asyncio":
        return "asyncio", {"loop_factory": VirtualTimeLoop}
    return "trio", {"clock": MockClock(autojump_threshold=0)}
