"""Health monitoring: is it said soon that a router is silent, gone, and well again?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from mktui.core.pool.health import HealthStatus
from mktui.stability.stage import Reach, Scenario
from mktui.stability.waiting import seconds_until

if TYPE_CHECKING:
    from mktui.core.client.client import Client
    from mktui.stability.stage import Stage

_WELL: Final = 6.0
_SILENT: Final = 10.0
_GONE: Final = 1.0
_BACK: Final = 8.0
_STILL: Final = 2.0


async def _play(stage: Stage) -> None:
    notes = stage.notes
    faults = {} if stage.simulated is None else {
        "health_check_interval": 0.5, "retry_delay": 0.05, "max_retry_delay": 0.2, "connection_timeout": 1,
        "circuit_breaker_timeout": 0.5, "command_timeout": 2, "min_size": 2,
    }  # fmt: skip
    async with stage.client(**faults) as client:

        def is_well() -> bool:
            return client.health().status is HealthStatus.HEALTHY

        notes.saw("healthy after", await seconds_until(is_well, most=_WELL), "s", most=_WELL)
        notes.progress(0.2)
        with notes.asking():
            await client.get("/system/identity", ("name",), max_age=0)
        notes.saw("answered", notes.lane().answered, least=1)
        if stage.simulated is None:
            await anyio.sleep(_STILL)
            notes.saw("still healthy", float(is_well()), least=1)
        else:
            await _trouble(stage, client)


async def _trouble(stage: Stage, client: Client) -> None:
    """Let the router fall silent, go, and come back."""
    notes, box = stage.notes, stage.box

    def is_not_well() -> bool:
        return client.health().status is not HealthStatus.HEALTHY

    def is_offline() -> bool:
        return client.health().status is HealthStatus.OFFLINE

    def is_healthy() -> bool:
        return client.health().status is HealthStatus.HEALTHY

    box.faults.is_silent = True
    notes.saw("silence noticed after", await seconds_until(is_not_well, most=_SILENT), "s", most=_SILENT)
    notes.progress(0.4)
    box.faults.is_silent = False
    notes.saw("healthy after the silence", await seconds_until(is_healthy, most=_BACK), "s", most=_BACK)
    notes.progress(0.6)
    box.faults.is_down = True
    box.drop_sessions()
    notes.saw("offline said after", await seconds_until(is_offline, most=2 * _GONE), "s", most=_GONE)
    notes.saw("reasons given", len(client.health().reasons), least=1)
    notes.progress(0.7)
    box.faults.is_down = False
    notes.saw("healthy again after", await seconds_until(is_healthy, most=_BACK), "s", most=_BACK)


SCENARIO: Final = Scenario(
    "health-monitoring",
    "Health monitoring",
    "Watches what is said of a router that is well; of a simulated one also when it falls silent, goes and comes back.",
    _play,
    Reach.READS,
)
