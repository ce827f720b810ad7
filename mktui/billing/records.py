"""What mktui remembers of what it did: frozen records, without a database. A password is only ever an HMAC here.

Times are aware and UTC.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class RowState(enum.StrEnum):
    """How far a journalled row has come."""

    PLANNED = "planned"
    SENT = "sent"
    APPLIED = "applied"
    FAILED = "failed"
    SKIPPED = "skipped"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"
    """It left and no answer came: settled by the next run's reading."""


OPEN_STATES = frozenset({RowState.SENT, RowState.UNKNOWN})
"""States in which nobody knows whether it was done."""


@dataclass(frozen=True, slots=True)
class RegistryRow:
    """A row on a router that is ours: what we last wrote, by attribute."""

    router: str
    menu: str
    name: str
    server: str
    external_id: str
    applied: Mapping[str, str] = field(repr=False)
    applied_at: datetime
    valid_until: datetime | None = None
    known_since: datetime | None = None
    """Since when ``valid_until`` has been known: an expiry known a day before is expected."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One sync of one router."""

    id: int
    router: str
    begun_at: datetime
    finished_at: datetime | None
    cause: str
    owned: int
    """Rows of ours when it began."""
    summary: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One row of a run, before and after. ``ordinal`` is its place in the plan."""

    ordinal: int
    menu: str
    name: str
    server: str
    external_id: str
    action: str
    before: Mapping[str, str] = field(repr=False)
    after: Mapping[str, str] = field(repr=False)
    state: RowState = RowState.PLANNED
    error: str = ""
    text: str = ""
    took_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may write to a router, until when. ``fence`` rises with every new holder."""

    router: str
    owner: str
    host: str
    pid: int
    fence: int
    heartbeat_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Edit:
    """Everything that changed of one subscriber or profile since a router's last sync: many edits are one."""

    external_id: str
    what: str
    revision: int
    old_name: str
    position: int = 0
    """Where its last change stands in the outbox."""


@dataclass(frozen=True, slots=True)
class WaitingKick:
    """A session that is to be ended, and was not yet. ``cause``: inactive, or changed."""

    menu: str
    name: str
    server: str
    external_id: str
    cause: str


@dataclass(frozen=True, slots=True)
class RowHistory:
    """One thing that a sync did, or tried to do."""

    run: int
    router: str
    menu: str
    name: str
    action: str
    state: str
    text: str
    at: datetime
