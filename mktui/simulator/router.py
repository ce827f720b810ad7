"""A simulated router: its tables, its users, its faults, and any number of API sessions, over TCP or in memory."""

from __future__ import annotations

import random
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import anyio
from anyio.abc import SocketAttribute

from mktui import clock
from mktui.simulator import refusals, tls
from mktui.simulator.access import Access
from mktui.simulator.commands import execute
from mktui.simulator.cost import Admission, CpuLoad
from mktui.simulator.desk import Desk
from mktui.simulator.faults import Faults, Mishap
from mktui.simulator.monitors import begin
from mktui.simulator.profile import RouterProfile
from mktui.simulator.rows import build_tables
from mktui.simulator.schema import VersionedSchema
from mktui.simulator.session import ApiSession
from mktui.simulator.tables import Table, TableRow
from mktui.simulator.traffic import Traffic
from mktui.simulator.watch import watch

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from anyio.abc import ByteStream, TaskStatus

    from mktui.core.protocol.sentences import Command, Row
    from mktui.simulator.desk import Answer, Backup
    from mktui.simulator.monitors import Monitor
    from mktui.simulator.watch import Watch

_COUNTED_PATHS = 10_000
"""Clients may make up commands without end."""
_READS = frozenset({"print", "getall", "get", "find", "listen", "export"})


