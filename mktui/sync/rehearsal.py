"""A plan carried out on a router that is not there: what would be refused, and whether a second plan would be empty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mktui.sync.bookkeeping import after_change
from mktui.sync.plan import Action
from mktui.sync.report import Report, RowStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mktui.billing.records import RegistryRow
    from mktui.sync.plan import Plan


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How it went. ``left``: what a second plan would still write. ``version`` is the one that was simulated."""

    report: Report
    left: Plan
    version: str

    @property
    def is_fine(self) -> bool:
        """Everything was accepted, and nothing would be left to do."""
        return self.report.is_done and self.left.is_empty

    def in_words(self) -> str:
        """Return one line for people."""
        report = self.report
        rejected = [row for row in report.rows if row.status is not RowStatus.APPLIED]
        head = f"{report.router}: rehearsed on a simulated RouterOS {self.version}: "
        if self.is_fine:
            return f"{head}{report.planned} changes accepted, a second plan is empty"
        first = f", first {rejected[0].change.name}: {rejected[0].text}" if rejected else ""
        left = f", a second plan would still write {len(self.left.changes)}" if self.left.changes else ""
        return f"{head}{len(rejected)} of {report.planned} changes not accepted{first}{left}"

    def to_json(self) -> dict[str, object]:
        """Return it for programs."""
        left = [{"menu": each.menu, "name": each.name, "action": each.action.value} for each in self.left.changes]
        return {"version": self.version, "is_fine": self.is_fine, "report": self.report.to_json(), "left": left}


def registry_after(router: str, plan: Plan, report: Report, registry: Iterable[RegistryRow]) -> tuple[RegistryRow, ...]:
    """Return what the registry would hold after a run."""
    rows = {(row.menu, row.external_id): row for row in (*registry, *plan.learnt)}
    for gone in plan.forgotten:
        rows.pop((gone.menu, gone.external_id), None)
    for done in report.rows:
        change = done.change
        key = change.menu, change.external_id
        if done.status is not RowStatus.APPLIED:
            continue
        if change.action is Action.DELETE:
            rows.pop(key, None)
        else:
            rows[key] = after_change(router, change, rows.get(key))
    return tuple(rows.values())
