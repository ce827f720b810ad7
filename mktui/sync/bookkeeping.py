"""What a run leaves in billing's database: its lease, its journal, and the registry of what is on the router now."""

from __future__ import annotations

import os
import platform
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.billing import journal, kicks, leases, ledger, origins, registry
from mktui.billing.records import JournalRow, RegistryRow, RowState
from mktui.errors import BillingError, LeaseLost, NotAccepted
from mktui.sync.guards import DAY, History
from mktui.sync.kicks import wanted_kicks
from mktui.sync.mapping import PROFILE_MENUS, SUBSCRIBER_MENUS
from mktui.sync.plan import Action
from mktui.sync.report import RowStatus

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    import sqlalchemy as sa

    from mktui.billing.model import Profile, Subscriber
    from mktui.billing.records import Edit, Lease, RunRecord, WaitingKick
    from mktui.billing.store import Store
    from mktui.sync.options import Kick
    from mktui.sync.plan import Change, Plan
    from mktui.sync.reached import Reached
    from mktui.sync.report import RowReport

_STATES: Final = {
    RowStatus.APPLIED: RowState.APPLIED, RowStatus.FAILED: RowState.FAILED, RowStatus.SKIPPED: RowState.SKIPPED,
    RowStatus.DEFERRED: RowState.DEFERRED, RowStatus.UNKNOWN: RowState.UNKNOWN,
}  # fmt: skip
_KEPT: Final = timedelta(days=90)
"""How long runs can be looked at and taken back."""


@dataclass(frozen=True, slots=True)
class Books:
    """Billing at one moment, and what has changed in it since the last sync. ``is_complete``: nobody is missing."""

    profiles: tuple[Profile, ...] = ()
    subscribers: tuple[Subscriber, ...] = ()
    edits: tuple[Edit, ...] = ()
    is_complete: bool = True

    @property
    def passwords(self) -> dict[str, str]:
        """external_id -> password."""
        return {each.external_id: each.password.get_secret_value() for each in self.subscribers}


def read_books(connection: sa.Connection, router: str) -> Books:
    """Return billing as it is now, in one transaction, without those whom their sources no longer have."""
    gone = origins.missing(connection)
    return Books(
        tuple(each for each in ledger.read_profiles(connection) if ("profile", each.external_id) not in gone),
        tuple(each for each in ledger.read_subscribers(connection) if ("subscriber", each.external_id) not in gone),
        ledger.edits(connection, router),
    )


