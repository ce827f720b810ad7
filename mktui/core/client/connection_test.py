"""The connection test: one session of its own, step by step, each with its time and a plain sentence.

It goes past the pool and the breaker on purpose: it says how the router is, not how the pool thinks it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.connection import tls, transport
from mktui.core.connection.connection import Connection
from mktui.core.connection.opening import open_connection
from mktui.core.protocol.sentences import Command
from mktui.errors import CommandTimeout, ConnectionLost, ConnectTimeout, LoginRefused, RouterError, seconds_in_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import ByteStream, TaskGroup

    from mktui.core.connection.options import RouterOptions
    from mktui.core.connection.transport import Connect
    from mktui.core.protocol.session import Call

ROUND_TRIPS: Final = 5
RIGHTS: Final = ("api", "read", "write", "sensitive")
"""Policies that a user needs for everything mktui does."""
_LOST: Final = {
    "api": "it could not even log in here",
    "read": "nothing can be read",
    "write": "a sync will be refused",
    "sensitive": "passwords are hidden and cannot be compared",
}
NEARLY_FULL: Final = 0.8
"""Share of a router's sessions from which on it is worth a word."""


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
    warnings: tuple[str, ...] = ()


async def run_connection_test(
    router: RouterOptions, connect: Connect, *, after: float, on_step: Callable[[TestStep], None] | None = None
) -> TestReport:
    """Test one router; ``on_step`` hears each step as it ends. Reports, never raises.

    ``after``: seconds to connect and log in, and then seconds for each answer: a slow router is no dead one.
    """
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
        self._warnings: list[str] = []
        self._identity = self._version = ""
        self._round_trip: float | None = None
        self._begun_at = clock.now()

    async def run(self) -> TestReport:
        """Go through the steps; never raises what the router did, it reports it."""
        error: RouterError | None = None
        try:
            async with anyio.create_task_group() as tasks:
                await self._go(tasks)
                tasks.cancel_scope.cancel()
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
        connection = await self._log_in(tasks)
        identity = await self._ask(connection, "/system/identity/print", "name")
        self._identity = _first(identity, "name")
        self._step("identity", ok=True, text=self._identity or "it has no name")
        resource = await self._ask(connection, "/system/resource/print", "version,board-name,uptime")
        self._version = _first(resource, "version")
        board = _first(resource, "board-name")
        self._step("version", ok=True, text=f"RouterOS {self._version} on {board or 'an unknown board'}")
        await self._look_at_rights(connection)
        await self._look_at_sessions(connection)
        begun_at = clock.now()
        for _ in range(ROUND_TRIPS):
            await self._ask(connection, "/system/identity/print", "name")
        self._round_trip = (clock.now() - begun_at) / ROUND_TRIPS
        self._step("round trip", ok=True, text=f"{self._round_trip * 1000:.1f} ms a command")
        connection.close()

    async def _log_in(self, tasks: TaskGroup) -> Connection:
        router = self._router
        try:
            with anyio.fail_after(self._after):
                connection = Connection(await self._open(), router=router.name, encoding=router.encoding)
                await open_connection(router, connection, tasks)
        except TimeoutError:
            raise ConnectTimeout(router.name, address=router.address, after=self._after) from None
        self._step("login", ok=True, text=f"logged in as {router.username}")
        return connection

    async def _open(self) -> ByteStream:
        """Open the stream; over a network, each part is a step of its own."""
        router = self._router
        if self._connect is not transport.connect:
            stream = await self._connect(router)
            self._step("connect", ok=True, text=f"{router.address} answers")
            return stream
        addresses = await transport.resolve(router)
        self._step("resolve", ok=True, text=", ".join(addresses))
        opened = await transport.open_tcp(router)
        self._step("connect", ok=True, text=f"{router.address} answers")
        if router.tls == "off":
            return opened
        try:
            secured = await tls.secure(opened, router)
        except BaseException:
            await anyio.aclose_forcefully(opened)
            raise
        self._step("TLS", ok=True, text=tls.in_words(secured))
        return secured

    async def _look_at_rights(self, connection: Connection) -> None:
        """Read our own user's policies. What is missing is a warning: what needs it will be refused later."""
        name = self._router.username
        user = await self._ask(connection, "/user/print", "group", f"?name={name}")
        group = _first(user, "group")
        policies = _first(await self._ask(connection, "/user/group/print", "policy", f"?name={group}"), "policy")
        if not policies:
            self._step("rights", ok=True, text=f"cannot be read ({_refusal(user) or 'no such user: RADIUS?'})")
            return
        granted = set(policies.split(","))
        missing = [right for right in RIGHTS if right not in granted]
        if missing:
            self._warnings.append(f"group {group} lacks {', '.join(missing)}" + _what_is_lost(missing))
        self._step("rights", ok=True, text=self._warnings[-1] if missing else f"{', '.join(RIGHTS)} (group {group})")

    async def _look_at_sessions(self, connection: Connection) -> None:
        """Read how many sessions the service allows, and how many there are."""
        service = "api" if self._router.tls == "off" else "api-ssl"
        allowed = _first(
            await self._ask(connection, "/ip/service/print", "max-sessions", f"?name={service}"), "max-sessions"
        )
        active = await self._ask(connection, "/user/active/print", "via", f"?via={service}")
        if not allowed.isdecimal():
            self._step("sessions", ok=True, text=f"{len(active.rows)} now; this version tells no limit")
            return
        text = f"{len(active.rows)} of {allowed}"
        if len(active.rows) >= NEARLY_FULL * int(allowed):
            self._warnings.append(f"{text} sessions are taken: raise max-sessions of /ip/service {service}")
        self._step("sessions", ok=True, text=text)

    async def _ask(self, connection: Connection, path: str, columns: str, *query: str) -> Call:
        try:
            with anyio.fail_after(self._after):
                return await connection.call(Command(path, {".proplist": columns}, query))
        except TimeoutError:
            raise CommandTimeout(
                self._router.name, path=path, after=self._after, phase="its answer", maybe_executed=False
            ) from None

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
        done = {step.name for step in self._steps}
        return next(name for name in self._expected() if name not in done)

    def _expected(self) -> list[str]:
        real = self._connect is transport.connect
        before = ["resolve"] if real else []
        after = ["TLS"] if real and self._router.tls != "off" else []
        return [*before, "connect", *after, "login", "identity", "version", "rights", "sessions", "round trip"]

    def _report(self, error: RouterError | None) -> TestReport:
        ok = error is None
        took = sum(step.took for step in self._steps)
        verdict = str(error) if error else f"{self._router.name} is fine: RouterOS {self._version}, "
        verdict += "" if error else seconds_in_words(took)
        if ok and self._warnings:
            verdict = f"{self._router.name} answers, but {'; '.join(self._warnings)}"
        return TestReport(
            self._router.name, self._router.address, ok, tuple(self._steps), verdict,
            self._identity, self._version, self._round_trip, error, tuple(self._warnings),
        )  # fmt: skip


def _first(call: Call, name: str) -> str:
    return call.rows[0].get(name, "") if call.rows else ""


def _refusal(call: Call) -> str:
    return call.traps[0].message if call.traps else ""


def _what_is_lost(missing: list[str]) -> str:
    return f": {_LOST[missing[-1]]}"


def _plain(error: RouterError) -> str:
    if isinstance(error, LoginRefused):
        return f"the router refused user {error.username}: {error.text}"
    if isinstance(error, ConnectionLost):
        return f"the connection was lost: {error.reason}"
    if isinstance(error, CommandTimeout):
        return f"no answer to {error.path} within {seconds_in_words(error.after)}"
    return getattr(error, "reason", str(error))
