"""Carries a plan out through the client: progressive, and one outcome a row.

A rejected row is recorded and the run goes on; what depends on it is skipped; a router that cannot be asked defers the
rest. Nothing is ever sent twice from here: an unknown outcome is settled by the next plan's reading.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from mktui import clock
from mktui.core.pool.job import Priority
from mktui.core.protocol.sentences import Command
from mktui.errors import CommandTrapped
from mktui.sync.mapping import MANAGED_MENUS
from mktui.sync.plan import Action
from mktui.sync.report import Report, RowReport, RowStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mktui.core.client.client import Client
    from mktui.core.pool.job import Outcome
    from mktui.sync.plan import Change, Plan

    OnRow = Callable[[RowReport], None]

WINDOW: Final = 50
"""Rows under way at once: small enough that a lost router leaves few outcomes unknown."""
_NO_RIGHT: Final = "not enough permissions"


async def apply(
    plan: Plan, client: Client, *, on_row: OnRow = lambda _row: None, priority: Priority = Priority.NORMAL
) -> Report:
    """Write a plan. ``on_row`` hears each row as it is settled. Never raises for a row."""
    begun_at = clock.now()
    run = _Run(client, on_row, priority, plan.epoch)
    by_menu = groupby(plan.changes, key=lambda change: MANAGED_MENUS.index(change.menu))
    for _, changes in by_menu:  # a menu at a time: profiles are there before who uses them
        await run.write(list(changes))
    return Report(plan.router, len(plan.changes), tuple(run.rows), len(plan.refused), clock.now() - begun_at)


class _Run:
    """One apply: what has been settled, and what can no longer be done."""

    def __init__(self, client: Client, on_row: OnRow, priority: Priority, epoch: int | None) -> None:
        self.rows: list[RowReport] = []
        self._client = client
        self._on_row = on_row
        self._priority = priority
        self._epoch = epoch
        self._broken: set[tuple[str, str]] = set()
        self._deferred_because: RowReport | None = None

    async def write(self, changes: Sequence[Change]) -> None:
        """Write one menu's changes, a window at a time."""
        denied: RowReport | None = None
        for window in _windows(changes):
            ready = [change for change in window if self._is_possible(change, denied)]
            commands = [_command(change) for change in ready]
            outcomes = await self._client.execute_batch(commands, priority=self._priority, epoch=self._epoch)
            for change, outcome in zip(ready, outcomes, strict=True):
                row = _settle(change, outcome)
                self._record(row)
                if row.status is RowStatus.DEFERRED:
                    self._deferred_because = row
                if _NO_RIGHT in row.text:
                    denied = row

    def _is_possible(self, change: Change, denied: RowReport | None) -> bool:
        """Record a change that cannot be written now."""
        if self._deferred_because is not None:
            because = self._deferred_because
            self._record(RowReport(change, RowStatus.DEFERRED, because.error, because.text))
        elif change.needs in self._broken:
            assert change.needs is not None
            self._record(RowReport(change, RowStatus.SKIPPED, "dependency", f"{change.needs[1]} is not on the router"))
        elif denied is not None:
            self._record(RowReport(change, RowStatus.SKIPPED, denied.error, denied.text))
        else:
            return True
        return False

    def _record(self, row: RowReport) -> None:
        self.rows.append(row)
        if row.status is not RowStatus.APPLIED and row.change.action is Action.ADD:
            self._broken.add(row.change.key)
        self._on_row(row)


def _windows(changes: Sequence[Change]) -> Iterable[Sequence[Change]]:
    return (changes[at : at + WINDOW] for at in range(0, len(changes), WINDOW))


def _command(change: Change) -> Command:
    if change.action is Action.ADD:
        return Command(f"{change.menu}/add", {"name": change.name, **change.values})
    assert change.row_id is not None
    return Command(f"{change.menu}/set", {".id": change.row_id, **change.values})


def _settle(change: Change, outcome: Outcome) -> RowReport:
    if outcome.ok:
        return RowReport(change, RowStatus.APPLIED)
    error = outcome.error
    name = type(error).__name__ if error is not None else ""
    if isinstance(error, CommandTrapped):
        return RowReport(change, RowStatus.FAILED, name, "; ".join(error.texts))
    if outcome.unknown:
        return RowReport(change, RowStatus.UNKNOWN, name, str(error))
    return RowReport(change, RowStatus.DEFERRED, name, str(error))
