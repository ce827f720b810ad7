"""One router, as a person would ask it: get, add, set, remove, run, batch, stream, and how is it?

Values are text, always: RouterOS says "yes" for a flag and for a comment, and only the schema knows which.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio
from anyio.lowlevel import checkpoint

from mktui import clock
from mktui.background import background
from mktui.core.client.executor import Executor, Rows
from mktui.core.client.query import query_words
from mktui.core.client.statistics import ClientStatistics
from mktui.core.connection import transport
from mktui.core.pool import renewal
from mktui.core.pool.breaker import BreakerState
from mktui.core.pool.caller import caller
from mktui.core.pool.effects import Effect
from mktui.core.pool.job import Job, Outcome, Priority, Status, priority_of
from mktui.core.pool.options import PoolOptions
from mktui.core.pool.pool import open_pool
from mktui.core.pool.snapshot import statistics
from mktui.core.protocol.sentences import Command, Row
from mktui.errors import Overloaded, RouterError, WrongUse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

    from mktui.core.client.connection_test import TestReport, TestStep
    from mktui.core.client.librouteros_api import PooledApi
    from mktui.core.client.query import Where
    from mktui.core.connection.options import RouterOptions
    from mktui.core.connection.transport import Connect
    from mktui.core.pool.actions import PoolEvent
    from mktui.core.pool.health import Health
    from mktui.core.pool.pool import Pool

STREAM_ROWS: Final = 10_000
"""Rows that wait for a stream's reader; a slower reader loses the stream, not the connection."""

Value = str | int | bool
"""What may be given for an attribute; it is sent as text, a flag as yes or no."""


