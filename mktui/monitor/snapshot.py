"""The one frozen picture of the whole fleet. Terminal, JSON and metrics all render this object and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mktui.core.pool.health import Health
    from mktui.core.pool.statistics import PoolStatistics
    from mktui.monitor.silences import Silence


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
    memory_percent: float | None = None
    """Memory in use."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What a plan found and did not write: its kind, one of its reasons, and how many rows have it."""

    kind: str
    text: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class SyncState:
    """The last sync of one router, or the one that runs, and what has been learnt since.

    ``begun_at``: when the run that is going on began to write. ``run`` is its number in the journal; 0: none.
    ``conflicts``, ``drift`` and ``held`` were found by the last plan, whether it was carried out or only looked at.
    """

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
    begun_at: datetime | None = None
    finished_at: datetime | None = None
    run: int = 0
    conflicts: int = 0
    drift: int = 0
    held: int = 0
    kicked: int = 0
    waiting: int = 0
    """Changes of a plan that was looked at and not carried out."""
    edits: int = 0
    """Rows that billing wants and the router does not have, as billing's database knew it when it was last asked."""
    owned: int | None = None
    """Rows of ours on the router; None: billing has not been asked."""
    paused: str | None = None
    """Why automatic syncs are held; None: they are not, or billing has not been asked."""
    is_automatic: bool = False
    remarks: tuple[Remark, ...] = ()
    """What the last plan found, as a diagnosis wants it."""

    @property
    def settled(self) -> int:
        """Rows whose end is known."""
        return self.applied + self.failed + self.skipped + self.deferred + self.unknown

    @property
    def pending(self) -> int:
        """Rows that billing wants and the router does not have yet, as far as is known."""
        return max(self.planned - self.applied if self.is_running else 0, self.waiting, self.edits)


@dataclass(frozen=True, slots=True)
class Forecast:
    """An early warning: ``figure`` stands at ``level``, rises, and reaches ``limit`` in ``seconds``.

    ``confidence`` is ``likely`` or ``possible``; ``figure`` is a name of ``figures.WATCHED``, which knows its unit.
    """

    figure: str
    level: float
    limit: float
    seconds: float
    confidence: str


@dataclass(frozen=True, slots=True)
class Break:
    """A time for which the circuit was open. ``closed_at`` None: it still is. ``tries``: how often it opened in it.

    ``by_hand``: somebody opened it, the router gave no cause.
    """

    at: datetime
    cause: str
    closed_at: datetime | None = None
    tries: int = 1
    by_hand: bool = False


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
    slow_response: float = 0.5
    """Seconds from which on an answer of this router counts as slow."""
    breaks: tuple[Break, ...] = ()
    """The last times for which its circuit was open, oldest first."""
    forecasts: tuple[Forecast, ...] = ()
    """Limits that will be crossed, the soonest first."""
    trouble_since: datetime | None = None
    """When the trouble began that it is in; None: it is in none."""
    within_the_hour: Mapping[str, int] = field(default_factory=dict)
    """How often each kind of event happened; ``events`` are only the last of them."""
    troubles_within_the_hour: int = 0
    """How often a trouble began: a router that goes away and comes back has one, however much was lost with it."""


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """What came of one scheduled job on one router. ``status``: done, skipped or failed."""

    router: str
    status: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class JobState:
    """One scheduled job: when it is next due, and what came of its last run; ``words`` is as it stands in the file.

    Times are as the clock shows them that the schedule goes by: they have its offset from UTC.
    """

    job: str
    words: str
    next_at: datetime
    is_running: bool = False
    last_at: datetime | None = None
    """When its last run began; None: it has not run in this process."""
    missed_at: datetime | None = None
    """When it was due last and mktui was asleep; None: never, or it was done since."""
    outcomes: tuple[JobOutcome, ...] = ()
    routers: tuple[str, ...] = ()
    """Whom it is for, of those that there are."""
    seconds: float | None = None
    """How long its last run took; None: there was none, or it goes on."""

    def count(self, status: str) -> int:
        """Return how many routers of the last run ended so."""
        return sum(each.status == status for each in self.outcomes)


@dataclass(frozen=True, slots=True)
class SeenAlert:
    """Something that is wrong since ``since``. ``fired_at`` None: not yet for long enough to be told.

    ``told_at`` None: nobody has been told; ``quiet_since``: it seems to be over; ``silenced_until`` None: it is not.
    """

    rule: str
    router: str
    severity: str
    since: datetime
    summary: str
    description: str = ""
    fired_at: datetime | None = None
    told_at: datetime | None = None
    quiet_since: datetime | None = None
    silenced_until: datetime | None = None

    @property
    def is_firing(self) -> bool:
        """It is so for long enough."""
        return self.fired_at is not None

    @property
    def state(self) -> str:
        """How far it is, in a word."""
        if self.silenced_until is not None:
            return "silenced"
        if not self.is_firing:
            return "pending"
        return "firing" if self.quiet_since is None else "ending"


@dataclass(frozen=True, slots=True)
class ReceiverState:
    """Somebody who is told of alerts. ``kind``: webhook or hook; ``waiting`` and the rest count notices.

    ``problem``: why the last message was not taken, "": it was; ``next_at``: when it is tried again.
    """

    name: str
    kind: str
    waiting: int = 0
    left_out: int = 0
    told: int = 0
    told_at: datetime | None = None
    failures: int = 0
    problem: str = ""
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AlertsState:
    """What is worth waking somebody for, what is silenced, and who is told.

    ``problem``: why nothing is kept, or nobody told by this program; "": all is well.
    """

    alerts: tuple[SeenAlert, ...] = ()
    silences: tuple[Silence, ...] = ()
    receivers: tuple[ReceiverState, ...] = ()
    problem: str = ""

    @property
    def firing(self) -> tuple[SeenAlert, ...]:
        """The alerts that are so for long enough, and not silenced."""
        return tuple(alert for alert in self.alerts if alert.is_firing and alert.silenced_until is None)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The fleet at one moment."""

    at: datetime
    title: str
    routers: tuple[RouterSnapshot, ...]
    billing_problem: str = ""
    """Why billing could not be asked how the routers stand; "": it could, or was not asked."""
    maintenance: tuple[JobState, ...] = ()
    """What is done by itself; nothing when the configuration has no schedule."""
    alerts: AlertsState | None = None
    """What is worth waking somebody for; None: nobody looks for it."""
    lost_for: float | None = None
    """Seconds since whoever holds the routers was last heard; None: he is heard, or it is this program."""

    def router(self, name: str) -> RouterSnapshot | None:
        """Return one router."""
        return next((router for router in self.routers if router.name == name), None)
