"""The connection test: one session of its own, step by step, each with its time and a plain sentence.

It goes past the pool and the breaker on purpose: it says how the router is, not how the pool thinks it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.connection.connection import Connection
from mktui.core.connection.opening import open_connection
from mktui.core.protocol.sentences import Command
from mktui.errors import ConnectionLost, ConnectTimeout, LoginRefused, RouterError, seconds_in_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import ByteStream, TaskGroup

    from mktui.core.connection.options import RouterOptions
    from mktui.core.connection.transport import Connect
    from mktui.core.protocol.session import Call

ROUND_TRIPS: Final = 5


@dataclass(frozen=True, slots=True)
class TestStep:
    """One step; ``took`` in seconds."""

    __test__ = False  # its name is not a claim for pytest

    name: str
    ok: bool
    took: float
    text: str


@dataclass(frozen=True, slots=True)
class TestReport:
    """All steps up to the first that failed. ``verdict`` is one plain sentence; ``error`` what stopped it."""

    __test__ = False

    router: str
    address: str
    ok: bool
    steps: tuple[TestStep, ...]
    verdict: str
    identity: str = ""
    version: str = ""
    round_trip: float | None = None
    error: RouterError | None = None


async def run_connection_test(
    router: RouterOptions, connect: Connect, *, after: float, on_step: Callable[[TestStep], None] | None = None
) -> TestReport:
    """Test one router within ``after`` seconds; ``on_step`` hears each step as it ends. Reports, never raises."""
    return await _ConnectionTest(router, connect, after=after, on_step=on_step).run()


class _ConnectionTest:
    """One run against one router."""

    def __init__(
        self, router: RouterOptions, connect: Connect, *, after: float, on_step: Callable[[TestStep], None] | None
    ) -> None:
        self._router = router
        self._connect = connect
        self._after = after
        self._on_step = on_step
        self._steps: list[TestStep] = []
        self._identity = self._version = ""
        self._round_trip: float | None = None
        self._begun_at = clock.now()

    async def run(self) -> TestReport:
        """Go through the steps; never raises what the router did, it reports it."""
        error: RouterError | None = None
        try:
            async with anyio.create_task_group() as tasks:
                with anyio.fail_after(self._after):
                    await self._go(tasks)
                tasks.cancel_scope.cancel()
        except* TimeoutError:
            error = ConnectTimeout(self._router.name, address=self._router.address, after=self._after)
        except* RouterError as group:
            first: BaseException = group
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
            assert isinstance(first, RouterError)
            error = first
        if error is not None:
            self._step(self._failing_step(error), ok=False, text=_plain(error))
        return self._report(error)

    async def _go(self, tasks: TaskGroup) -> None:
        router = self._router
        stream: ByteStream = await self._connect(router)
        self._step("connect", ok=True, text=f"{router.address} answers")
        connection = Connection(stream, router=router.name, encoding=router.encoding)
        await open_connection(router, connection, tasks)
        self._step("login", ok=True, text=f"logged in as {router.username}")
        identity = await self._ask(connection, "/system/identity/print", "name")
        self._identity = _first(identity, "name")
        self._step("identity", ok=True, text=self._identity or "it has no name")
        resource = await self._ask(connection, "/system/resource/print", "version,board-name,uptime")
        self._version = _first(resource, "version")
        board = _first(resource, "board-name")
        self._step("version", ok=True, text=f"RouterOS {self._version} on {board or 'an unknown board'}")
        begun_at = clock.now()
        for _ in range(ROUND_TRIPS):
            await self._ask(connection, "/system/identity/print", "name")
        self._round_trip = (clock.now() - begun_at) / ROUND_TRIPS
        self._step("round trip", ok=True, text=f"{self._round_trip * 1000:.1f} ms a command")
        connection.close()

    async def _ask(self, connection: Connection, path: str, columns: str) -> Call:
        return await connection.call(Command(path, {".proplist": columns}))

    def _step(self, name: str, *, ok: bool, text: str) -> None:
        now = clock.now()
        step = TestStep(name, ok, now - self._begun_at, text)
        self._begun_at = now
        self._steps.append(step)
        if self._on_step is not None:
            self._on_step(step)

    def _failing_step(self, error: RouterError) -> str:
        if isinstance(error, LoginRefused):
            return "login"
        order = ("connect", "login", "identity", "version", "round trip")
        return order[min(len(self._steps), len(order) - 1)]

    def _report(self, error: RouterError | None) -> TestReport:
        ok = error is None
        took = sum(step.took for step in self._steps)
        verdict = (
            f"{self._router.name} is fine: RouterOS {self._version}, {seconds_in_words(took)}" if ok else str(error)
        )
        return TestReport(
            self._router.name, self._router.address, ok, tuple(self._steps), verdict,
            self._identity, self._version, self._round_trip, error,
        )  # fmt: skip


def _first(call: Call, name: str) -> str:
    return call.rows[0].get(name, "") if call.rows else ""


def _plain(error: RouterError) -> str:
    if isinstance(error, LoginRefused):
        return f"the router refused user {error.username}: {error.text}"
    if isinstance(error, ConnectionLost):
        return f"the connection was lost: {error.reason}"
    return getattr(error, "reason", str(error))
