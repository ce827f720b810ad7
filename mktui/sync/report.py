"""What became of each change: frozen, with totals, and as versioned JSON. No value is in it, only names of fields."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mktui.sync.plan import Change, Refused

SCHEMA: Final = "mktui.sync.report/1"


class RowStatus(enum.StrEnum):
    """How a change ended."""

    APPLIED = "applied"
    FAILED = "failed"
    SKIPPED = "skipped"
    """What it depends on is not there."""
    DEFERRED = "deferred"
    """The router could not be asked: it comes next time."""
    UNKNOWN = "unknown"
    """It left and no answer came: settled by reading, next time."""


@dataclass(frozen=True, slots=True)
class RowReport:
    """One change. ``error`` is its class, ``text`` the router's own words, ``hint`` what to do."""

    change: Change
    status: RowStatus
    error: str = ""
    text: str = ""
    took_ms: float | None = None

    @property
    def hint(self) -> str:
        """What a person may do about it."""
        return hint_for(self.text)


_HINTS: Final = {
    "not enough permissions": "give the API user's group the policies api, read, write and sensitive",
    "input does not match any value of profile": "the profile is not on the router: sync profiles first",
    "with the same name already exists": "a row of this name is there: adopt it, or rename one of them",
    "already have user with this name": "a hotspot user of this name is there: adopt it, or rename one of them",
    "no such item": "somebody has removed it meanwhile: the next sync looks again",
    "invalid value for argument": "see this value in billing",
    "out of range": "see this value in billing",
    "unknown parameter": "this RouterOS version does not know the attribute",
}
"""The router's words -> what to do."""


def hint_for(text: str) -> str:
    """Return what a person may do about a router's words; "" when there is nothing to say."""
    return next((hint for words, hint in _HINTS.items() if words in text), "")


@dataclass(frozen=True, slots=True)
class Report:
    """One run on one router. ``planned`` counts changes, refused ones not."""

    router: str
    planned: int
    rows: tuple[RowReport, ...]
    refused: int = 0
    seconds: float = 0.0
    reason: str = ""
    """Why nothing could be planned, when nothing could."""
    run: int = 0
    findings: tuple[Refused, ...] = ()
    """What was not planned, and why: conflicts, drift, what a guard held back."""
    kicked: int = 0
    error: str = ""
    """The class of what kept the run from being planned."""

    @property
    def held(self) -> int:
        """How many changes a guard held back."""
        return sum(each.kind == "held" for each in self.findings)

    def count(self, status: RowStatus) -> int:
        """Return how many ended so."""
        return sum(row.status is status for row in self.rows)

    @property
    def is_done(self) -> bool:
        """Everything that was planned was applied, and it could be planned."""
        return not self.reason and self.count(RowStatus.APPLIED) == self.planned

    def to_json(self) -> dict[str, object]:
        """Return totals and every row that was not applied."""
        totals = {status.value: self.count(status) for status in RowStatus}
        rows = [
            {"menu": row.change.menu, "name": row.change.name, "action": row.change.action.value,
             "fields": sorted((*row.change.values, *row.change.unset)), "status": row.status.value, "error": row.error,
             "text": row.text, "hint": row.hint, "took_ms": row.took_ms}
            for row in self.rows if row.status is not RowStatus.APPLIED
        ]  # fmt: skip
        by_error = dict(Counter(row.error for row in self.rows if row.error))
        return {
            "schema": SCHEMA, "router": self.router, "planned": self.planned, **totals, "refused": self.refused,
            "held": self.held, "kicked": self.kicked, "run": self.run, "seconds": round(self.seconds, 3),
            "reason": self.reason, "error": self.error, "errors": by_error, "rows": rows,
            "findings": [{"menu": each.menu, "name": each.name, "kind": each.kind, "text": each.reason}
                         for each in self.findings],
        }  # fmt: skip