class Bookkeeper:
    """One router's books while it is synced. It is the apply's diary."""

    def __init__(self, store: Store, router: str, kick: Kick) -> None:
        self.store = store
        self.router = router
        self.run = 0
        self._kick = kick
        self._owner = secrets.token_hex(8)
        self._lease: Lease | None = None
        self._ahead = timedelta()
        self._planned: dict[int, JournalRow] = {}
        self._registry: dict[tuple[str, str], RegistryRow] = {}
        self._reached: Reached | None = None

    async def clock_ahead(self) -> float:
        """Return by how many seconds our clock is ahead of the database's: leases are kept in its time."""
        ahead = await anyio.to_thread.run_sync(self.store.clock_ahead, clock.utc_now())
        self._ahead = timedelta(seconds=ahead)
        return ahead

    async def take_lease(self) -> None:
        """Become the only writer to this router.

        Raises:
            LeaseLost: Another one is.
        """
        await self.clock_ahead()
        host = platform.node()
        lease = await self.store.run(
            leases.acquire, self.router, self._owner, host, os.getpid(), now=self._database_now()
        )  # fmt: skip
        if lease is None:
            held = await self.store.run(leases.find, self.router)
            raise LeaseLost(self.router, holder=f"process {held.pid} on {held.host}" if held else "another process")
        self._lease = lease

    async def keep_lease(self) -> None:
        """Say every ten seconds that we live, until cancelled; whether it is still ours is asked before each batch."""
        while self._lease is not None:
            await anyio.sleep(leases.HEARTBEAT)
            try:
                await self.store.run(leases.renew, self._lease, now=self._database_now())
            except BillingError:
                continue  # a database that is gone stops the run at its next batch; a short absence does no harm

    async def release_lease(self) -> None:
        """Let the router go; when that cannot be said, the lease runs out by itself."""
        lease, self._lease = self._lease, None
        if lease is not None:
            with anyio.CancelScope(shield=True):
                try:
                    await self.store.run(leases.release, lease, now=self._database_now())
                except BillingError:
                    return

    async def owned(self) -> tuple[RegistryRow, ...]:
        """Return the rows of the router that are ours."""
        rows = await self.store.run(registry.read, self.router)
        self._registry = {(row.menu, row.external_id): row for row in rows}
        return rows

    async def history(self, owned: int) -> History:
        """Return what was done in the last 24 hours, and the most rows that were ours at any run's beginning."""
        since = clock.utc_now() - timedelta(seconds=DAY)

        def read(connection: sa.Connection) -> History:
            most = journal.most_owned_since(connection, self.router, since)
            return History(max(owned, most), journal.done_since(connection, self.router, since))

        return await self.store.run(read)

    async def last_run(self) -> RunRecord | None:
        """Return the run before this one."""
        found = await self.store.run(journal.runs_of, self.router, limit=1)
        return found[0] if found else None

    async def known_box(self) -> str:
        """Return the serial number of the box that was last accepted as this router."""
        return await self.store.run(registry.known_box, self.router)

    async def open_rows(self) -> list[tuple[int, JournalRow]]:
        """Return the rows of earlier runs of which nobody knows whether they were done."""
        return await self.store.run(journal.open_rows, self.router)

    async def rows_to_undo(self, run: int) -> list[JournalRow]:
        """Return the rows that a run of this router has applied.

        Raises:
            NotAccepted: There is no such run.
        """

        def read(connection: sa.Connection) -> list[JournalRow]:
            found = journal.find_run(connection, run)
            if found is None or found.router != self.router:
                raise NotAccepted(f"{self.router} has no run {run}", remedy="mktui sync report lists the runs")
            return [row for row in journal.rows_of(connection, run) if row.state is RowState.APPLIED]

        return await self.store.run(read)

    async def settle_open(
        self, run: int, row: JournalRow, known: RegistryRow | None, found: Sequence[RegistryRow], *, was_done: bool
    ) -> None:
        """Note what reading has shown of a row that was left open. ``found``: what the registry holds then."""
        state = RowState.APPLIED if was_done else RowState.FAILED
        text = "settled by reading: it was done" if was_done else "settled by reading: it was not done"

        def settle(connection: sa.Connection) -> None:
            now = clock.utc_now()
            journal.settle_rows(connection, run, [replace(row, state=state, text=text)], now=now)
            if not was_done:
                return
            if row.action == Action.DELETE:
                registry.remove(connection, [known] if known is not None else ())
            registry.write(connection, found)
            kicks.queue(connection, self.router, wanted_kicks([row], self._kick), now=now)

        await self.store.run(settle)

    async def begin(self, plan: Plan, reached: Reached, *, cause: str, serial: str | None) -> None:
        """Open the run: its rows are written down before the first of them leaves. ``serial``: this box is ours.

        The edits among ``reached`` that need no writing are no longer pending; the others with their last row.
        """
        now = clock.utc_now()
        rows = [
            JournalRow(ordinal, change.menu, change.live_name or change.name, change.server, change.external_id,
                       change.action.value, dict(change.before), dict(change.values) | dict.fromkeys(change.unset, ""))
            for ordinal, change in enumerate(plan.changes)
        ]  # fmt: skip
        self._planned = {id(change): row for change, row in zip(plan.changes, rows, strict=True)}

        def begin(connection: sa.Connection) -> int:
            run = journal.begin_run(connection, self.router, cause=cause, owned=plan.owned, now=now)
            journal.plan_rows(connection, run, rows, now=now)
            registry.write(connection, plan.learnt)
            registry.remove(connection, plan.forgotten)
            ledger.settle_edits(connection, self.router, reached.at_once())
            if serial is not None:
                registry.note_box(connection, self.router, serial, now=now)
            return run

        self.run, self._reached = await self.store.run(begin), reached
        self._registry |= {(row.menu, row.external_id): row for row in plan.learnt}

    async def sending(self, changes: Sequence[Change]) -> None:
        """Note that rows are about to leave, if this router is still ours to write to.

        Raises:
            LeaseLost: It is another's now.
        """
        ordinals = [self._planned[id(change)].ordinal for change in changes]
        lease = self._lease
        assert lease is not None

        def send(connection: sa.Connection) -> bool:
            if not leases.is_held(connection, lease):
                return False
            journal.mark_sent(connection, self.run, ordinals, now=clock.utc_now())
            return True

        if not await self.store.run(send):
            raise LeaseLost(self.router, holder="another process, which took it over")

    async def settled(self, rows: Sequence[RowReport]) -> None:
        """Note how rows ended, what the router holds now, and whose sessions are to be ended for it."""
        ended = [
            replace(self._planned[id(report.change)], state=_STATES[report.status], error=report.error,
                    text=report.text, took_ms=report.took_ms)
            for report in rows
        ]  # fmt: skip
        applied = [report.change for report in rows if report.status is RowStatus.APPLIED]
        gone = [row for change in applied if change.action is Action.DELETE
                if (row := self._registry.pop((change.menu, change.external_id), None)) is not None]  # fmt: skip
        written = self._written([change for change in applied if change.action is not Action.DELETE])
        reached = self._reached.after(rows) if self._reached is not None else []

        def settle(connection: sa.Connection) -> None:
            now = clock.utc_now()
            journal.settle_rows(connection, self.run, ended, now=now)
            registry.remove(connection, gone)
            registry.write(connection, written)
            ledger.settle_edits(connection, self.router, reached)
            done = [row for row in ended if row.state is RowState.APPLIED]
            kicks.queue(connection, self.router, wanted_kicks(done, self._kick), now=now)

        with anyio.CancelScope(shield=True):  # what is known must not be lost with whoever asked
            await self.store.run(settle)

    def _written(self, changes: Sequence[Change]) -> list[RegistryRow]:
        """Return what the registry holds after changes; of several to one row the last counts."""
        written: dict[tuple[str, str], RegistryRow] = {}
        for change in changes:
            key = change.menu, change.external_id
            before = self._registry.get(key)
            after = after_change(self.router, change, before)
            for row in (after, *followers(self._registry.values(), before, after)):
                written[row.menu, row.external_id] = self._registry[row.menu, row.external_id] = row
        return list(written.values())

    async def finish(self, summary: Mapping[str, object], *, forgets: bool = False) -> None:
        """Close the run.

        ``forgets``: runs of a quarter of a year ago go. Not when a clock is wrong: a day's limits are counted in them.
        """

        def finish(connection: sa.Connection) -> None:
            now = clock.utc_now()
            journal.finish_run(connection, self.run, summary, now=now)
            if forgets:
                ledger.forget_settled(connection, self.router, now=now)
                journal.forget_before(connection, [self.router], now - _KEPT)

        with anyio.CancelScope(shield=True):
            await self.store.run(finish)

    async def waiting_kicks(self) -> list[WaitingKick]:
        """Return whose sessions are still to be ended."""
        return await self.store.run(kicks.waiting, self.router, now=clock.utc_now())

    async def is_kick_wanted(self, kick: WaitingKick) -> bool:
        """Say whether billing, asked now, still wants a session ended: who has paid meanwhile keeps it."""
        if kick.cause == "changed":
            return True

        def read(connection: sa.Connection) -> Subscriber | None:
            is_lost = ("subscriber", kick.external_id) in origins.missing(connection)
            return None if is_lost else ledger.find_subscriber(connection, kick.external_id)

        subscriber = await self.store.run(read)
        if subscriber is None or not subscriber.may_connect(clock.utc_now()):
            return True
        is_here = not subscriber.routers or self.router in subscriber.routers
        return not is_here or SUBSCRIBER_MENUS[subscriber.kind] != kick.menu

    async def kicked(self, kick: WaitingKick) -> None:
        """Note that a session has ended, or need not."""
        await self.store.run(kicks.drop, self.router, [kick])

    def _database_now(self) -> dt.datetime:
        return clock.utc_now() - self._ahead


