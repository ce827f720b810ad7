"""Billing read whole in the background, once for however many look at it. The database is loaded by a thread."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import anyio

from mktui import clock
from mktui.errors import BillingError
from mktui.services.books import Books, find_troubles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anyio.abc import TaskGroup

    from mktui.billing.single_rows import RowsOfRouter
    from mktui.billing.store import Store
    from mktui.services.office import LazyOffice
    from mktui.services.planning import Planning

EVERY: Final = 2.0
"""Seconds between two looks whether billing has changed."""


class Edited(Protocol):
    """What billing belongs to: a fleet."""

    @property
    def office(self) -> LazyOffice:
        """Where its database is opened."""

    @property
    def names(self) -> tuple[str, ...]:
        """The routers."""

    def plan_of(self, name: str) -> Planning | None:
        """Return the plan that is looked at."""


class BookReader:
    """``books`` is the last picture of billing, ``problem`` why there is no newer one."""

    def __init__(self, fleet: Edited, tasks: TaskGroup) -> None:
        self.books: Books | None = None
        self.problem = ""
        self._fleet = fleet
        self._tasks = tasks
        self._seen: object = None
        self._due_at = 0.0
        self._is_reading = False

    def watch(self) -> None:
        """Read billing soon when it has changed; may be called as often as one likes. Never blocks."""
        if not self._is_reading and clock.now() >= self._due_at:
            self._is_reading = True
            self._tasks.start_soon(self._read, name="billing")

    async def refresh(self) -> None:
        """Read billing now, whether or not it has changed."""
        self._seen = None
        await self._read()

    async def _read(self) -> None:
        try:
            store = (await self._fleet.office.get()).store
            from mktui.billing.single_rows import mark  # noqa: PLC0415 - the database is loaded now

            plans = {name: plan for name in self._fleet.names if (plan := self._fleet.plan_of(name)) is not None}
            seen = (
                await store.run(mark, now=clock.utc_now()),
                self._fleet.names,
                {name: id(plan.plan) for name, plan in plans.items()},
            )
            if seen != self._seen or self.books is None:
                self.books = await self._books(store, plans)
                self._seen = seen
            else:
                self.books = replace(self.books, read_at=clock.utc_now())
            self.problem = ""
        except BillingError as error:
            self.problem = " ".join(str(error).split())
        finally:
            self._due_at, self._is_reading = clock.now() + EVERY, False

    async def _books(self, store: Store, plans: Mapping[str, Planning]) -> Books:
        from mktui.billing.single_rows import read_all  # noqa: PLC0415 - the database is loaded now

        now, names = clock.utc_now(), self._fleet.names
        found = await store.run(read_all, names)
        rows = {name: _with_plan(each, plans.get(name)) for name, each in found.rows.items()}
        judge = partial(find_troubles, found.profiles, found.subscribers, found.gone, rows, now)
        return Books(
            now, found.profiles, found.subscribers, names, found.sources, found.gone, self._fleet.office.source_names,
            await anyio.to_thread.run_sync(judge), {name: each.synced_at for name, each in rows.items()},
        )  # fmt: skip


def _with_plan(rows: RowsOfRouter, planning: Planning | None) -> RowsOfRouter:
    """A plan that somebody looks at knows more of a router than its last run."""
    if planning is None or planning.plan is None:
        return rows
    return replace(rows, findings={(each.menu, each.name): (each.kind, each.reason) for each in planning.plan.refused})
