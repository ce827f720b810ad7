"""One router's syncs, as a screen or a script asks for them: one at a time, its state always at hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from mktui import clock
from mktui.errors import BillingError, CircuitOpen, RouterError
from mktui.monitor.snapshot import SyncState
from mktui.sync.order import Order
from mktui.sync.report import Report, RowReport, RowStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.core.client.client import Client
    from mktui.services.office import LazyOffice
    from mktui.sync.plan import Plan
    from mktui.sync.run import Sync

    Note = Callable[[str, str], None]
    """Puts a kind and a text into the router's history."""


class RouterSyncs:
    """Plans and runs the syncs of one router. ``state`` is the last one's, or of the one that runs."""

    def __init__(self, client: Client, name: str, office: LazyOffice, note: Note) -> None:
        self.state = SyncState()
        self._client = client
        self._name = name
        self._office = office
        self._note = note
        self._turn = anyio.Lock()

    async def plan(self, order: Order | None = None) -> Plan:
        """Read the router and say what a sync would write.

        Raises:
            RouterError: It cannot be read.
            BillingError: Billing cannot be read.
        """
        try:
            return await (await self._sync()).plan(order or Order())
        except CircuitOpen as error:
            raise self._client.last_error or error from None

    async def run(self, order: Order | None = None) -> Report:
        """Bring the router into step. A router that is down is deferred, never failed; nothing is raised."""
        async with self._turn:
            self.state = SyncState(is_running=True)
            begun_at = clock.now()
            try:
                sync = await self._sync()
                report = await sync.run(order or Order(), on_row=self._row_settled, on_plan=self._planned)
            except (RouterError, BillingError) as error:
                report = Report(self._name, 0, (), reason=str(error), error=type(error).__name__)
            finally:
                seconds = clock.now() - begun_at
                self.state = replace(self.state, is_running=False, finished_at=clock.utc_now(), seconds=seconds)
            self.state = replace(self.state, reason=report.reason)
            self._note("sync", in_words(report))
            return report

    async def backup(self) -> str:
        """Have the router write an export of its own configuration; return the file's name there.

        Raises:
            RouterError: It cannot, or may not.
        """
        name = f"mktui-{clock.utc_now():%Y%m%d-%H%M%S}"
        await self._client.run("/export", {"file": name}, timeout=120)
        self._note("backup", f"exported to {name}.rsc on the router")
        return f"{name}.rsc"

    async def _sync(self) -> Sync:
        from mktui.sync.run import Sync  # noqa: PLC0415 - loads the database

        return Sync(await self._office.get_fresh(self._note), self._client, self._name)

    def _planned(self, plan: Plan) -> None:
        self.state = replace(self.state, planned=len(plan.changes), refused=len(plan.refused))

    def _row_settled(self, row: RowReport) -> None:
        name = row.status.value
        self.state = replace(self.state, **{name: getattr(self.state, name) + 1})


def in_words(report: Report) -> str:
    """Return one line about a run."""
    if report.reason and not report.rows:
        return f"deferred: {report.reason}"
    held = f"{report.held} held back by a guard" if report.held else ""
    if not report.planned:
        return held or "in step, nothing to do"
    parts = [f"{report.count(status)} {status.value}" for status in RowStatus if report.count(status)]
    parts += [held] if held else []
    parts += [f"{report.kicked} sessions ended"] if report.kicked else []
    parts += [report.reason] if report.reason else []
    return f"{report.planned} planned: {', '.join(parts)}"