def followers(rows: Iterable[RegistryRow], before: RegistryRow | None, after: RegistryRow) -> list[RegistryRow]:
    """Return what the registry holds of who uses a profile once it has another name: they follow it by themselves."""
    kind = next((kind for kind, menu in PROFILE_MENUS.items() if menu == after.menu), None)
    if kind is None or before is None or before.name == after.name:
        return []
    menu, old = SUBSCRIBER_MENUS[kind], before.name
    return [replace(row, applied={**row.applied, "profile": after.name}) for row in rows
            if row.menu == menu and row.applied.get("profile") == old]  # fmt: skip


def after_change(router: str, change: Change, known: RegistryRow | None) -> RegistryRow:
    """Return what the registry holds after a change was applied."""
    now = clock.utc_now()
    applied = dict(known.applied) if known is not None else {}
    if change.action is Action.ADOPT:  # what was there counts as ours from now on
        applied |= {name: value for name, value in change.before.items() if name != "comment"}
    applied |= {name: value for name, value in change.values.items() if name not in {"comment", "name"}}
    for name in change.unset:
        applied.pop(name, None)
    if change.action is Action.RENAME:
        name = change.values["name"]
    elif change.action.is_add or change.action is Action.ADOPT:
        name = change.name
    else:
        name = known.name if known is not None else change.live_name
    is_same_end = known is not None and known.valid_until == change.valid_until
    since = known.known_since if is_same_end and known is not None else now
    return RegistryRow(
        router, change.menu, name, change.server, change.external_id, applied, now, change.valid_until, since
    )
