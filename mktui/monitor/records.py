"""What is told of errors, changes and their causes: frozen, plain, the same on screen, in JSON and in the database."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class SeenError:
    """Something that went wrong on a router, once or, within one hour, again and again.

    ``kind`` is its class, ``command`` the path it befell ("": none), ``text`` the raw words.
    """

    at: datetime
    router: str
    kind: str
    command: str
    text: str
    repeats: int = 1
    last_at: datetime | None = None

    @property
    def latest(self) -> datetime:
        """When it happened last."""
        return self.last_at or self.at

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes two errors the same."""
        return self.router, self.kind, self.command, self.text


@dataclass(frozen=True, slots=True)
class Audited:
    """A change that somebody made, or tried to: who, when, from where, what, to which router, and how it ended."""

    at: datetime
    who: str
    origin: str
    what: str
    router: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """How often something went wrong in one hour; ``hour`` is its beginning."""

    hour: datetime
    router: str
    kind: str
    command: str
    times: int


@dataclass(frozen=True, slots=True)
class ErrorLog:
    """The error log as a screen shows it: the newest rows first, and what the last 24 hours come to."""

    rows: tuple[SeenError, ...] = ()
    counts: tuple[ErrorCount, ...] = ()
    problem: str = ""
    """Why no history is kept; "": it is, or nobody asked for one."""

    def of(self, router: str) -> ErrorLog:
        """Return one router's part; "": everything."""
        if not router:
            return self
        rows = tuple(row for row in self.rows if row.router == router)
        return ErrorLog(rows, tuple(each for each in self.counts if each.router == router), self.problem)


def totals(counts: tuple[ErrorCount, ...], by: str) -> list[tuple[str, int]]:
    """Add up by ``kind``, ``router`` or ``command``: the most frequent first."""
    found: Counter[str] = Counter()
    for each in counts:
        found[getattr(each, by)] += each.times
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def per_hour(counts: tuple[ErrorCount, ...], now: datetime) -> tuple[int, ...]:
    """Add up by hour: the last 24, oldest first; the last is the hour that runs."""
    hours = [0] * 24
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    for each in counts:
        ago = int((this_hour - each.hour).total_seconds() // 3600)
        if 0 <= ago < 24:
            hours[23 - ago] += each.times
    return tuple(hours)


class Severity(enum.StrEnum):
    """How much a finding matters, worst first."""

    CRITICAL = "critical"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One finding about a router: what is seen, by which figures, why that usually is, and what to do.

    ``action`` is the id of an action on screen that helps and harms nobody; "": there is none.
    """

    rule: str
    severity: Severity
    symptom: str
    evidence: tuple[str, ...]
    cause: str
    remedy: str
    action: str = ""
