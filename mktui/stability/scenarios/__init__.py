"""The scenarios, in the order in which they are played."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui.stability.scenarios import (
    batch_efficiency,
    before_and_after,
    circuit_breaker,
    concurrent_connections,
    error_recovery,
    health_monitoring,
    load,
    pool_initialisation,
    retry_and_backoff,
    syncing,
)

if TYPE_CHECKING:
    from mktui.stability.stage import Scenario

SCENARIOS: Final[tuple[Scenario, ...]] = (
    pool_initialisation.SCENARIO,
    concurrent_connections.SCENARIO,
    circuit_breaker.SCENARIO,
    retry_and_backoff.SCENARIO,
    health_monitoring.SCENARIO,
    batch_efficiency.SCENARIO,
    load.SCENARIO,
    error_recovery.SCENARIO,
    syncing.SCENARIO,
    before_and_after.SCENARIO,
)
