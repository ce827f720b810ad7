"""The pool with a memory: reads that may be answered from the cache or from a read under way, writes that empty it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from anyio.lowlevel import checkpoint

from mktui import clock
from mktui.core.client.cache import Flight, Kept, ReadCache, key_of
from mktui.core.pool.job import Outcome, Priority, seconds_of
from mktui.core.protocol.sentences import Row
from mktui.errors import CircuitOpen, CommandTimeout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mktui.core.pool.pool import Pool
    from mktui.core.protocol.sentences import Command


class Rows(list[Row]):
    """Rows, and how old they are: ``age`` in seconds, 0 when the router was just asked.

    ``is_stale``: they were older than asked for, and are all there is while the router cannot be asked.
    """

    def __init__(self, rows: Iterable[Row] = (), *, age: float = 0.0, is_stale: bool = False) -> None:
        super().__init__(rows)
        self.age, self.is_stale = age, is_stale


class _SharedRead:
    """One read under way and those who wait for it."""

    def __init__(self, flight: Flight, priority: Priority) -> None:
        self.flight = flight
        self.priority = priority
        self.outcome: Outcome | None = None
        self.done = anyio.Event()
        self.waiting = 0
        self.scope = anyio.CancelScope()


class Executor:
    """One router's pool and cache."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.cache = ReadCache(unknown_blocks=pool.dispatcher.options.command_timeout)
        self._shared: dict[Flight, _SharedRead] = {}
        self._life: int | None = None

    async def execute(
        self,
        command: Command,
        *,
        priority: Priority = Priority.NORMAL,
        timeout: float | None = None,
        epoch: int | None = None,
    ) -> Outcome:
        """Run one command, past the cache; what it may change is forgotten before it goes and when it has ended."""
        mark = self.cache.write_submitted(command)
        if mark is None:
            return await self._pool.execute(command, priority=priority, timeout=timeout)
        known = False
        try:
            outcome = await self._pool.execute(command, priority=priority, timeout=timeout, epoch=epoch)
            known = not outcome.unknown
        finally:
            self.cache.write_settled(mark, clock.now(), known=known)
        return outcome

    async def read(
        self,
        command: Command,
        *,
        max_age: float,
        stale_ok: bool,
        priority: Priority,
        timeout: float | None,
    ) -> Rows:
        """Return a print's rows: young enough ones from memory, a read under way, or the router's own.

        Raises:
            RouterError: The router could not be asked, or said no.
        """
        key = key_of(command)
        if key is None or (max_age <= 0 and not stale_ok):
            outcome = await self._pool.execute(command, priority=priority, timeout=timeout)
            return Rows(outcome.unwrap().rows)
        self._note_life()
        self._pool.check_open()
        kept = self.cache.lookup(key, max_age, clock.now())
        if kept is not None:
            await checkpoint()
            return _own_rows(kept)
        try:
            return await self._shared_read(command, max_age, priority, timeout)
        except CircuitOpen:
            last = self.cache.last(key) if stale_ok else None
            if last is None:
                raise
            return _own_rows(last, is_stale=True)

    async def _shared_read(self, command: Command, max_age: float, priority: Priority, timeout: float | None) -> Rows:
        """Join a read under way that is as urgent, or begin one that others may join."""
        began_at = clock.now()
        longest = self._pool.dispatcher.options.longest
        deadline = began_at + (longest if timeout is None else seconds_of(timeout))
        key = key_of(command)
        assert key is not None
        flight = self.cache.flight(key) if max_age > 0 else None
        shared = self._shared.get(flight) if flight is not None else None
        if shared is not None and shared.priority <= priority:
            outcome = await self._wait(shared, deadline)
            if outcome is None:
                after = clock.now() - began_at
                raise CommandTimeout(
                    self._pool.router.name, path=command.path, after=after, phase="its answer", maybe_executed=False
                )
            if not isinstance(outcome.error, CommandTimeout):  # the other's patience was shorter than ours
                return _copies(outcome)
        shared = _SharedRead(self.cache.begin(key, clock.now()), priority)
        self._shared[shared.flight] = shared
        self._pool.tasks.start_soon(self._fly, shared, command, deadline, name=f"read {command.menu}")
        outcome = await self._wait(shared, None)
        assert outcome is not None
        return _copies(outcome)

    async def _fly(self, shared: _SharedRead, command: Command, deadline: float) -> None:
        rows: list[Row] | None = None
        try:
            with shared.scope:
                timeout = deadline - clock.now()
                shared.outcome = await self._pool.execute(command, priority=shared.priority, timeout=timeout)
                rows = shared.outcome.rows if shared.outcome.ok else None
        finally:
            del self._shared[shared.flight]
            self._note_life()
            self.cache.end(shared.flight, rows, clock.now())
            shared.done.set()

    async def _wait(self, shared: _SharedRead, deadline: float | None) -> Outcome | None:
        """Wait for a read; None when ``deadline`` came first. The last one who leaves ends it."""
        shared.waiting += 1
        try:
            with anyio.move_on_after(None if deadline is None else deadline - clock.now()):
                await shared.done.wait()
        finally:
            shared.waiting -= 1
            if not shared.waiting and not shared.done.is_set():
                shared.scope.cancel()
        return shared.outcome

    def _note_life(self) -> None:
        """Forget everything when the router has booted since, or is another."""
        life = self._pool.dispatcher.epoch.number
        if self._life is not None and life != self._life:
            self.cache.flush()
        self._life = life


def _own_rows(kept: Kept, *, is_stale: bool = False) -> Rows:
    return Rows((dict(row) for row in kept.rows), age=clock.now() - kept.read_at, is_stale=is_stale)


def _copies(outcome: Outcome) -> Rows:
    return Rows(dict(row) for row in outcome.unwrap_fresh().rows)
