"""Where a customer is looked for through another mktui: asked there, told here as far as it has been heard."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.errors import MktuiError
from mktui.services.control.forms import heard
from mktui.services.customer import Customer
from mktui.services.customers import Search

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from mktui.billing.model import Subscriber
    from mktui.services.control.asks import Asks

LOOK: Final = 0.3
"""Seconds between two questions how far a search is."""


class AttachedCustomers:
    """Looks for one customer at a time; the latest name wins."""

    def __init__(self, fleet: Asks, tasks: TaskGroup) -> None:
        self.search: Search | None = None
        self._fleet = fleet
        self._tasks = tasks
        self._looking: anyio.CancelScope | None = None

    def look_for(self, name: str) -> None:
        """Begin to look for a name; ``search`` says how far it is. What is known of the same name stays till then."""
        known = self.search.customer if self.search is not None and self.search.name == name else None
        self.search = Search(name, clock.utc_now(), 0, known)
        if self._looking is not None:
            self._looking.cancel()
        self._looking = anyio.CancelScope()
        self._tasks.start_soon(self._look, self.search, self._looking, name=f"customer {name}")

    async def _look(self, begun: Search, scope: anyio.CancelScope) -> None:
        with scope:
            try:
                await self._fleet.ask("find", name=begun.name)
                while self.search is not None and self.search.finished_at is None:
                    await anyio.sleep(LOOK)
                    found = heard(await self._fleet.ask("found"))
                    if isinstance(found, Search) and found.name == begun.name:
                        self.search = replace(found, customer=found.customer or begun.customer)
            except MktuiError as error:
                nobody = Customer(begun.name, (), (), (), (), (), {}, " ".join(str(error).split()))
                self.search = replace(begun, customer=nobody, finished_at=clock.utc_now())

    async def set_active(self, subscriber: Subscriber, *, is_active: bool) -> Subscriber:
        """Let him connect, or suspend him."""
        done = await self._fleet.ask("set active", external_id=subscriber.external_id, is_active=is_active)
        changed: Subscriber = heard(done)
        return changed

    async def extend(self, subscriber: Subscriber, days: int) -> Subscriber:
        """Let him be paid for longer."""
        changed: Subscriber = heard(await self._fleet.ask("extend", external_id=subscriber.external_id, days=days))
        return changed

    async def kick(self, name: str, router: str) -> int:
        """End his sessions on a router; return how many."""
        return int(await self._fleet.ask("kick", name=name, router=router))
