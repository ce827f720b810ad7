"""The dispatcher's record of one connection, from the decision to open it until its socket is really closed."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mktui.core.connection.connection import Traffic
    from mktui.core.pool.job import Job
    from mktui.core.pool.options import PoolOptions

_SMOOTHING: Final = 0.2
PROBE_GRACE: Final = 5.0
"""Seconds that a health probe has for its answer; then the connection is suspect."""


class LinkState(enum.StrEnum):
    """A connection's life. It counts towards max_size in every state."""

    CONNECTING = "connecting"
    READY = "ready"
    DRAINING = "draining"
    """Takes nothing new; closes when what is in flight has ended."""
    SUSPECT = "suspect"
    """Draining, because it did not do what it should have."""
    CLOSING = "closing"


class Condition(enum.Enum):
    """How a connection does, by what was and was not heard from it."""

    FINE = ""
    DEAD = "nothing came for the whole command timeout"
    MUTE = "no answer to /cancel"
    NO_SIGN = "no answer to a health probe"
    SILENT = "nothing was said for the health check interval"


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
    jitter: float = 1.0
    """1 to 1.1: what ends by age or idleness does not end together."""
    credit: float = 0.0
    """Of the weighted round robin."""
    probe_sent_at: float | None = None
    ready_at: float = 0.0
    """Since when it takes work."""
    idle_since: float = 0.0
    commands: int = 0
    errors: int = 0
    latency: float | None = None

    @property
    def in_flight(self) -> int:
        """Tags taken."""
        return len(self.jobs)

    @property
    def is_drained(self) -> bool:
        """It takes nothing new, and nobody waits for it: streams would never end, and abandoned tags have nobody."""
        if self.state not in {LinkState.DRAINING, LinkState.SUSPECT}:
            return False
        waited_for = any(job not in self.abandoned and not job.is_stream for job in self.jobs)
        return not waited_for and (self.state is LinkState.SUSPECT or not self.abandoned)

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

    def idle_until(self, options: PoolOptions) -> float:
        """Return when it has been unused for idle_timeout."""
        return self.idle_since + options.idle_timeout * self.jitter

    def expires_at(self, options: PoolOptions) -> float:
        """Return when it is too old; infinite without a max_lifetime."""
        return self.opened_at + options.max_lifetime * self.jitter if options.max_lifetime else math.inf

    def condition(self, options: PoolOptions, now: float) -> Condition:
        """Say how it does."""
        if self.state not in _ALIVE:
            return Condition.FINE
        pending = self.oldest_pending()
        if pending is not None and now >= max(pending, self.heard_at()) + options.command_timeout:
            return Condition.DEAD
        if self.state is not LinkState.SUSPECT:
            if any(due <= now for due in self.abandoned.values()):
                return Condition.MUTE
            if self.probe_sent_at is not None and now >= self.probe_sent_at + PROBE_GRACE:
                return Condition.NO_SIGN
        silent = self.state is LinkState.READY and now >= self.heard_at() + options.health_check_interval
        return Condition.SILENT if silent and pending is None else Condition.FINE

    def looks(self, options: PoolOptions) -> list[float]:
        """Return the times at which ``condition`` may change by time alone.

        Each is the very sum that ``condition`` compares with: another order of the same additions may differ in the
        last bit, and the timer would never rest.
        """
        if self.state not in _ALIVE:
            return []
        times = [] if self.state is LinkState.SUSPECT else list(self.abandoned.values())
        pending = self.oldest_pending()
        if pending is not None:
            times.append(max(pending, self.heard_at()) + options.command_timeout)
        elif self.state is LinkState.READY:
            times.append(self.heard_at() + options.health_check_interval)
        if self.probe_sent_at is not None and self.state is not LinkState.SUSPECT:
            times.append(self.probe_sent_at + PROBE_GRACE)
        return times


_ALIVE: Final = frozenset({LinkState.READY, LinkState.DRAINING, LinkState.SUSPECT})