class SimulatedRouter:
    """One router. Make it inside an event loop: its sessions and uptime begin at that loop's time."""

    def __init__(self, profile: RouterProfile | None = None) -> None:
        self.profile = profile or RouterProfile()
        self.schema = VersionedSchema(self.profile.version)
        self.tables = build_tables(self.profile)
        self.faults = Faults(seed=self.profile.seed)
        self.commands: Counter[str] = Counter()
        """How often each command was executed: what a client's retries really did."""
        self.peak_sessions = 0
        self.down_until = 0.0
        self.access = Access(self.profile, self.tables)
        self.load = CpuLoad(self.profile.cost.cores)
        self.traffic = Traffic(self.profile, self.tables, self.load, clock.now())
        self._backups: dict[str, Backup] = {}
        self._admission = Admission(self.profile.cost.requests_per_second)
        self._sessions: dict[ApiSession, anyio.CancelScope] = {}
        self._chance = random.Random(f"{self.profile.seed} latency")  # noqa: S311 - jitter, not cryptography
        self.access.log("system,info", "router rebooted")

    @property
    def sessions(self) -> int:
        """Connections that are open now, logged in or not."""
        return len(self._sessions)

    async def serve(self, stream: ByteStream) -> None:
        """Serve one connection to its end."""
        now, faults = clock.now(), self.faults
        is_full = now < self.down_until or len(self._sessions) >= self.access.max_sessions
        if is_full or faults.befalls(Mishap.DOWN, "", now) or faults.befalls(Mishap.CLOSED, "", now):
            await anyio.aclose_forcefully(stream)
            return
        session = ApiSession(self, stream, _address_of(stream))
        with anyio.CancelScope() as scope:
            self._sessions[session] = scope
            self.peak_sessions = max(self.peak_sessions, len(self._sessions))
            self.access.connected(session)
            try:
                await session.serve()
            finally:
                del self._sessions[session]
                self.access.left(session)

    async def serve_tcp(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        context: ssl.SSLContext | None = None,
        task_status: TaskStatus[int] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve TCP connections until cancelled, inside TLS when given a context; ``task_status`` gets the port.

        Raises:
            OSError: The port cannot be had.
        """
        listener = await anyio.create_tcp_listener(local_host=host, local_port=port)
        async with listener:
            task_status.started(listener.extra(SocketAttribute.local_port))  # noqa: S610 - a socket's, not Django's
            await listener.serve(partial(self._serve_socket, context=context))

    def drop_sessions(self) -> None:
        """Cut every connection, as a broken link does."""
        self.faults.note(Mishap.DROPPED, "", clock.now())
        self._cut_sessions()

    def _cut_sessions(self) -> None:
        for scope in list(self._sessions.values()):
            scope.cancel()

    def reboot(self, down_for: float = 5.0) -> None:
        """Drop everything, refuse connections for a while, and come back with an uptime of zero."""
        self.faults.note(Mishap.REBOOTED, "", clock.now())
        self._restart(down_for)

    def _restart(self, down_for: float = 5.0) -> None:
        now = clock.now()
        self.down_until = now + down_for
        self.traffic.rebooted(now + down_for)
        if self.profile.renumbers_at_reboot:
            for table in self.tables.values():
                table.renumber()
        self.access.log("system,info", "router rebooted")
        self._cut_sessions()

    def load_rows(self, path: str, rows: Iterable[Row]) -> None:
        """Hold exactly these rows in a menu, as they were printed by a real router; the menu need not be known.

        Rows with ``dynamic`` true stay what they are, and are no customers of ours: nothing counts in them.
        """
        if path not in self.tables:
            self.tables[path] = Table(path)
            self.schema.learn(path)
        self.tables[path].refresh = None
        loaded = [TableRow(dict(row)) for row in rows]
        for row in loaded if path == "/user" else ():
            row.kept = self.profile.password
        self.tables[path].restore(loaded)

    def refuse_as_recorded(self, command: Command) -> None:
        """Say no where a router that is replayed did; this one is nobody's replay."""

    def takes_time(self, command: Command) -> bool:
        """Say whether a command makes its client wait."""
        profile, faults = self.profile, self.faults
        cost = profile.cost
        return bool(
            profile.latency or profile.jitter or faults.extra_latency or command.path in faults.slow
            or cost.command or cost.jitter or cost.requests_per_second or faults.is_irregular
            or cost.row or cost.filtered_row or cost.write
        )  # fmt: skip

    def delay(self, command: Command) -> float:
        """Return the seconds before a command begins to be answered, counting the work as done."""
        profile, cost, now = self.profile, self.profile.cost, clock.now()
        work = cost.command + (self._chance.uniform(0, cost.jitter) if cost.jitter else 0.0)
        if command.verb not in _READS:
            work += cost.write
        if command.query and cost.filtered_row:
            work += cost.filtered_row * len(self.tables.get(command.menu, ()))
        self.load.worked(now, work)
        jitter = self._chance.uniform(0, profile.jitter) if profile.jitter else 0.0
        slowed = self.faults.extra_latency + self.faults.slow.get(command.path, 0.0)
        if slowed > 0:
            self.faults.note(Mishap.SLOWED, command.path, now)
        on_the_way = profile.latency + jitter + slowed
        return self._admission.wait(now) + work + on_the_way

    def row_delay(self, answer: Answer, count: int) -> float:
        """Return the seconds that printing some rows of an answer takes, counting the work as done."""
        cost = self.profile.cost
        work = count * cost.row * (1.0 if answer.columns else cost.without_proplist)
        self.load.worked(clock.now(), work)
        return work

    def execute(self, command: Command, session: ApiSession) -> Answer:
        """Carry out a command for a session's user.

        Raises:
            Refusal: The router says no.
        """
        self._counted(command.path)
        self.refuse_as_recorded(command)
        answer = execute(self._desk(session), command)
        if command.path == "/system/backup/load":
            self._restart()
        return answer

    def reboot_by(self, session: ApiSession) -> None:
        """Restart because a user says so.

        Raises:
            Refusal: He may not.
        """
        self._counted("/system/reboot")
        if "reboot" not in self.access.policies(session.username):
            raise refusals.not_permitted()
        self._restart()

    def _counted(self, path: str) -> None:
        if path in self.commands or len(self.commands) < _COUNTED_PATHS:
            self.commands[path] += 1

    def begin_monitor(self, command: Command, session: ApiSession) -> Monitor:
        """Begin a command that goes on by itself.

        Raises:
            Refusal: The router says no.
        """
        monitor = begin(self._desk(session), command)
        self._counted(command.path)
        return monitor

    def watch(self, command: Command, session: ApiSession) -> Watch:
        """Return what a ``listen``, or a ``print`` that follows, will hear.

        Raises:
            Refusal: The router says no.
        """
        if command.verb == "listen":
            self._counted(command.path)
        return watch(self._desk(session), command)

    async def _serve_socket(self, stream: ByteStream, context: ssl.SSLContext | None) -> None:
        accepted = stream if context is None else await tls.accept(stream, context)
        if accepted is not None:
            await self.serve(accepted)

    def _desk(self, session: ApiSession) -> Desk:
        policies = self.access.policies(session.username)
        date = self.access.date()
        return Desk(
            self.tables, self.schema, clock.now(), policies, date, self._removed, self.profile, self._backups
        )  # fmt: skip

    def _removed(self, path: str, row: TableRow) -> None:
        """Hear that a row was taken away by a user: a session of ours, or a customer's, ends with it."""
        if path == "/user/active":
            session = self.access.session_of(row)
            if session is not None:
                self._sessions[session].cancel()
        self.traffic.ended(path, row, clock.now())


def _address_of(stream: ByteStream) -> tuple[str, int]:
    address = stream.extra(SocketAttribute.remote_address, ("127.0.0.1", 0))  # noqa: S610 - a socket's, not Django's
    return (str(address[0]), int(address[1])) if isinstance(address, tuple) else ("127.0.0.1", 0)
