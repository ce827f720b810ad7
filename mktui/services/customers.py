"""The customer that somebody looks at: found in the background, changed in billing, his sessions ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.client.query import Key
from mktui.core.pool.caller import asked_by
from mktui.errors import CommandTrapped
from mktui.services import deeds
from mktui.services.customer import NO_SUCH_MENU, find_customer

if TYPE_CHECKING:
    from datetime import datetime

    from anyio.abc import TaskGroup

    from mktui.billing.model import Subscriber
    from mktui.billing.records import WaitingKick
    from mktui.core.client.client import Client
    from mktui.services.chronicle import Chronicle
    from mktui.services.customer import Asked, Customer

_PPP: Final = "/ppp/secret"
_HOTSPOT: Final = "/ip/hotspot/user"
_KICKS_PER_SECOND: Final = 5.0


@dataclass(frozen=True, slots=True)
class Search:
    """One search for a name. ``customer`` is what has been heard so far; ``finished_at``: everybody was asked."""

    name: str
    begun_at: datetime
    asked: int
    customer: Customer | None = None
    finished_at: datetime | None = None


class CustomerDesk:
    """Looks for one customer at a time; the latest name wins."""

    def __init__(self, fleet: Asked, tasks: TaskGroup, chronicle: Chronicle) -> None:
        self.search: Search | None = None
        self._fleet = fleet
        self._tasks = tasks
        self._chronicle = chronicle
        self._looking: anyio.CancelScope | None = None

    def look_for(self, name: str) -> None:
        """Begin to look for a name; ``search`` says how far it is. What is known of the same name stays till then."""
        known = self.search.customer if self.search is not None and self.search.name == name else None
        self.search = Search(name, clock.utc_now(), len(self._fleet.names), known)
        if self._looking is not None:
            self._looking.cancel()
        self._looking = anyio.CancelScope()
        self._tasks.start_soon(self._look, self.search, self._looking, known is None, name=f"customer {name}")

    async def _look(self, search: Search, scope: anyio.CancelScope, is_new: bool) -> None:
        def heard(customer: Customer) -> None:
            if is_new and not scope.cancel_called:
                self.search = replace(search, customer=customer)

        with scope:
            customer = await find_customer(self._fleet, search.name, heard)
            self.search = replace(search, customer=customer, finished_at=clock.utc_now())

    async def set_active(self, subscriber: Subscriber, *, is_active: bool) -> Subscriber:
        """Let a customer connect, or suspend him. The next syncs bring it to the routers.

        Raises:
            BillingError: Billing's database cannot be written, or he is gone from it.
        """
        from mktui.billing import ledger  # noqa: PLC0415 - loads the database
        from mktui.billing.model import SubscriberStatus  # noqa: PLC0415 - with it

        status = SubscriberStatus.ACTIVE if is_active else SubscriberStatus.SUSPENDED
        with self._chronicle.audited(deeds.of_status(status, subscriber.username), ""):
            store = (await self._fleet.office.get()).store
            return await store.run(ledger.set_status_of, subscriber.external_id, status, now=clock.utc_now())

    async def extend(self, subscriber: Subscriber, days: int) -> Subscriber:
        """Let a customer be paid for longer.

        Raises:
            BillingError: He has no end, or billing's database cannot be written.
        """
        from mktui.billing import ledger  # noqa: PLC0415 - loads the database

        more = timedelta(days=days)
        with self._chronicle.audited(f"extend {subscriber.username} by {days} day{'' if days == 1 else 's'}", ""):
            store = (await self._fleet.office.get()).store
            return await store.run(ledger.extend, subscriber.external_id, more, now=clock.utc_now())

    async def kick(self, name: str, router: str) -> int:
        """End a customer's sessions on a router, cookies first, and return how many were; RADIUS sessions are not ours.

        Raises:
            RouterError: The router cannot be asked.
        """
        from mktui.sync.kicks import end_sessions  # noqa: PLC0415 - loads what a sync needs

        service = self._fleet.service(router)
        with self._chronicle.audited(f"kick {name}", router), asked_by("the end of a customer's sessions"):
            kicks = await _kicks(service.client, name)
            ended = await end_sessions(service.client, kicks, _wanted, _forget, per_second=_KICKS_PER_SECOND)
        service.note("kicked by hand", f"{name}: {ended} session{'' if ended == 1 else 's'} ended")
        return ended


async def _wanted(_kick: WaitingKick) -> bool:
    return True


async def _forget(_kick: WaitingKick) -> None:
    """Nothing was kept of it."""


async def _kicks(client: Client, name: str) -> list[WaitingKick]:
    """Return a kick for each of his identities on a router: a hotspot user is one on each server, or one on all."""
    from mktui.billing.records import WaitingKick  # noqa: PLC0415 - beside what a sync needs
    from mktui.sync.mapping import server_of  # noqa: PLC0415 - with it

    servers = {""}
    try:
        rows = await client.get(_HOTSPOT, (".id", "name", "server"), where=Key("name") == name, max_age=0)
        servers = {server_of(_HOTSPOT, row) for row in rows} or servers
    except CommandTrapped as error:
        if NO_SUCH_MENU not in error.text:
            raise
    servers = {""} if "" in servers else servers
    users = [WaitingKick(_HOTSPOT, name, server, "", "by hand") for server in sorted(servers)]
    return [WaitingKick(_PPP, name, "", "", "by hand"), *users]
