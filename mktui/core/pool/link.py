"""The dispatcher's record of one connection, from the decision to open it until its socket is really closed."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mktui.core.connection.connection import Traffic
    from mktui.core.pool.job import Job

_SMOOTHING: Final = 0.2


class LinkState(enum.StrEnum):
    """A connection's life. It counts towards max_size in every state."""

    CONNECTING = "connecting"
    READY = "ready"
    DRAINING = "draining"
    """Takes nothing new; closes when what is in flight has ended."""
    SUSPECT = "suspect"
    """Draining, because it did not do what it should have."""
    CLOSING = "closing"


@dataclass(slots=True, eq=False)
class Link:
    """One connection. ``jobs`` are the tags taken, abandoned ones included: a tag is free at its ``!done`` only."""

    id: int
    generation: int
    opened_at: float
    state: LinkState = LinkState.CONNECTING
    token: int | None = None
    """The breaker's probe that this connection carries."""
    traffic: Traffic | None = None
    local_port: int = 0
    jobs: dict[Job, None] = field(default_factory=dict)
    abandoned: dict[Job, float] = field(default_factory=dict)
    """Jobs whose caller has left -> when the ``/cancel`` for them is overdue."""
    streams: int = 0
    probe_sent_at: float | None = None
    idle_since: float = 0.0
    commands: int = 0
    errors: int = 0
    latency: float | None = None

    @property
    def in_flight(self) -> int:
        """Tags taken."""
        return len(self.jobs)

    def heard_at(self) -> float:
        """Return when the last byte came."""
        return self.traffic.heard_at if self.traffic else self.opened_at

    def answered(self, took: float) -> None:
        """Note an answer's latency."""
        self.latency = took if self.latency is None else self.latency + _SMOOTHING * (took - self.latency)

    def oldest_pending(self) -> float | None:
        """Return when the longest-waiting command or probe was sent; streams may be silent for ever."""
        times = [job.sent_at for job in self.jobs if not job.is_stream or job in self.abandoned]
        if self.probe_sent_at is not None:
            times.append(self.probe_sent_at)
        return min(times, default=None)
