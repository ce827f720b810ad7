"""One router's syncs, as a screen or a script asks for them: one at a time, its state always at hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.pool.caller import asked_by
from mktui.errors import BillingError, CircuitOpen, DatabaseUnavailable, RouterError, StalePlan
from mktui.monitor.snapshot import Remark, SyncState
from mktui.services.one_writer import alone
from mktui.services.planning import Planning, PlanStage
from mktui.sync.order import Order
from mktui.sync.report import Report, RowReport, RowStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mktui.billing.records import RunRecord
    from mktui.billing.standing import Standing
    from mktui.core.client.client import Client
    from mktui.services.chronicle import Chronicle
    from mktui.services.office import LazyOffice
    from mktui.sync.apply import OnRow
    from mktui.sync.plan import Plan
    from mktui.sync.run import Prepared, Sync

    Note = Callable[[str, str], None]
    """Puts a kind and a text into the router's history."""


_OF_BILLING: Final = {BillingError.__name__, *(kind.__name__ for kind in BillingError.__subclasses__())} - {
    StalePlan.__name__
}
"""What is no error of a router's: its own are in the error log already, as its pool tells them."""
_REMARKED: Final = frozenset({"held", "shadow", "unverifiable"})
_REMARKS: Final = 20
"""Most reasons that are kept of one plan."""


class RouterSyncs:
    """Plans and runs the syncs of one router. ``state`` is the last one's, or of the one that runs.

    ``planning`` is the plan that somebody looks at; carried out, it gives way to ``report``.
    """

    def __init__(
        self, client: Client, name: str, office: LazyOffice, note: Note, chronicle: Chronicle,
        *, is_automatic: bool = False,
    ) -> None:  # fmt: skip
        self.state = SyncState(is_automatic=is_automatic)
        self.planning: Planning | None = None
        self.report: Report | None = None
        self._client = client
        self._name = name
        self._office = office
        self._note = note
        self._chronicle = chronicle
        self._turn = anyio.Lock()
        self._reading: anyio.CancelScope | None = None

    async def plan(self, order: Order | None = None) -> Plan:
        """Read the router and say what a sync would write.

        Raises:
            RouterError: It cannot be read.
            BillingError: Billing cannot be read.
        """
        return (await self._prepared(order or Order())).plan

    async def look(self, order: Order, *, because: str = "") -> None:
        """Make the plan that is looked at; ``planning`` says how far it is. Never raises; the latest order wins."""
        if self._reading is not None:
            self._reading.cancel()
        with anyio.CancelScope() as self._reading:
            reading = self.planning = Planning(order, clock.utc_now(), because=because)
            begun_at = clock.now()
            try:
                prepared = await self._prepared(order)
            except (RouterError, BillingError) as error:
                self.planning = replace(reading, stage=PlanStage.FAILED, problem=" ".join(str(error).split()))
                return
            self.planning = replace(
                reading, stage=PlanStage.READY, plan=prepared.plan, seconds=clock.now() - begun_at,
                subscribers=len(prepared.books.subscribers), profiles=len(prepared.books.profiles),
            )  # fmt: skip
            if not self.state.is_running:
                self.state = _with_findings(self.state, prepared.plan)
                self.state = replace(self.state, waiting=len(prepared.plan.changes))

    async def carry_out(self, order: Order) -> None:
        """Carry out the plan that was looked at, and nothing else; one that is stale is said, and made again."""
        report = await self.run(order)
        if report.error == StalePlan.__name__:
            why = "billing or the router have changed: nothing was written, this is the plan now"
            await self.look(replace(order, saved=None), because=why)

    async def run(self, order: Order | None = None, *, on_row: OnRow = lambda _row: None) -> Report:
        """Bring the router into step. A router that is down is deferred, never failed; nothing is raised.

        ``on_row`` hears each row as it is settled.
        """

        def settled(row: RowReport) -> None:
            self._row_settled(row)
            on_row(row)

        async with self._turn:
            before = self.state
            self.state = SyncState(
                is_running=True, owned=before.owned, paused=before.paused, is_automatic=before.is_automatic,
                run=before.run, edits=before.edits,
            )  # fmt: skip
            begun_at, order = clock.now(), order or Order()
            try:
                report = await self._run(order, settled)
                standing = await self._standing()
            finally:
                seconds = clock.now() - begun_at
                self.state = replace(self.state, is_running=False, finished_at=clock.utc_now(), seconds=seconds)
            self._done(report, order)
            if standing is not None:
                self.learn(standing)
            return report

    async def _run(self, order: Order, on_row: OnRow) -> Report:
        try:
            async with alone(self._name, self._client.router.address, f"a sync, {order.cause}"):
                sync = await self._sync()
                with asked_by(f"a sync, {order.cause}"):
                    return await sync.run(order, on_row=on_row, on_plan=self._planned)
        except OSError as error:  # what is on the router could not be kept: then nothing is written to it
            text = f"the prints of {self._name} cannot be kept: {error.strerror}: {error.filename}"
            return Report(self._name, 0, (), reason=text, error=DatabaseUnavailable.__name__)
        except (RouterError, BillingError) as error:
            return Report(self._name, 0, (), reason=str(error), error=type(error).__name__)

    async def _standing(self) -> Standing | None:
        """Ask billing what is pending after a run; None: it cannot be asked, and whoever watches it is told why."""
        from mktui.billing.standing import standing  # noqa: PLC0415 - loads the database

        try:
            store = (await self._office.get()).store
            return await store.run(standing, self._name, now=clock.utc_now())
        except BillingError:
            return None

    def learn(self, standing: Standing) -> None:
        """Take in what billing's database knows: another process may have synced this router, or held its syncs."""
        last = standing.last
        state = replace(self.state, edits=standing.pending, owned=standing.owned, paused=standing.paused)
        if last is not None and last.finished_at is not None and not state.is_running:
            is_newer = state.finished_at is None or last.finished_at > state.finished_at
            if is_newer and last.id != state.run:
                state = _of_run(last, state)
        self.state = state

    def _done(self, report: Report, order: Order) -> None:
        self.state = replace(self.state, reason=report.reason, run=report.run or self.state.run, kicked=report.kicked)
        if report.error != StalePlan.__name__:
            self.report = report
        if self.planning is not None and self.planning.plan is order.saved:
            self.planning = None
        self._note("sync", in_words(report))
        self._chronicle.audit(f"sync ({order.cause})" if order.cause else "sync", self._name, in_words(report))
        if report.error in _OF_BILLING:
            self._chronicle.sync_failed(self._name, report.error, report.reason)

    async def backup(self) -> str:
        """Have the router write an export of its own configuration; return the file's name there.

        Raises:
            RouterError: It cannot, or may not.
        """
        name = f"mktui-{clock.utc_now():%Y%m%d-%H%M%S}"
        try:
            with self._chronicle.audited(f"backup to {name}.rsc", self._name):
                await self._client.run("/export", {"file": name}, timeout=120)
        except CircuitOpen as error:
            raise self._client.last_error or error from None
        self._note("backup", f"exported to {name}.rsc on the router")
        return f"{name}.rsc"

    async def _sync(self) -> Sync:
        from mktui.sync.run import Sync  # noqa: PLC0415 - loads the database

        office = await self._office.get_fresh(self._note)
        return Sync(office, self._client, self._name, unread=self._office.unread)

    async def _prepared(self, order: Order) -> Prepared:
        try:
            with asked_by("a plan"):
                return await (await self._sync()).prepare(order)
        except CircuitOpen as error:
            raise self._client.last_error or error from None

    def _planned(self, plan: Plan) -> None:
        state = replace(self.state, planned=len(plan.changes), refused=len(plan.refused), begun_at=clock.utc_now())
        self.state = _with_findings(state, plan)

    def _row_settled(self, row: RowReport) -> None:
        name = row.status.value
        self.state = replace(self.state, **{name: getattr(self.state, name) + 1})


