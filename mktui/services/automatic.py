"""Syncs that nobody asks for: when a router is back, by the clock, and when billing has changed and is quiet again.

When is decided by ``Occasion``, which is pure; a router that is paused, or cannot be reached, is left alone.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.pool.health import HealthStatus
from mktui.errors import BillingError
from mktui.sync.order import Order
from mktui.sync.report import RowStatus

if TYPE_CHECKING:
    from mktui.services.office import LazyOffice
    from mktui.services.router import RouterService
    from mktui.sync.options import SyncOptions
    from mktui.sync.report import Report

TOO_MANY_FAILURES: Final = "too many failures"
LOOK: Final = 1.0
"""Seconds between two looks."""
_LONGEST_DEBOUNCE: Final = 12
"""Billing that never is quiet is synced after so many times the debounce."""

AGAIN: Final = 30.0
"""Seconds until what could not be done is tried again: another one held the router, an answer was lost."""

Mark = tuple[int, int]


@dataclass(slots=True)
class Occasion:
    """What has happened to one router since its last automatic sync. Times are the loop's seconds."""

    interval: float
    debounce: float
    synced_at: float | None = None
    was_online: bool = False
    is_back: bool = False
    mark: Mark | None = None
    synced_mark: Mark | None = None
    changed_at: float = 0.0
    first_change_at: float = 0.0
    again_at: float | None = None

    def look(self, now: float, *, is_online: bool, mark: Mark | None) -> str | None:
        """Take in how things are; return why a sync is due now, or None."""
        if is_online and not self.was_online:
            self.is_back = True
        self.was_online = is_online
        if mark is not None and mark != self.mark:
            if self.mark == self.synced_mark:
                self.first_change_at = now
            self.mark, self.changed_at = mark, now
        return self._cause(now) if is_online else None

    def done(self, now: float) -> None:
        """A sync begins now: everything up to here is in it."""
        self.synced_at, self.synced_mark, self.is_back, self.again_at = now, self.mark, False, None

    def ended(self, now: float, report: Report) -> None:
        """See how that sync ended: what could not be done then is due again, and not forgotten until the next edit."""
        left = [row for row in report.rows if row.status in {RowStatus.DEFERRED, RowStatus.UNKNOWN}]
        is_stopped = any(row.error == TOO_MANY_FAILURES for row in left)  # rows that are refused will be refused again
        if report.error or report.reason or (left and not is_stopped):
            self.again_at = now + AGAIN

    def _cause(self, now: float) -> str | None:
        if self.is_back:
            return "reconnect"
        is_quiet = now - self.changed_at >= self.debounce
        is_late = now - self.first_change_at >= _LONGEST_DEBOUNCE * self.debounce
        if self.mark != self.synced_mark and (is_quiet or is_late):
            return "billing changed"
        if self.interval and (self.synced_at is None or now - self.synced_at >= self.interval):
            return "schedule"
        if self.again_at is not None and now >= self.again_at:
            return "again"
        return None


class BillingWatch:
    """Looks whether billing has changed, once for all routers."""

    def __init__(self, office: LazyOffice) -> None:
        self.mark: Mark | None = None
        self.looked = anyio.Event()
        """It has looked once, whether there was anything to see or not."""
        self._office = office

    async def run(self) -> None:
        """Look until cancelled; a database that is gone is looked for again."""
        from mktui.billing.ledger import edits_mark  # noqa: PLC0415 - loads the database

        while True:
            with suppress(BillingError):  # a sync says so when it is its turn
                self.mark = await (await self._office.get()).store.run(edits_mark)
            self.looked.set()
            await anyio.sleep(LOOK)


async def sync_automatically(
    service: RouterService, office: LazyOffice, watch: BillingWatch, options: SyncOptions
) -> None:
    """Sync one router whenever there is an occasion, until cancelled."""
    occasion = Occasion(options.interval, options.debounce)
    await watch.looked.wait()  # or the first sync would be followed by another, for what billing was from the beginning
    while True:
        is_online = service.client.health().status is not HealthStatus.OFFLINE
        cause = occasion.look(clock.now(), is_online=is_online, mark=watch.mark)
        if cause is not None and not await is_paused(service.name, office):
            occasion.done(clock.now())
            report = await service.syncs.run(Order(cause=cause, prune=options.prune))
            occasion.ended(clock.now(), report)
        await anyio.sleep(LOOK)


async def is_paused(router: str, office: LazyOffice) -> bool:
    """Say whether automatic syncs of a router are held; while billing cannot say, they are."""
    from mktui.billing.registry import paused_because  # noqa: PLC0415 - loads the database

    try:
        return await (await office.get()).store.run(paused_because, router) is not None
    except BillingError:
        return True
