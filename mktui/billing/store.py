"""Billing's database as the rest of mktui holds it: transactions that are whole or nothing, in worker threads.

What may be done inside one is in ``ledger``, ``registry``, ``journal`` and ``leases``: functions over its connection.
"""

from __future__ import annotations

import datetime as dt
import secrets
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import anyio
import sqlalchemy as sa

from mktui.billing import tables
from mktui.billing.database import open_database, shown, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

P = ParamSpec("P")
T = TypeVar("T")


class Store:
    """One open database. Use ``Store.open``; close it at the end."""

    def __init__(self, engine: sa.Engine, place: str) -> None:
        self.place = place
        """Where it is, without a password."""
        self._engine = engine
        # one writer at a time suits SQLite, and is no loss elsewhere: a sync writes a row of the journal per row
        self._threads = anyio.CapacityLimiter(1)

    @classmethod
    def open(cls, url: str) -> Store:
        """Open a database, bringing its schema up to date.

        Raises:
            DatabaseUnavailable: It cannot be opened.
            DatabaseSchema: It was made by a newer mktui.
        """
        return cls(open_database(url), shown(url))

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """Hold a transaction: written when the block ends well, undone when it does not.

        Raises:
            DatabaseUnavailable: The database does not answer.
            NotAccepted: A row broke a rule.
        """
        with translated(self.place), self._engine.begin() as connection:
            yield connection

    def do(self, work: Callable[Concatenate[sa.Connection, P], T], *arguments: P.args, **more: P.kwargs) -> T:
        """Do one thing in a transaction of its own."""
        with self.begin() as connection:
            return work(connection, *arguments, **more)

    async def run(self, work: Callable[Concatenate[sa.Connection, P], T], *arguments: P.args, **more: P.kwargs) -> T:
        """Do one thing in a transaction of its own, in a thread: the loop goes on. A cancelled caller waits for it."""
        call = partial(self.do, work, *arguments, **more)
        return await anyio.to_thread.run_sync(call, limiter=self._threads)

    def installation(self) -> str:
        """Return this installation's name, made once: rows of others are told from ours by it."""
        return self.do(_installation)

    def clock_ahead(self, now: dt.datetime) -> float:
        """Return by how many seconds our clock is ahead of the database's; 0.0 where it has none of its own."""
        if self._engine.dialect.name == "sqlite":
            return 0.0
        return (now - self.do(_database_time)).total_seconds()


def _installation(connection: sa.Connection) -> str:
    table = tables.meta
    found = connection.execute(sa.select(table.c.value).where(table.c.name == "installation")).scalar()
    if found is None:
        found = secrets.token_hex(4)
        connection.execute(table.insert().values(name="installation", value=found))
    return str(found)


def _database_time(connection: sa.Connection) -> dt.datetime:
    text = "SELECT clock_timestamp() AT TIME ZONE 'UTC'" if connection.dialect.name == "postgresql" else (
        "SELECT UTC_TIMESTAMP(6)"
    )  # fmt: skip
    moment: dt.datetime = connection.execute(sa.text(text)).scalar_one()
    return moment.replace(tzinfo=dt.UTC)
