"""Billing opened when it is first asked for: who only watches routers loads no database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import platformdirs

from mktui.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mktui.billing.options import BillingOptions
    from mktui.services.sources import Sources
    from mktui.sync.options import SyncOptions
    from mktui.sync.run import Office

    OpenOffice = Callable[[], Awaitable[Office]]


class LazyOffice:
    """One office, opened once however many ask; ``close`` it at the end."""

    def __init__(self, open_office: OpenOffice, sources: Sources | None = None) -> None:
        self._open = open_office
        self._sources = sources
        self._office: Office | None = None
        self.unread: frozenset[str] = frozenset()
        """Sources that could not be read when that was last tried: billing is what they last said."""
        self._options: SyncOptions | None = None
        self._opening = anyio.Lock()

    @property
    def source_names(self) -> frozenset[str]:
        """The sources that are read into billing by themselves."""
        return self._sources.names if self._sources is not None else frozenset()

    async def get(self) -> Office:
        """Return the office.

        Raises:
            BillingError: Its database cannot be opened; the next call tries again.
        """
        async with self._opening:
            if self._office is None:
                self._office = await self._open()
            if self._options is not None:
                self._office, self._options = replace(self._office, options=self._options), None
            return self._office

    def take(self, options: SyncOptions) -> None:
        """Let whatever asks next sync by other settings; a run under way goes on by those it began with."""
        self._options = options

    async def get_fresh(self, say: Callable[[str, str], None]) -> Office:
        """Return the office after its sources were read; ``say`` hears a kind and a text when one has news.

        Raises:
            BillingError: Its database cannot be opened. A source that cannot be read is only said.
        """
        office = await self.get()
        pulled_now = await self._sources.pull(office.store) if self._sources is not None else []
        if pulled_now:
            self.unread = frozenset(pulled.source for pulled in pulled_now if pulled.problem)
        for pulled in pulled_now:
            if pulled.problem or pulled.rejected or pulled.added or pulled.changed or pulled.lost:
                say("source", pulled.in_words())
        return office

    async def close(self) -> None:
        """Let go of the database."""
        office, self._office = self._office, None
        if office is not None:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(office.store.close)


def state_folder() -> Path:
    """Return where mktui keeps what it must remember."""
    return Path(platformdirs.user_state_dir("mktui"))


async def open_office(billing: BillingOptions, sync: SyncOptions) -> Office:
    """Open billing as a configuration says.

    Raises:
        BillingError: The database, or the key of the digests, cannot be opened.
    """
    return await anyio.to_thread.run_sync(_opened, billing, sync)


def _opened(billing: BillingOptions, sync: SyncOptions) -> Office:
    from mktui.billing.store import Store  # noqa: PLC0415 - loads the database
    from mktui.sync.digests import open_key  # noqa: PLC0415 - with it
    from mktui.sync.run import Office  # noqa: PLC0415 - with it

    folder = state_folder()
    store = Store.open(billing.url)
    try:
        digests = open_key(folder / "digests.key")
        return Office(store, digests, sync, store.installation(), folder / "prints")
    except OSError as error:
        store.close()
        problem = f"the key of the password digests cannot be kept: {error.strerror}"
        raise DatabaseUnavailable(problem, database=str(folder / "digests.key")) from None
