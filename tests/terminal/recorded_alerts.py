"""What is worth waking somebody for at the recorded moment, and a desk where silences are asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import anyio

from mktui.monitor.silences import Silence
from mktui.monitor.snapshot import AlertsState, ReceiverState, SeenAlert

if TYPE_CHECKING:
    from mktui.errors import MktuiError

NOW: Final = datetime(2026, 11, 23, 3, 40, 12, tzinfo=UTC)


def _ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


CERRO: Final = SeenAlert(
    "router_down", "tower-cerro-alto", "critical", _ago(600), "tower-cerro-alto is down",
    "login refused: invalid user name or password (6)", fired_at=_ago(480), told_at=_ago(480),
)  # fmt: skip
WEST: Final = SeenAlert(
    "router_down", "tower-west", "critical", _ago(190), "tower-west is down", "circuit open: connection refused",
    fired_at=_ago(70), silenced_until=NOW + timedelta(minutes=95),
)  # fmt: skip
PLAZA: Final = SeenAlert(
    "pool_exhausted", "hotspot-plaza", "warning", _ago(420), "commands for hotspot-plaza wait for a free slot",
    "9 wait, 8 of 8 slots are taken; the oldest waits since 7.1 s", fired_at=_ago(300), told_at=_ago(300),
)  # fmt: skip
EDGE: Final = SeenAlert(
    "early_warning", "edge-2", "warning", _ago(45), "a figure of edge-2 reaches its limit in 22 min",
    "cpu_percent 34 %, rising",
)  # fmt: skip
SILENCE: Final = Silence(
    NOW + timedelta(minutes=95), "", "tower-west", "mast is being replaced", "a1b2c3", "ana", _ago(1500)
)
RECEIVERS: Final = (
    ReceiverState("noc", "webhook", told=41, told_at=_ago(300)),
    ReceiverState(
        "chat", "webhook", waiting=3, left_out=12, told=29, failures=6, problem="it answered 503 Service Unavailable",
        next_at=NOW + timedelta(seconds=64),
    ),
)  # fmt: skip


def alerts() -> AlertsState:
    """Two that fire, one that is silenced, one that has just begun."""
    return AlertsState((CERRO, PLAZA, WEST, EDGE), (SILENCE,), RECEIVERS)


class RecordedAlerts:
    """Remembers what was asked for. ``refuses``: what it answers instead."""

    def __init__(self) -> None:
        self.silenced: list[tuple[str, str, timedelta, str]] = []
        self.ended: list[str] = []
        self.refuses: MktuiError | None = None

    async def silence(self, rule: str, router: str, length: timedelta, why: str = "") -> Silence:
        """Remember it."""
        await self._answer()
        self.silenced.append((rule, router, length, why))
        return Silence(NOW + length, rule, router, why, "d4e5f6", "ana", NOW)

    async def unsilence(self, silence: str) -> Silence:
        """Remember it."""
        await self._answer()
        self.ended.append(silence)
        return SILENCE

    async def _answer(self) -> None:
        await anyio.lowlevel.checkpoint()
        if self.refuses is not None:
            raise self.refuses