def _with_findings(state: SyncState, plan: Plan) -> SyncState:
    kinds = Counter(each.kind for each in plan.refused)
    state = replace(state, conflicts=kinds["conflict"], drift=kinds["drift"], held=kinds["held"])
    return replace(state, remarks=_remarks(plan))


def _remarks(plan: Plan) -> tuple[Remark, ...]:
    """Return what a diagnosis wants to know: each reason once, and a name that is no text."""
    remarks = _counted([(each.kind, each.reason) for each in plan.refused])
    names = [*(each.name for each in plan.changes), *(each.name for each in plan.refused)]
    odd = [name for name in names if any("\udc80" <= letter <= "\udcff" for letter in name)]
    return (*remarks, *(Remark("encoding", name, len(odd)) for name in odd[:1]))


def _counted(found: Iterable[tuple[str, str]]) -> tuple[Remark, ...]:
    reasons = Counter(each for each in found if each[0] in _REMARKED)
    return tuple(Remark(kind, text, count) for (kind, text), count in reasons.most_common(_REMARKS))


def _of_run(last: RunRecord, state: SyncState) -> SyncState:
    """Return the state after a run that this process has not seen."""
    summary = last.summary

    def number(name: str) -> int:
        found = summary.get(name)
        return found if isinstance(found, int) else 0

    findings = summary.get("findings")
    told = [(str(each.get("kind")), str(each.get("text"))) for each in findings] if isinstance(findings, list) else []
    kinds = Counter(kind for kind, _ in told)
    seconds = summary.get("seconds")
    return SyncState(
        planned=number("planned"), applied=number("applied"), failed=number("failed"), skipped=number("skipped"),
        deferred=number("deferred"), unknown=number("unknown"), refused=kinds.total(),
        seconds=float(seconds) if isinstance(seconds, (int, float)) else 0.0, reason=str(summary.get("reason") or ""),
        finished_at=last.finished_at, run=last.id, conflicts=kinds["conflict"], drift=kinds["drift"],
        held=kinds["held"], kicked=number("kicked"), edits=state.edits, owned=state.owned, paused=state.paused,
        is_automatic=state.is_automatic, remarks=_counted(told),
    )  # fmt: skip


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
