"""What became of each change: frozen, with totals, and as versioned JSON. No value is in it, only names of fields."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mktui.sync.plan import Change

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
    """One change. ``error`` is its class, ``text`` the router's own words."""

    change: Change
    status: RowStatus
    error: str = ""
    text: str = ""


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
             "fields": sorted(row.change.values), "status": row.status.value, "error": row.error, "text": row.text}
            for row in self.rows if row.status is not RowStatus.APPLIED
        ]  # fmt: skip
        by_error = dict(Counter(row.error for row in self.rows if row.error))
        return {
            "schema": SCHEMA, "router": self.router, "planned": self.planned, **totals, "refused": self.refused,
            "seconds": round(self.seconds, 3), "reason": self.reason, "errors": by_error, "rows": rows,
        }  # fmt: skip
