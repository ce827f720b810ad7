"""Reads the databases that a configuration names into billing, before a sync asks billing what it wants."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.errors import BillingError

if TYPE_CHECKING:
    from mktui.billing.options import BillingOptions, SourceOptions
    from mktui.billing.store import Store

FRESH_FOR: Final = 30.0
"""Seconds for which what was read is new enough: ten routers synced at once read a source once."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """How reading one source went. ``problem``: why it could not be read; then billing stays as it was."""

    source: str
    added: int = 0
    changed: int = 0
    lost: int = 0
    rejected: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""

    def in_words(self) -> str:
        """Return one line."""
        if self.problem:
            return f"source {self.source} could not be read, billing stays as it was: {self.problem}"
        parts = [f"{self.added} added", f"{self.changed} changed"]
        parts += [f"{self.lost} no longer there"] if self.lost else []
        parts += [f"{len(self.rejected)} rejected, the first: {self.rejected[0]}"] if self.rejected else []
        parts += list(self.notes)
        return f"source {self.source}: {', '.join(parts)}"


class Sources:
    """The sources of one configuration, read one at a time."""

    def __init__(self, options: BillingOptions) -> None:
        self._options = options
        self._turn = anyio.Lock()
        self._read_at: float | None = None

    @property
    def names(self) -> frozenset[str]:
        """What they are called."""
        return frozenset(source.name for source in self._options.sources)

    async def pull(self, store: Store, *, is_forced: bool = False) -> list[Pulled]:
        """Read every source into billing, unless that was just done; what cannot be read changes nothing."""
        async with self._turn:
            is_fresh = self._read_at is not None and clock.now() - self._read_at < FRESH_FOR
            if is_fresh and not is_forced:
                return []
            pulled = [
                await anyio.to_thread.run_sync(partial(_pull, store, source, self._options.timezone))
                for source in self._options.sources
            ]
            self._read_at = clock.now()
            return pulled


def _pull(store: Store, source: SourceOptions, timezone: str) -> Pulled:
    from mktui.billing.accepted import read_accepted  # noqa: PLC0415 - loads the database
    from mktui.billing.sources.importing import preview_in, write  # noqa: PLC0415 - with it
    from mktui.billing.sources.sql import read_source  # noqa: PLC0415 - with it
    from mktui.billing.sources.zones import zone  # noqa: PLC0415 - with it

    try:
        accepted = store.do(read_accepted, source.name)
        rows = read_source(source, local=zone(timezone), accepted=accepted)
        with store.begin() as connection:
            outcome = write(
                connection, preview_in(connection, rows, source.name), now=clock.utc_now(), source=source.name
            )
    except BillingError as error:
        return Pulled(source.name, problem=str(error))
    rejected = tuple(str(error) for error in outcome.rejected)
    return Pulled(source.name, outcome.added, outcome.changed, outcome.lost, rejected, rows.notes)
