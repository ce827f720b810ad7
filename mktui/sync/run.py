"""One sync of one router, from the lease to the report: read, plan, guard, write, end sessions, remember.

The decisions are made elsewhere, without I/O; here they are carried out, in order.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.background import background
from mktui.billing import origins
from mktui.billing.model import Kind
from mktui.errors import CircuitOpen, RouterError, StalePlan
from mktui.sync import prints
from mktui.sync.apply import Writer, apply
from mktui.sync.bookkeeping import Bookkeeper, read_books
from mktui.sync.guards import OTHER_BOX, Clocks, guard, hold_unread, wrong_clock
from mktui.sync.kicks import end_sessions
from mktui.sync.mapping import MANAGED_MENUS, NAMING_PROFILES, SUBSCRIBER_MENUS, desired
from mktui.sync.mirror import read_live
from mktui.sync.plan import Refused, Stage
from mktui.sync.planner import Wishes, make_plan
from mktui.sync.reached import Reached
from mktui.sync.rehearsal import Rehearsal, registry_after
from mktui.sync.report import Report, RowStatus
from mktui.sync.resume import settle_open_rows
from mktui.sync.rollback import Rollback
from mktui.sync.surroundings import asks_radius, clock_ahead_of_router, read_serial

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from mktui.billing.records import RegistryRow
    from mktui.billing.store import Store
    from mktui.core.client.client import Client
    from mktui.sync.apply import OnRow
    from mktui.sync.bookkeeping import Books
    from mktui.sync.digests import Digests
    from mktui.sync.mirror import Live
    from mktui.sync.options import SyncOptions
    from mktui.sync.order import Order
    from mktui.sync.plan import Plan

    OnPlan = Callable[[Plan], None]


def menus_for(order: Order) -> tuple[str, ...]:
    """Return the menus that a run reads: who else names a profile matters only where profiles may be taken away."""
    if not order.prune and order.rollback is None:
        return MANAGED_MENUS
    return (*MANAGED_MENUS, *(menu for menus in NAMING_PROFILES.values() for menu in menus))


_SHADOW: Final = Refused(
    SUBSCRIBER_MENUS[Kind.PPP], "",
    "the router asks RADIUS too: a secret is consulted first, and hides the RADIUS user of its name", "shadow",
)  # fmt: skip
_BREATH: Final = 1.0
_BREATHS: Final = 30


@dataclass(frozen=True, slots=True)
class Office:
    """What every sync of one installation shares. ``folder``: where prints are kept; None: nowhere."""

    store: Store
    digests: Digests
    options: SyncOptions
    installation: str
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A guarded plan and what it was made from. ``serial``: of the box that is this router from now on, if known.

    ``no_kicks`` says why nobody's session may be ended; "": they may. ``whole``: the plan before anything of it
    was held back, or left out because it was not asked for.
    """

    plan: Plan
    books: Books
    live: Live
    owned: tuple[RegistryRow, ...]
    serial: str | None
    no_kicks: str
    whole: Plan


@dataclass(frozen=True, slots=True)
class _Box:
    """What answers at a router's address. ``is_other``: not the box that was there, and nobody has said it is meant.

    ``life``: the router's life in which it was asked; what is read afterwards was read in it or later.
    """

    serial: str
    is_other: bool
    life: int | None


