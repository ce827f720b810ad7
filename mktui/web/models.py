"""What is answered, as models: the OpenAPI document is made from them, and every answer is one of them.

They are read off the frozen snapshot attribute by attribute: a figure has here the name that it has there. Seconds
unless the name says otherwise; null where nobody can know yet.
"""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads these names while the program runs
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mktui.core.pool.breaker import BreakerState  # noqa: TC001 - see above
from mktui.core.pool.health import HealthStatus  # noqa: TC001 - see above


class Answer(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class Health(Answer):
    """How a router is, and why."""

    status: HealthStatus
    response_time: float | None = Field(description="the last minute's median, in seconds")
    reasons: list[str]


class Facts(Answer):
    """What a router says of itself; read_at tells how old it is."""

    identity: str
    version: str
    board: str
    uptime: float | None
    cpu_percent: int | None
    read_at: dt.datetime | None


class Breaker(Answer):
    """A circuit breaker. retry_after is null while it is closed, or isolated by hand."""

    state: BreakerState
    failures: int
    threshold: int
    opens: int
    retry_after: float | None
    reason: str


class Queue(Answer):
    """Who waits for a slot, by priority; oldest is the age of the longest waiter in seconds."""

    critical: int
    high: int
    normal: int
    low: int
    length: int
    oldest: float | None


class Pool(Answer):
    """A router's pool; ceiling: the sessions it allows us, once its limit was met."""

    min_size: int
    max_size: int
    size: int
    ready: int
    busy: int
    draining: int
    suspect: int
    slots_used: int
    slots_total: int
    in_flight_limit: int
    utilisation_percent: float
    ceiling: int | None
    circuit_breaker: Breaker
    queue: Queue


class Sync(Answer):
    """How a router stands with billing; counts of rows."""

    is_running: bool
    planned: int
    applied: int
    failed: int
    skipped: int
    deferred: int
    unknown: int
    refused: int
    pending: int
    conflicts: int
    drift: int
    held: int
    owned: int | None
    paused: str | None = Field(description="why automatic syncs are held; null: they are not")
    finished_at: dt.datetime | None
    reason: str


class RouterStats(Answer):
    """One router."""

    name: str
    address: str
    is_protected: bool
    health: Health
    facts: Facts
    pool: Pool
    sync: Sync


class Connection(Answer):
    """One connection; latency is its recent average in seconds."""

    id: int
    state: str
    age: float
    idle: float
    in_flight: int
    limit: int
    commands: int
    errors: int
    latency: float | None
    bytes_in: int
    bytes_out: int
    local_port: int
    writes: int


class RouterConnections(Answer):
    """One router's connections."""

    name: str
    address: str
    connections: list[Connection]


class Latency(Answer):
    """The last minute's durations in seconds."""

    count: int
    average: float | None
    p50: float | None
    p95: float | None
    p99: float | None


class Performance(Answer):
    """Counts since the start; response, acquire and failing over the last minute."""

    commands: int
    success_percent: float | None
    errors: dict[str, int] = Field(description="commands that ended without an answer, by class of error")
    retries: int
    timeouts: int
    cancels: int
    connects: int
    drops: int
    failing: int
    response: Latency
    acquire: Latency


class RouterPerformance(Answer):
    """One router; latency holds p95 over time, oldest first, null where nothing was answered."""

    name: str
    performance: Performance
    latency: list[float | None]
    latency_step: float = Field(description="seconds between two points of latency")


class RouterHealth(Answer):
    """One router's health."""

    name: str
    health: Health
    circuit: BreakerState
    retry_after: float | None


class Counts(Answer):
    """Routers by health."""

    healthy: int
    warning: int
    critical: int
    offline: int


class Totals(Answer):
    """Sums over the routers of an answer."""

    routers: int
    connections: int
    waiting: int
    commands: int
    pending: int = Field(description="rows that billing wants and the routers do not have yet")


class _OfSnapshot(Answer):
    at: dt.datetime = Field(description="when it was so")
    title: str = Field(description="the fleet's name")


class NetworkStats(_OfSnapshot):
    """GET /api/network-stats: every router at one moment."""

    document: Literal["mktui.network-stats/1"] = Field("mktui.network-stats/1", alias="schema")
    health: Counts
    totals: Totals
    routers: list[RouterStats]


class ConnectionDetails(_OfSnapshot):
    """GET /api/connection-details: every connection."""

    document: Literal["mktui.connection-details/1"] = Field("mktui.connection-details/1", alias="schema")
    routers: list[RouterConnections]


class PerformanceMetrics(_OfSnapshot):
    """GET /api/performance-metrics: what was done, and how fast."""

    document: Literal["mktui.performance-metrics/1"] = Field("mktui.performance-metrics/1", alias="schema")
    routers: list[RouterPerformance]


class NetworkHealth(_OfSnapshot):
    """GET /api/network-health: the worst router's health first, then each."""

    document: Literal["mktui.network-health/1"] = Field("mktui.network-health/1", alias="schema")
    status: HealthStatus = Field(description="that of the worst router")
    health: Counts
    billing_problem: str = Field(description="why billing could not be asked; empty: it could, or was not asked")
    routers: list[RouterHealth]


class AlertSeen(Answer):
    """Something that is wrong. fired_at null: not yet for long enough; told_at null: nobody has been told."""

    rule: str
    router: str
    severity: Literal["critical", "warning"]
    state: Literal["firing", "pending", "ending", "silenced"]
    since: dt.datetime
    fired_at: dt.datetime | None
    told_at: dt.datetime | None
    silenced_until: dt.datetime | None
    summary: str
    description: str


class SilenceSeen(Answer):
    """What is not told. An empty rule is any, an empty router too."""

    id: str
    rule: str
    router: str
    begun_at: dt.datetime | None
    ends_at: dt.datetime
    who: str
    why: str


class ReceiverSeen(Answer):
    """Somebody who is told; counts of notices. problem: why the last message was not taken; empty: it was."""

    name: str
    kind: Literal["webhook", "hook"]
    told: int
    waiting: int
    left_out: int
    told_at: dt.datetime | None
    failures: int
    problem: str
    next_at: dt.datetime | None


class Alerts(_OfSnapshot):
    """GET /api/alerts: what is worth waking somebody for, what is silenced, and how the receivers stand."""

    document: Literal["mktui.alerts/1"] = Field("mktui.alerts/1", alias="schema")
    is_watched: bool = Field(description="somebody looks for alerts here")
    problem: str = Field(description="why nothing is kept, or nobody is told by this program; empty: all is well")
    alerts: list[AlertSeen]
    silences: list[SilenceSeen]
    receivers: list[ReceiverSeen]


class _Order(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TestOrder(_Order):
    """What POST /api/test-connection takes."""

    __test__ = False  # its name is not a claim for pytest

    router: str = Field(min_length=1, max_length=64, description="the router's name", examples=["edge-1"])


class ResetOrder(_Order):
    """What POST /api/reset-connection-pool takes."""

    router: str = Field(min_length=1, max_length=64, description="the router's name", examples=["edge-1"])
    confirm: str = Field("", max_length=64, description="its name again, where the router is protected")


class Step(Answer):
    """One step of a test; took in seconds."""

    name: str
    ok: bool
    took: float
    text: str


class TestAnswer(Answer):
    """What a connection test found. An answer with ok = false is an answer all the same: the test was made."""

    __test__ = False

    document: Literal["mktui.test-connection/1"] = Field("mktui.test-connection/1", alias="schema")
    router: str
    address: str
    ok: bool
    verdict: str = Field(description="one plain sentence")
    identity: str
    version: str
    round_trip: float | None
    warnings: list[str]
    steps: list[Step]


class ResetAnswer(Answer):
    """A pool whose connections are replaced, one at a time: a new one is ready."""

    document: Literal["mktui.reset-connection-pool/1"] = Field("mktui.reset-connection-pool/1", alias="schema")
    router: str
    verdict: str


class Probe(Answer):
    """What a health check of mktui itself gets."""

    status: Literal["healthy", "ready"]
