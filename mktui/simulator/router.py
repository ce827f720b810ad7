"""A simulated router: its tables, its users, its faults, and any number of API sessions, over TCP or in memory."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import anyio

from mktui import clock
from mktui.core.protocol.values import format_date
from mktui.simulator import refusals, tls
from mktui.simulator.faults import Faults
from mktui.simulator.monitors import begin
from mktui.simulator.profile import RouterProfile
from mktui.simulator.rows import build_tables
from mktui.simulator.schema import VersionedSchema
from mktui.simulator.session import ApiSession
from mktui.simulator.traffic import Traffic
from mktui.simulator.verbs import Answer, Desk, execute

if TYPE_CHECKING:
    import ssl

    from anyio.abc import ByteStream, TaskStatus

    from mktui.core.protocol.sentences import Command
    from mktui.simulator.monitors import Monitor
    from mktui.simulator.tables import Table, TableRow

_LOG_ROWS = 1000


class SimulatedRouter:
    """One router. Make it inside an event loop: its sessions and uptime begin at that loop's time."""

    def __init__(self, profile: RouterProfile | None = None) -> None:
        self.profile = profile or RouterProfile()
        self.schema = VersionedSchema(self.profile.version)
        self.tables = build_tables(self.profile)
        self.faults = Faults()
        self.commands: Counter[str] = Counter()
        """How often each command was executed: what a client's retries really did."""
        self.peak_sessions = 0
        self.down_until = 0.0
        self._sessions: dict[ApiSession, anyio.CancelScope] = {}
        self._active: dict[ApiSession, TableRow] = {}
        self._passwords = {self.profile.username: self.profile.password}
        self._chance = random.Random(f"{self.profile.seed} latency")  # noqa: S311 - jitter, not cryptography
        self._traffic = Traffic(self.profile, self.tables, clock.now())
        self.log("system,info", "router rebooted")

    @property
    def sessions(self) -> int:
        """Connections that are open now, logged in or not."""
        return len(self._sessions)

    async def serve(self, stream: ByteStream) -> None:
        """Serve one connection to its end."""
        faults = self.faults
        is_down = faults.is_down or clock.now() < self.down_until
        if is_down or faults.accept_and_close or len(self._sessions) >= self.profile.max_sessions:
            await anyio.aclose_forcefully(stream)
            return
        session = ApiSession(self, stream)
        with anyio.CancelScope() as scope:
            self._sessions[session] = scope
            self.peak_sessions = max(self.peak_sessions, len(self._sessions))
            try:
                await session.serve()
            finally:
                del self._sessions[session]
                self._logged_out(session)

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
            task_status.started(listener.extra(anyio.abc.SocketAttribute.local_port))  # noqa: S610 - a socket's
            await listener.serve(partial(self._serve_socket, context=context))

    def drop_sessions(self) -> None:
        """Cut every connection, as a reboot or a broken link does."""
        for scope in list(self._sessions.values()):
            scope.cancel()

    def reboot(self, down_for: float = 5.0) -> None:
        """Drop everything, refuse connections for a while, and come back with an uptime of zero."""
        now = clock.now()
        self.down_until = now + down_for
        self._traffic.rebooted(now + down_for)
        self.log("system,info", "router rebooted")
        self.drop_sessions()

    def has_latency(self, path: str) -> bool:
        """Say whether a command takes time."""
        profile = self.profile
        return bool(profile.latency or profile.jitter or self.faults.extra_latency or path in self.faults.slow)

    def delay(self, path: str) -> float:
        """Return the seconds that a command takes."""
        jitter = self._chance.uniform(0, self.profile.jitter) if self.profile.jitter else 0.0
        return self.profile.latency + jitter + self.faults.extra_latency + self.faults.slow.get(path, 0.0)

    def execute(self, command: Command, session: ApiSession) -> Answer:
        """Carry out a command for a session's user.

        Raises:
            Refusal: The router says no.
        """
        self.commands[command.path] += 1
        answer = execute(self._desk(session), command)
        if command.menu == "/user" and command.verb in {"add", "set"} and "password" in command.attributes:
            self._keep_password(command, answer)
        return answer

    def begin_monitor(self, command: Command, session: ApiSession) -> Monitor:
        """Begin a command that goes on by itself.

        Raises:
            Refusal: The router says no.
        """
        monitor = begin(self._desk(session), command)
        self.commands[command.path] += 1
        return monitor

    def table_for_listen(self, command: Command, session: ApiSession) -> Table:
        """Return the menu that a ``listen`` follows.

        Raises:
            Refusal: There is none, or the user may not read.
        """
        if not self.schema.has_menu(command.menu):
            raise refusals.no_such_menu()
        if "read" not in self._policies(session.username):
            raise refusals.not_permitted()
        self.commands[command.path] += 1
        return self.tables[command.menu]

    def password_of(self, name: str) -> str | None:
        """Return a user's password; None when there is no such user, or it is disabled."""
        row = self.tables["/user"].find(name)
        if row is None or row.values.get("disabled") == "true":
            return None
        return self._passwords.get(name, "")

    def logged_in(self, session: ApiSession) -> None:
        """Note a login as a router does: a row of /user/active, a line of /log."""
        when = self._date()
        row = {"when": when, "name": session.username or "", "address": "127.0.0.1", "via": "api", "group": "full"}
        self._active[session] = self.tables["/user/active"].add(row | {"radius": "false"})
        self.log("system,info,account", f"user {session.username} logged in from 127.0.0.1 via api")
        user = self.tables["/user"].find(session.username or "")
        if user is not None:
            user.change({"last-logged-in": when})

    def log(self, topics: str, message: str) -> None:
        """Write a line into /log; the oldest goes when there are too many."""
        table = self.tables["/log"]
        table.add({"time": self._date(), "topics": topics, "message": message})
        if len(table) > _LOG_ROWS:
            table.remove(next(iter(table)))

    async def _serve_socket(self, stream: ByteStream, context: ssl.SSLContext | None) -> None:
        accepted = stream if context is None else await tls.accept(stream, context)
        if accepted is not None:
            await self.serve(accepted)

    def _logged_out(self, session: ApiSession) -> None:
        row = self._active.pop(session, None)
        if row is not None:
            if row.row_id in self.tables["/user/active"].rows:
                self.tables["/user/active"].remove(row)
            self.log("system,info,account", f"user {session.username} logged out from 127.0.0.1 via api")

    def _desk(self, session: ApiSession) -> Desk:
        policies = self._policies(session.username)
        return Desk(self.tables, self.schema, clock.now(), policies, self._date(), self._removed)

    def _removed(self, path: str, row: TableRow) -> None:
        """Hear that a row was taken away by a user: a session of ours, or a customer's, ends with it."""
        if path == "/user/active":
            for session, active in list(self._active.items()):
                if active is row:
                    self._sessions[session].cancel()
        self._traffic.ended(path, row)

    def _policies(self, username: str | None) -> frozenset[str]:
        user = self.tables["/user"].find(username or "")
        group = self.tables["/user/group"].find(user.values["group"]) if user is not None else None
        return frozenset(group.values["policy"].split(",")) if group is not None else frozenset()

    def _keep_password(self, command: Command, answer: Answer) -> None:
        row_id = answer.done.get("ret") or command.attributes.get(".id") or command.attributes.get("numbers", "")
        row = self.tables["/user"].find(row_id)
        if row is not None:
            self._passwords[row.values["name"]] = command.attributes["password"]
            row.change({}, unset=("password",))

    def _date(self) -> str:
        return format_date(dt.datetime.now(dt.UTC), self.profile.version)
