"""The one frozen picture of the whole fleet. Terminal, JSON and metrics all render this object and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from mktui.core.pool.health import Health
    from mktui.core.pool.statistics import PoolStatistics


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """Something that happened. ``number`` grows by one for each event of the process; repeats are counted."""

    number: int
    at: datetime
    router: str
    kind: str
    text: str
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class RouterFacts:
    """What the router says of itself; empty and None until it has been asked. ``read_at`` tells how old it is."""

    identity: str = ""
    version: str = ""
    board: str = ""
    uptime: float | None = None
    cpu_percent: int | None = None
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SyncState:
    """The last sync of one router, or the one that runs. ``pending`` is what is planned and not applied."""

    is_running: bool = False
    planned: int = 0
    applied: int = 0
    failed: int = 0
    skipped: int = 0
    deferred: int = 0
    unknown: int = 0
    refused: int = 0
    seconds: float = 0.0
    reason: str = ""
    finished_at: datetime | None = None

    @property
    def settled(self) -> int:
        """Rows whose end is known."""
        return self.applied + self.failed + self.skipped + self.deferred + self.unknown

    @property
    def pending(self) -> int:
        """Rows that billing wants and the router does not have yet, as far as is known."""
        return self.planned - self.applied


@dataclass(frozen=True, slots=True)
class RouterSnapshot:
    """One router. ``latency`` holds p95 in seconds over time, oldest first, None where nothing was answered."""

    name: str
    address: str
    is_protected: bool
    health: Health
    pool: PoolStatistics
    facts: RouterFacts
    sync: SyncState
    latency: tuple[float | None, ...]
    latency_step: float
    events: tuple[SeenEvent, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The fleet at one moment."""

    at: datetime
    title: str
    routers: tuple[RouterSnapshot, ...]

    def router(self, name: str) -> RouterSnapshot | None:
        """Return one router."""
        return next((router for router in self.routers if router.name == name), None)
