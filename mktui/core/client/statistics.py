"""What a client tells about itself: one frozen record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mktui.core.pool.statistics import (
        BreakerStatistics,
        PerformanceStatistics,
        PoolStatistics,
        QueueStatistics,
    )


@dataclass(frozen=True, slots=True)
class ClientStatistics:
    """One router's figures: ``stats.pool``, and its parts by a shorter way."""

    router: str
    address: str
    pool: PoolStatistics
    cache_hits: int = 0
    cache_misses: int = 0

    @property
    def circuit_breaker(self) -> BreakerStatistics:
        """The circuit breaker."""
        return self.pool.circuit_breaker

    @property
    def performance(self) -> PerformanceStatistics:
        """What was done, and how fast."""
        return self.pool.performance

    @property
    def queue(self) -> QueueStatistics:
        """Who waits."""
        return self.pool.queue
