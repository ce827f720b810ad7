"""What a client tells about itself: one frozen record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mktui.core.pool.statistics import PoolStatistics


@dataclass(frozen=True, slots=True)
class ClientStatistics:
    """One router's figures: ``stats.pool.connections / .circuit_breaker / .performance / .queue``."""

    router: str
    address: str
    pool: PoolStatistics
