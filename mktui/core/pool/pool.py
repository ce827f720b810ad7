"""Performs what the dispatcher decides; with ``execution``, the part of the pool that awaits.

One task group owns everything: a timekeeper and a task per connection. A caller waits for its job's event and nothing
else; what it does (give up, be cancelled) reaches the dispatcher, never a socket.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import anyio

from mktui import clock
from mktui.background import background
from mktui.core.connection.connection import Connection
from mktui.core.connection.introduction import booted_at, introduce
from mktui.core.connection.opening import connects_at_once, open_connection
from mktui.core.pool.actions import (
    Action,
    Cancel,
    Close,
    Notify,
    Open,
    Probe,
    SetTimer,
    Wake,
    Write,
)
from mktui.core.pool.caller import caller
from mktui.core.pool.dispatcher import Dispatcher
from mktui.core.pool.effects import effect_of
from mktui.core.pool.epoch import RouterIdentity
from mktui.core.pool.execution import Execution
from mktui.core.pool.health import SAMPLE, Health, HealthTrend, assess
from mktui.core.pool.job import Job, Outcome, Priority, Request, priority_of, seconds_of
from mktui.core.pool.snapshot import statistics
from mktui.core.protocol.sentences import Command
from mktui.core.protocol.session import Phase
from mktui.errors import ConnectFailed, ConnectTimeout, PoolClosed, ProtocolError, RouterError, WrongUse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from anyio.abc import TaskGroup

    from mktui.core.connection.options import RouterOptions
    from mktui.core.connection.transport import Connect
    from mktui.core.pool.actions import PoolEvent
    from mktui.core.pool.options import PoolOptions
    from mktui.core.protocol.session import Call

SIGN_OF_LIFE: Final = Command("/system/identity/print", {".proplist": "name"})
"""What a health probe asks: cheap, readable by every user, on every version."""

CLOSE_GRACE: Final = 2.0
"""Seconds that sockets have to close in order before they are cut."""


class Pool:
    """The connections to one router. Use ``open_pool``."""

    def __init__(
        self,
        router: RouterOptions,
        options: PoolOptions,
        connect: Connect,
        tasks: TaskGroup,
        on_event: Callable[[PoolEvent], None],
    ) -> None:
        self.router = router
        self.clock = clock.of_this_loop()
        self.dispatcher = Dispatcher(router.name, options, now=self.clock.now(), random=clock.RANDOM)
        self._connect = connect
        self.tasks = tasks
        self._on_event = on_event
        self._connections: dict[int, Connection] = {}
        self._openers: dict[int, anyio.CancelScope] = {}
        self._execution = Execution(self)
        self._timer_moved = anyio.Event()
        self._changed = anyio.Event()
        self.health_trend = HealthTrend()
        self._performers: dict[type[Action], Callable[[Any], None]] = {  # Any: each takes its own kind of action
            Write: self._write,
            Wake: _wake,
            SetTimer: lambda _: self._timer_moved.set(),
            Open: self._start_link,
            Close: self._close,
            Cancel: self._cancel,
            Probe: self._probe,
            Notify: lambda action: self.tell(action.event),
        }

    def tell(self, event: PoolEvent) -> None:
        """Tell whoever listens. What a listener raises ends the pool, but never in the middle of a decision."""
        try:
            self._on_event(event)
        except Exception as error:  # noqa: BLE001 - it is raised where the pool's owner sees it
            self.tasks.start_soon(_raise, error, name=f"{self.router.name} listener's error")

    async def changed(self) -> None:
        """Wait until a connection was opened, lost or closed."""
        await self._changed.wait()

    async def execute(
        self,
        command: Command,
        *,
        priority: Priority = Priority.NORMAL,
        timeout: float | None = None,
        epoch: int | None = None,
    ) -> Outcome:
        """Run one command to its end: applied, not applied, or unknown.

        ``timeout`` bounds everything, retries included; None means acquire_timeout + command_timeout. Reads are tried
        again after a passing fault. A write that left without an answer is unknown; one that can be done twice is
        settled by reading its row, and sent at most once more. Cancelling leaves at once: the command is cancelled at
        the router, and whether a write happened is then unknown. ``epoch`` is the router's life in which the row ids
        were read, None: the present one.

        Raises:
            WrongUse: Called from another event loop than the pool's, or after its end.
        """
        self._check_loop()
        total = self.dispatcher.options.longest if timeout is None else seconds_of(timeout)
        request = Request(command, effect_of(command), priority_of(priority), self.clock.now() + total, caller())
        request.epoch = epoch
        return await self._execution.run(request)

    def reset(self, options: PoolOptions, router: RouterOptions) -> None:
        """Take new settings, address and login, and replace every connection; commands in flight go on to their end."""
        elsewhere, self.router = router != self.router, router
        self.perform(self.dispatcher.reset(self.clock.now(), options, elsewhere=elsewhere))

    async def stream(self, job: Job) -> Outcome:
        """Run a job that delivers rows until its caller is cancelled or the router ends it."""
        self._check_loop()
        return await self.settled(job)

    def perform(self, actions: list[Action]) -> None:
        """Do what was decided."""
        for action in actions:
            self._performers[type(action)](action)

    async def run(self) -> None:
        """Keep the pool's time until it is cancelled."""
        self.perform(self.dispatcher.start(self.clock.now()))
        while True:
            self._timer_moved = anyio.Event()
            wait = self.dispatcher.timer - self.clock.now()
            if wait > 0:
                with anyio.move_on_after(wait):
                    await self._timer_moved.wait()
            if self.clock.now() >= self.dispatcher.timer:
                self.perform(self.dispatcher.tick(self.clock.now()))

    async def watch_health(self) -> None:
        """Sample the health once a second until cancelled."""
        while True:
            self.health_trend.sample(self.health_now())
            await anyio.sleep(SAMPLE)

    def health_now(self) -> Health:
        """Judge this moment's figures."""
        now = self.clock.now()
        window = self.dispatcher.recorder.window(now)
        options = self.dispatcher.options
        return assess(statistics(self.dispatcher, now), window, slow_response=options.slow_response)

    async def aclose(self) -> None:
        """Refuse what comes, end what waits, close every connection."""
        self.perform(self.dispatcher.close(self.clock.now()))
        with anyio.move_on_after(CLOSE_GRACE):
            while len(self.dispatcher.roster):
                await self.changed()

    def check_open(self) -> None:
        """Refuse what a memory must not answer.

        Raises:
            PoolClosed: It is closed.
            WrongUse: Called from another event loop than the pool's, or after its end.
        """
        self._check_loop()
        if self.dispatcher.closed:
            raise PoolClosed(self.router.name)

    def _check_loop(self) -> None:
        if not self.clock.is_running:
            raise WrongUse(f"{self.router.name}: this client belongs to another event loop; open one in each loop")

    async def settled(self, job: Job) -> Outcome:
        """Submit a job and wait for its outcome; one that is cancelled is abandoned."""
        woken = self.clock.event()
        job.wake = woken.set
        self.perform(self.dispatcher.submit(job, self.clock.now()))
        try:
            await woken.wait()
        except anyio.get_cancelled_exc_class():
            self.perform(self.dispatcher.abandon(job, self.clock.now()))
            raise
        return job.take_outcome()

    def _start_link(self, action: Open) -> None:
        name = f"{self.router.name} connection {action.link}"
        scope = self._openers[action.link] = anyio.CancelScope()  # it may be closed before its task has begun
        self.tasks.start_soon(self._serve_link, action.link, scope, self.router, name=name)

    async def _serve_link(self, link: int, scope: anyio.CancelScope, router: RouterOptions) -> None:
        """Open a connection, serve it to its end, report each step."""
        try:
            with scope:
                await self._open_and_serve(link, router)
        finally:
            self._openers.pop(link, None)
            self._connections.pop(link, None)
            if self.dispatcher.roster.get(link) is not None:
                self.perform(self.dispatcher.link_closed(link, self.clock.now()))
            self._note_change()

    async def _open_and_serve(self, link: int, router: RouterOptions) -> None:
        after = self.dispatcher.options.connection_timeout
        error: RouterError
        try:
            async with anyio.create_task_group() as tasks:
                with anyio.fail_after(after):
                    connection = await self._open(link, router, tasks)
                    told = await introduce(connection)
                self._take_over(link, router, connection, told)
        except* TimeoutError:
            error = ConnectTimeout(router.name, address=router.address, after=after)
        except* RouterError as group:
            first = group.exceptions[0]
            while isinstance(first, ExceptionGroup):
                first = first.exceptions[0]
            assert isinstance(first, RouterError)
            error = first
        else:
            return
        self.perform(self.dispatcher.connect_failed(link, error, self.clock.now()))

    def _take_over(self, link: int, router: RouterOptions, connection: Connection, told: dict[str, str]) -> None:
        """Hand a connection that is logged in to the dispatcher."""
        if connection.session.phase is not Phase.READY:  # gone again already
            raise ConnectFailed(router.name, address=router.address, reason="cut right after the login")
        del self._openers[link]  # from here on it is closed through the connection
        self._connections[link] = connection
        identity = RouterIdentity(
            told.get("name", ""), told.get("serial", ""), booted_at(told), told.get("version", ""),
            told.get("board-name", ""),
        )  # fmt: skip
        port = connection.local_port
        self.perform(self.dispatcher.connected(link, connection.traffic, port, self.clock.now(), identity))
        self._note_change()

    async def _open(self, link: int, router: RouterOptions, tasks: TaskGroup) -> Connection:
        async with connects_at_once():
            stream = await self._connect(router)
        options = self.dispatcher.options
        connection = Connection(
            stream,
            router=router.name,
            encoding=router.encoding,
            batch_size=options.batch_size if options.enable_batching else 1,
            on_down=lambda reason: self._went_down(link, reason),
        )
        try:
            await open_connection(router, connection, tasks)
        except BaseException:  # cancelled before its task ran: nobody else would close the socket
            await anyio.aclose_forcefully(stream)
            raise
        return connection

    def _note_change(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    def _went_down(self, link: int, reason: str) -> None:
        self.perform(self.dispatcher.went_down(link, reason, self.clock.now()))

    def _write(self, action: Write) -> None:
        job = action.job
        connection = self._connections.get(action.link)
        if connection is None or connection.session.phase is Phase.CLOSED:
            self.perform(self.dispatcher.not_sent(job, self.clock.now(), None))
            return
        try:
            job.call = connection.begin(
                job.command, lambda call: self._ended(job, call), job.on_row, window=action.window
            )
        except ProtocolError as error:
            self.perform(self.dispatcher.not_sent(job, self.clock.now(), error))

    def _ended(self, job: Job, call: Call) -> None:
        job.call = call
        self.perform(self.dispatcher.ended(job, self.clock.now()))

    def _cancel(self, action: Cancel) -> None:
        job = action.job
        connection = self._connections.get(action.link)
        if connection is None or job.call is None or connection.session.phase is Phase.CLOSED:
            return  # it is going: its calls end with it
        if connection.cancel(job.call, lambda _: None):
            self.perform(self.dispatcher.not_sent(job, self.clock.now(), None))

    def _probe(self, action: Probe) -> None:
        link = action.link
        connection = self._connections.get(link)
        if connection is not None and connection.session.phase is not Phase.CLOSED:
            connection.begin(SIGN_OF_LIFE, lambda call: self._probe_ended(link, call))

    def _probe_ended(self, link: int, call: Call) -> None:
        if call.lost is None:
            self.perform(self.dispatcher.probe_ended(link, self.clock.now()))

    def _close(self, action: Close) -> None:
        link = action.link
        if link in self._openers:
            self._openers[link].cancel()
        elif link in self._connections:
            self._connections[link].close()


async def _raise(error: Exception) -> None:
    raise error


def _wake(action: Wake) -> None:
    if action.job.wake is not None:
        action.job.wake()


@asynccontextmanager
async def open_pool(
    router: RouterOptions,
    options: PoolOptions,
    connect: Connect,
    on_event: Callable[[PoolEvent], None] = lambda _event: None,
) -> AsyncIterator[Pool]:
    """Hold a pool for the block: connections open in the background, and are closed at its end.

    What the block raises comes out as it is, not inside an exception group.
    """
    async with background() as tasks:
        pool = Pool(router, options, connect, tasks, on_event)
        tasks.start_soon(pool.run, name=f"{router.name} timekeeper")
        tasks.start_soon(pool.watch_health, name=f"{router.name} health")
        try:
            yield pool
        finally:
            with anyio.CancelScope(shield=True):
                await pool.aclose()
