"""How routers stand with billing, read from its database for the screen that shows it: in the background, seldom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui import clock
from mktui.errors import BillingError

if TYPE_CHECKING:
    from collections.abc import Collection

    from anyio.abc import TaskGroup

    from mktui.services.office import LazyOffice
    from mktui.services.router import RouterService

EVERY: Final = 5.0
"""Seconds between two readings."""


class Standings:
    """Reads how all routers stand, one reading at a time. ``problem``: why the last one failed; "": it did not."""

    def __init__(self, office: LazyOffice, services: Collection[RouterService], tasks: TaskGroup) -> None:
        self.problem = ""
        self._office = office
        self._services = services
        self._tasks = tasks
        self._due_at = 0.0
        self._is_reading = False

    def want(self) -> None:
        """Begin a reading when one is due. Never blocks."""
        if not self._is_reading and clock.now() >= self._due_at:
            self._is_reading = True
            self._tasks.start_soon(self._read, name="standings")

    async def read(self) -> None:
        """Read now.

        Raises:
            BillingError: The database cannot be read.
        """
        from mktui.billing.standing import standings  # noqa: PLC0415 - loads the database

        services = tuple(self._services)  # they come and go
        names = [service.name for service in services]
        office = await self._office.get()
        found = await office.store.run(standings, names, now=clock.utc_now())
        for service, each in zip(services, found, strict=True):
            service.syncs.learn(each)

    async def _read(self) -> None:
        try:
            await self.read()
        except BillingError as error:
            self.problem = " ".join(str(error).split())
        else:
            self.problem = ""
        finally:
            self._due_at, self._is_reading = clock.now() + EVERY, False
