"""How many commands one connection may carry at once, learned from the router's own answers. Pure.

Starts low on an unknown router. A round of answers at the full limit that came as fast as before raises it by one; a
round three times slower than the best lowers it; a timeout halves it. A router that works in series shows it by its
latency, and the limit stays where tags gain nothing.
"""

from __future__ import annotations

from typing import Final

START: Final = 2
_ROUND: Final = 4
_AS_FAST: Final = 1.5
_TOO_SLOW: Final = 3.0
_UNNOTICED: Final = 0.02
"""Seconds below which slower is no sign of load: a fast router's answers vary by more than they last."""
_FORGET: Final = 1.01
"""The best round is forgotten slowly: a router that has become busier for good is not held to its best hour."""


class InFlightLimit:
    """The present limit of each connection to one router."""

    def __init__(self, ceiling: int, *, adaptive: bool) -> None:
        self.ceiling = ceiling
        self.adaptive = adaptive
        self.value = min(START, ceiling) if adaptive else ceiling
        self._best: float | None = None
        self._total = 0.0
        self._answers = 0
        self._saturated = False

    def reconfigure(self, ceiling: int, *, adaptive: bool) -> None:
        """Take new settings without forgetting what was learned."""
        if not adaptive:
            self.value = ceiling
        elif not self.adaptive:
            self.value = min(START, ceiling)
        self.ceiling, self.adaptive = ceiling, adaptive
        self.value = min(self.value, ceiling)

    def answered(self, took: float, in_flight: int) -> None:
        """Count an answer; ``in_flight`` were under way with it."""
        if not self.adaptive:
            return
        self._total += took
        self._answers += 1
        self._saturated = self._saturated or in_flight >= self.value
        if self._answers >= _ROUND * self.value:
            self._judge(self._total / self._answers)
            self._total, self._answers, self._saturated = 0.0, 0, False

    def timed_out(self) -> None:
        """Halve: the router has more than it can do."""
        if self.adaptive:
            self.value = max(1, self.value // 2)

    def _judge(self, average: float) -> None:
        average = max(average, _UNNOTICED)
        best = average if self._best is None else min(average, self._best * _FORGET)
        self._best = best
        if average > _TOO_SLOW * best:
            self.value = max(1, self.value - 1)
        elif self._saturated and average <= _AS_FAST * best:
            self.value = min(self.ceiling, self.value + 1)