class Sync:
    """One router's sync. Use ``plan`` to look, ``run`` to do.

    ``unread``: sources of billing that cannot be read now. Whether their customers have paid again is not known.
    """

    def __init__(self, office: Office, client: Client, router: str, *, unread: frozenset[str] = frozenset()) -> None:
        self._unread = unread
        self._office = office
        self._client = client
        self._router = router
        self._keeper = Bookkeeper(office.store, router, office.options.kick)

    async def plan(self, order: Order) -> Plan:
        """Say what a run would do. Nothing is written, neither there nor here.

        Raises:
            RouterError: The router cannot be read.
            BillingError: Billing cannot be read.
        """
        return (await self.prepare(order)).plan

    async def prepare(self, order: Order) -> Prepared:
        """Return a plan, and what it was made from.

        Raises:
            RouterError: The router cannot be read.
            BillingError: Billing cannot be read.
        """
        return await self._prepared(order, await self._box(order), await read_live(self._client, menus_for(order)))

    async def rehearse(self, prepared: Prepared, order: Order, other: Client, version: str) -> Rehearsal:
        """Carry a plan out on another router, one that holds the same rows and that nobody depends on."""
        plan = replace(prepared.plan, epoch=None)  # the life that its row ids were read in means nothing there
        report = await apply(plan, other, prepared.books.passwords, self._office.digests)
        owned = registry_after(self._router, plan, report, prepared.owned)
        left = await self._made(order, prepared.books, await read_live(other, menus_for(order)), owned)
        return Rehearsal(report, order.narrow(left), version)

    async def run(
        self, order: Order, *, on_row: OnRow = lambda _row: None, on_plan: OnPlan = lambda _plan: None
    ) -> Report:
        """Bring the router into step. A router that cannot be asked defers everything, and fails nothing.

        Raises:
            LeaseLost: Another one is syncing it.
            StalePlan: The order's saved plan is no longer what would be planned.
            BillingError: Billing cannot be read or written: nothing more is sent then.
        """
        async with self._leased():
            try:
                box = await self._box(order)
                live = await read_live(self._client, menus_for(order))
                if not box.is_other:  # another box says nothing of what was done to ours
                    await settle_open_rows(self._keeper, live, self._office.installation, self._office.digests)
                prepared = await self._prepared(order, box, live)
            except RouterError as error:
                why = self._client.last_error or error if isinstance(error, CircuitOpen) else error
                return Report(self._router, 0, (), reason=str(why), error=type(why).__name__)
            if order.saved is not None and not prepared.plan.is_as(order.saved):
                raise StalePlan(self._router)
            on_plan(prepared.plan)
            return await self._carried_out(prepared, order, on_row)

    @asynccontextmanager
    async def _leased(self) -> AsyncIterator[None]:
        await self._keeper.take_lease()
        try:
            async with background() as tasks:
                tasks.start_soon(self._keeper.keep_lease)
                yield
        finally:
            await self._keeper.release_lease()

    async def _box(self, order: Order) -> _Box:
        life, serial, known = self._client.epoch, await read_serial(self._client), await self._keeper.known_box()
        if life is None:  # nobody had asked it anything yet
            life = self._client.epoch
        is_other = bool(known and serial) and known != serial and not order.lifts.rebuild
        return _Box(serial, is_other, life)

    async def _prepared(self, order: Order, box: _Box, live: Live) -> Prepared:
        office, clocks = self._office, await self._clocks()
        books = order.books if order.books is not None else await office.store.run(read_books, self._router)
        owned = await self._keeper.owned()
        whole = await self._made(order, books, live, owned)
        plan = order.narrow(whole)
        if any(each.menu == SUBSCRIBER_MENUS[Kind.PPP] for each in plan.changes) and await asks_radius(self._client):
            plan = replace(plan, refused=(*plan.refused, _SHADOW))
        if self._unread:
            theirs = await office.store.run(origins.subscribers_of, self._unread)
            plan = hold_unread(plan, theirs, self._unread)
        history = replace(await self._keeper.history(len(owned)), is_other_box=box.is_other)
        guarded = guard(plan, history, clocks, office.options.limits, order.lifts)
        accepted = box.serial if box.serial and not box.is_other else None
        no_kicks = OTHER_BOX if box.is_other else wrong_clock(clocks, office.options.limits.clock_tolerance)
        return Prepared(replace(guarded, epoch=box.life), books, live, owned, accepted, no_kicks, whole)

    async def _made(self, order: Order, books: Books, live: Live, owned: tuple[RegistryRow, ...]) -> Plan:
        office, now = self._office, clock.utc_now()
        if order.rollback is not None:
            rows = await self._keeper.rows_to_undo(order.rollback)
            undo = Rollback(
                self._router, rows, live, owned, office.installation, books.passwords, office.digests
            )  # fmt: skip
            return undo.plan(now=now)
        wanted = desired(
            self._router, books.profiles, books.subscribers, now=now,
            fallback_profile=office.options.fallback_profile, is_complete=books.is_complete,
        )  # fmt: skip
        wishes = Wishes(
            office.installation, order.prune, order.heal, order.adopt, office.options.absent, order.allow_empty
        )  # fmt: skip
        make = partial(make_plan, wanted, live, owned, wishes, office.digests, now=now)
        return await anyio.to_thread.run_sync(make)

    async def _carried_out(self, prepared: Prepared, order: Order, on_row: OnRow) -> Report:
        begun_at, office, plan = clock.now(), self._office, prepared.plan
        if plan.changes and office.folder is not None:
            now = clock.utc_now()
            keep = partial(prints.keep, office.folder, self._router, prepared.live, office.digests, now=now)
            await anyio.to_thread.run_sync(keep)
        await self._keeper.begin(plan, self._reached(prepared, order), cause=order.cause, serial=prepared.serial)
        writer = Writer(
            plan, self._client, prepared.books.passwords, office.digests, diary=self._keeper, on_row=on_row,
            max_failures=office.options.max_failures, breathe=self._breathe,
        )  # fmt: skip
        kicked, reason = 0, ""
        for since, until in ((-1, Stage.DISABLES), (Stage.DISABLES, None)):
            await writer.write(since=since, until=until)
            try:
                kicked += await self._end_sessions(prepared.no_kicks)
            except RouterError as error:  # whoever was cut off stays in line to be kicked
                reason = f"sessions could not be ended: {error}"
        report = Report(
            self._router, len(plan.changes), tuple(writer.rows), len(plan.refused), clock.now() - begun_at, reason,
            self._keeper.run, plan.refused, kicked,
        )  # fmt: skip
        await self._close(report, forgets=not prepared.no_kicks)
        return report

    @staticmethod
    def _reached(prepared: Prepared, order: Order) -> Reached:
        """Return the edits that a run may bring to the router: none that it undoes, and none to another box."""
        is_billings = order.rollback is None and prepared.no_kicks != OTHER_BOX
        unread = [row for row in prepared.owned if row.menu not in prepared.live.rows]
        edits = prepared.books.edits if is_billings else ()
        return Reached(edits, prepared.whole, prepared.plan.changes, unread=unread)

    async def _close(self, report: Report, *, forgets: bool) -> None:
        totals: dict[str, object] = {status.value: report.count(status) for status in RowStatus}
        summary = totals | {"planned": report.planned, "held": report.held, "kicked": report.kicked,
                            "reason": report.reason, "seconds": round(report.seconds, 3),
                            "findings": report.to_json()["findings"]}  # fmt: skip
        await self._keeper.finish(summary, forgets=forgets)

    async def _end_sessions(self, no_kicks: str) -> int:
        waiting = await self._keeper.waiting_kicks() if not no_kicks else ()
        if not waiting:
            return 0
        keeper, rate = self._keeper, self._office.options.kicks_per_second
        return await end_sessions(self._client, waiting, keeper.is_kick_wanted, keeper.kicked, per_second=rate)

    async def _breathe(self) -> None:
        """Wait while the router is busier than it should be, but not for ever."""
        for _ in range(_BREATHS):
            try:
                rows = await self._client.get("/system/resource", ("cpu-load",), max_age=_BREATH)
            except RouterError:
                return
            load = rows[0].get("cpu-load", "0") if rows else "0"
            if not load.isdecimal() or int(load) <= self._office.options.cpu_limit_percent:
                return
            await anyio.sleep(_BREATH)

    async def _clocks(self) -> Clocks:
        last = await self._keeper.last_run()
        since_last = clock.utc_now() - (last.finished_at or last.begun_at) if last is not None else None
        return Clocks(
            since_last.total_seconds() if since_last is not None else None,
            await self._keeper.clock_ahead(),
            await clock_ahead_of_router(self._client),
        )