class Client:
    """One router through its pool. Use ``open_client``."""

    def __init__(self, pool: Pool, connect: Connect) -> None:
        self._pool = pool
        self._connect = connect
        self._executor = Executor(pool)

    @property
    def router(self) -> RouterOptions:
        """Its present address and login."""
        return self._pool.router

    @property
    def options(self) -> PoolOptions:
        """The pool's present settings."""
        return self._pool.dispatcher.options

    @property
    def epoch(self) -> int | None:
        """Which life of the router this is: one more after each boot; None before it has said who it is."""
        return self._pool.dispatcher.epoch.number

    @property
    def last_error(self) -> RouterError | None:
        """Why no connection could be opened; None while one can."""
        return self._pool.dispatcher.openings.last_error

    async def get(
        self,
        path: str,
        columns: Sequence[str] = (),
        where: Where = None,
        *,
        max_age: float | None = None,
        stale_ok: bool = False,
        priority: Priority = Priority.NORMAL,
        timeout: float | None = None,
    ) -> Rows:
        """Return a menu's rows: ``get("/ppp/secret", columns=("name",), where=Key("service") == "pppoe")``.

        Always name the columns you need: a print without them is slow on a real router. An attribute that is not set
        is missing from its row. A failed read is tried again within ``timeout``.

        Rows younger than ``max_age`` seconds may come from memory, unless something was written since: None means
        cache_ttl, 0 never. ``stale_ok``: while the circuit is open, the last rows with their ``age``, however old.

        Raises:
            CommandTrapped: The router said no.
            CircuitOpen, ConnectFailed, LoginRefused, CommandTimeout, Overloaded: It could not be asked, or not in time.
        """
        if isinstance(columns, str):
            raise WrongUse(f"columns are names in a sequence, such as ({columns!r},), not one text")
        attributes = {".proplist": ",".join(columns)} if columns else {}
        command = Command(f"{path}/print", attributes, query_words(path, where))
        age = self.options.cache_ttl if max_age is None else max_age
        return await self._executor.read(
            command, max_age=age, stale_ok=stale_ok, priority=priority_of(priority), timeout=timeout
        )

    async def add(
        self,
        path: str,
        values: Mapping[str, Value],
        *,
        priority: Priority = Priority.NORMAL,
        timeout: float | None = None,
    ) -> str:
        """Add a row and return its id ("" where the router names none). Sent at most once.

        Raises:
            OutcomeUnknown: It left and no answer came: the row may be there. Read before doing anything about it.
            CommandTrapped: The router said no.
        """
        return (await self._outcome(Command(f"{path}/add", as_text(values)), priority, timeout)).ret or ""

    async def set(
        self,
        path: str,
        row_id: str | None,
        values: Mapping[str, Value],
        *,
        priority: Priority = Priority.NORMAL,
        timeout: float | None = None,
    ) -> None:
        """Change a row; ``row_id`` is None for menus that are one row, such as /system/identity.

        Raises:
            OutcomeUnknown: It left and no answer came.
            CommandTrapped: The router said no.
        """
        which = {} if row_id is None else {".id": row_id}
        await self._outcome(Command(f"{path}/set", which | as_text(values)), priority, timeout)

    async def remove(
        self, path: str, row_id: str, *, priority: Priority = Priority.NORMAL, timeout: float | None = None
    ) -> None:
        """Remove a row.

        Raises:
            OutcomeUnknown: It left and no answer came.
            CommandTrapped: The router said no.
        """
        await self._outcome(Command(f"{path}/remove", {".id": row_id}), priority, timeout)

    async def run(
        self,
        path: str,
        attributes: Mapping[str, Value] | None = None,
        *,
        where: Where = None,
        priority: Priority = Priority.NORMAL,
        timeout: float | None = None,
        **keywords: Value,
    ) -> list[Row]:
        """Run any command: ``run("/ping", address="10.0.0.1", count=3)``. Keywords say ``-`` as ``_``.

        Returns its rows; what ``!done`` carries (an ``add``'s ``ret``) is a last row of its own.

        Raises:
            OutcomeUnknown: It is no read, it left, and no answer came.
            CommandTrapped: The router said no.
        """
        named = {name.replace("_", "-"): value for name, value in keywords.items()}
        command = Command(path, as_text({**(attributes or {}), **named}))
        command = Command(path, command.attributes, query_words(command.menu, where))
        outcome = await self._outcome(command, priority, timeout)
        return outcome.rows if outcome.ret is None else [*outcome.rows, {"ret": outcome.ret}]

    async def execute_batch(
        self,
        commands: Iterable[Command],
        *,
        ordered: bool = False,
        priority: Priority = Priority.NORMAL,
        timeout: float | None = None,
        epoch: int | None = None,
        on_outcome: Callable[[int, Outcome], None] = lambda _index, _outcome: None,
    ) -> list[Outcome]:
        """Run many commands and return one outcome each, in the order given; nothing is raised for a single one.

        They run side by side, unless ``ordered``: then each waits for the one before. ``timeout`` bounds each one.
        ``epoch``: the router's life that the row ids in them were read in; after a reboot they are not sent.
        ``on_outcome`` hears each one, by its place, as soon as it is known.
        """
        asked = list(commands)
        for command in asked:
            if not isinstance(command, Command):
                raise WrongUse(f"a batch is made of Command(path, attributes), not {command!r}")
        outcomes: dict[int, Outcome] = {}
        rest = iter(enumerate(asked))

        async def work() -> None:
            for index, command in rest:
                outcome = await self._executor.execute(command, priority=priority, timeout=timeout, epoch=epoch)
                outcomes[index] = outcome
                on_outcome(index, outcome)

        width = 1 if ordered else min(len(asked), 2 * self.options.max_size * self.options.max_in_flight)
        async with anyio.create_task_group() as tasks:
            for _ in range(width):
                tasks.start_soon(work)
        return [outcomes[index] for index in range(len(asked))]

    @asynccontextmanager
    async def stream(
        self,
        path: str,
        attributes: Mapping[str, Value] | None = None,
        *,
        where: Where = None,
        priority: Priority = Priority.NORMAL,
    ) -> AsyncIterator[MemoryObjectReceiveStream[Row]]:
        """Hold a command that keeps sending rows; leaving the block cancels it: ``async for row in changes``.

        The iteration ends when the router ends the command. Raises what ended it when that was an error: ConnectionLost
        when its connection went, Overloaded when the reader was too slow. A stream is never resumed by itself: what
        changed meanwhile is not known, so read the menu afresh.
        """
        command = Command(path, as_text(attributes or {}))
        command = Command(path, command.attributes, query_words(command.menu, where))
        send, receive = anyio.create_memory_object_stream[Row](STREAM_ROWS)
        overflow = anyio.Event()
        failure: list[Outcome] = []
        job = self._stream_job(command, priority, send, overflow)
        async with background() as tasks:
            tasks.start_soon(self._feed_stream, job, send, overflow, failure)
            with receive:
                yield receive
        if failure:
            failure[0].unwrap()

    def connection_stats(self) -> ClientStatistics:
        """Return all figures of this moment, frozen."""
        pool = statistics(self._pool.dispatcher, clock.now())
        cache = self._executor.cache
        return ClientStatistics(self.router.name, self.router.address, pool, cache.hits, cache.misses)

    def librouteros_api(self, *, priority: Priority = Priority.NORMAL, timeout: float | None = None) -> PooledApi:
        """Return a librouteros ``AsyncApi`` over this pool: ``await api.path("ppp", "secret").add(name="ana")``."""
        from mktui.core.client.librouteros_api import PooledApi  # noqa: PLC0415 - for the few who speak librouteros

        return PooledApi(self._executor, priority, timeout)

    async def health_status(self) -> Health:
        """Return how the router is, with reasons. Asks nothing of the router."""
        await checkpoint()
        return self.health()

    def health(self) -> Health:
        """Return what ``health_status`` does, for callers that cannot wait."""
        return self._pool.health_trend.now(self._pool.health_now())

    async def test_connection(self, *, on_step: Callable[[TestStep], None] | None = None) -> TestReport:
        """Test the router over a session of its own, past pool and breaker. Reports, never raises."""
        after = self.options.connection_timeout
        from mktui.core.client.connection_test import run_connection_test  # noqa: PLC0415 - not every start tests

        return await run_connection_test(self.router, self._connect, after=after, on_step=on_step)

    async def reset(self) -> None:
        """Replace every connection, one at a time, and return when that is done or cannot go on.

        Commands in flight go on to their end; capacity never falls to zero while the router answers (a max_size of 1
        leaves room for no successor).
        """
        await self.reconfigure(self.options)

    async def reconfigure(self, options: PoolOptions, router: RouterOptions | None = None) -> None:
        """Take new settings, live, through a rolling reset. Nothing in flight is lost.

        ``router``: another address or login; None for the present one. Then the old connections take nothing new and
        close with the last answer that is due, the circuit breaker begins anew, and what was read is forgotten. A write
        that names a row by an id read there, or whose outcome there is unknown, is not sent to the new address.

        Raises:
            WrongUse: ``router`` has another name: it is another router, with a client of its own.
        """
        if router is not None and router.name != self.router.name:
            raise WrongUse(f"{self.router.name}: a client keeps its router's name; {router.name!r} is another router")
        dispatcher = self._pool.dispatcher
        self._pool.reset(options, router or self.router)
        generation = dispatcher.roster.generation
        with anyio.move_on_after(options.connection_timeout + options.command_timeout):
            while dispatcher.breaker.allows and not dispatcher.closed and dispatcher.openings.refusal is None:
                if all(link.generation >= generation for link in dispatcher.roster):
                    break
                await self._pool.changed()

    async def why_none_is_new(self) -> RouterError | None:
        """Wait until a connection opened since the last reset is ready, or none can be; None: one is, else say why."""
        dispatcher = self._pool.dispatcher
        with anyio.move_on_after(self.options.connection_timeout + 1):
            while renewal.is_under_way(dispatcher):
                await self._pool.changed()
        return renewal.why_none(dispatcher, self.router.address, clock.now())

    async def isolate(self, reason: str = "by hand") -> None:
        """Ask this router nothing more until ``probe``; what is in flight goes on to its end."""
        self._pool.perform(self._pool.dispatcher.isolate(clock.now(), reason))

    async def probe(self) -> Health:
        """End a break or an isolation now: ask the router once, and let it back in when it answers."""
        dispatcher = self._pool.dispatcher
        self._pool.perform(dispatcher.probe(clock.now()))
        with anyio.move_on_after(self.options.connection_timeout + 1):
            while dispatcher.breaker.state is BreakerState.HALF_OPEN:
                await self._pool.changed()
        return self.health()

    async def _outcome(self, command: Command, priority: Priority, timeout: float | None) -> Outcome:
        return (await self._executor.execute(command, priority=priority, timeout=timeout)).unwrap()

    def _stream_job(
        self, command: Command, priority: Priority, send: MemoryObjectSendStream[Row], overflow: anyio.Event
    ) -> Job:
        def on_row(row: Row) -> None:
            try:
                send.send_nowait(row)
            except anyio.WouldBlock:
                overflow.set()
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                pass  # the reader has left; the /cancel is on its way

        now = clock.now()
        return Job(command, Effect.READ, priority, now + self.options.acquire_timeout, now, on_row, caller=caller())

    async def _feed_stream(
        self, job: Job, send: MemoryObjectSendStream[Row], overflow: anyio.Event, failure: list[Outcome]
    ) -> None:
        """Run the stream's job; closing ``send`` ends the reader's iteration."""
        with send:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_stop_on_overflow, overflow, tasks.cancel_scope)
                outcome = await self._pool.stream(job)
                if outcome.error is not None:
                    failure.append(outcome)
                tasks.cancel_scope.cancel()
            if overflow.is_set():
                error = Overloaded(self.router.name, waiting=STREAM_ROWS)
                failure.append(Outcome(Status.NOT_APPLIED, error=error))


async def _stop_on_overflow(overflow: anyio.Event, scope: anyio.CancelScope) -> None:
    await overflow.wait()
    scope.cancel()


def as_text(values: Mapping[str, Value]) -> dict[str, str]:
    """Say values as RouterOS takes them."""
    return {name: _text(name, value) for name, value in values.items()}


def _text(name: str, value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    kind = type(value).__name__  # never the value: it may be a password
    raise WrongUse(
        f"{name} must be text, a whole number or a flag, not {kind}: what RouterOS would make of it is a guess"
    )


@asynccontextmanager
async def open_client(
    router: RouterOptions,
    pool: PoolOptions | None = None,
    *,
    connect: Connect = transport.connect,
    on_event: Callable[[PoolEvent], None] = lambda _event: None,
) -> AsyncIterator[Client]:
    """Hold a router's client for the block. It returns at once: connections open in the background.

    ``connect`` opens the byte stream: TCP, unless a test or a demo serves a simulated router in memory.
    """
    async with open_pool(router, pool or PoolOptions(), connect, on_event) as opened:
        yield Client(opened, connect)
