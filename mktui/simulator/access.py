"""Who may come in and what he may do: users, groups, passwords, and the traces that a login leaves."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from mktui.core.protocol.values import format_date, version_key

if TYPE_CHECKING:
    from mktui.simulator.profile import RouterProfile
    from mktui.simulator.session import ApiSession
    from mktui.simulator.tables import Table, TableRow

_LOG_ROWS: Final = 1000
_EVERYTHING: Final = frozenset({"api", "read", "write", "policy", "test", "sensitive", "reboot", "ftp"})
_LISTS_CONNECTIONS_SINCE: Final = (7, 21)


class Access:
    """The users of one router and their API sessions."""

    def __init__(self, profile: RouterProfile, tables: dict[str, Table]) -> None:
        self._profile = profile
        self._tables = tables
        for user in tables["/user"]:
            user.kept = profile.password
        self._active: dict[ApiSession, TableRow] = {}
        self._listed: dict[ApiSession, TableRow] = {}
        listed = profile.lists_connections
        self._lists = version_key(profile.version) >= _LISTS_CONNECTIONS_SINCE if listed is None else listed

    @property
    def max_sessions(self) -> int:
        """How many sessions the API service takes now; it can be set where /ip/service has it (7.16 on)."""
        row = self._tables["/ip/service"].find("api")
        text = row.values.get("max-sessions", "") if row is not None else ""
        return int(text) if text.isdecimal() else self._profile.max_sessions

    def connected(self, session: ApiSession) -> None:
        """Note an open connection, where the version lists them."""
        if not self._lists:
            return
        host, port = session.address
        self._listed[session] = self._tables["/ip/service"].add({
            "name": "api", "port": "8728", "proto": "tcp", "vrf": "main", "local": "127.0.0.1:8728",
            "remote": f"{host}:{port}", "connection": "true", "dynamic": "true", "disabled": "false",
            "invalid": "false",
        })  # fmt: skip

    def logged_in(self, session: ApiSession) -> None:
        """Note a login as a router does: a row of /user/active, a line of /log."""
        when, (host, _) = self.date(), session.address
        user = self._tables["/user"].find(session.username or "")
        group = user.values.get("group", "") if user is not None else "full"
        row = {"when": when, "name": session.username or "", "address": host, "via": "api", "group": group}
        self._leave_active(session)  # who logs in a second time is one user, not two
        self._active[session] = self._tables["/user/active"].add(row | {"radius": "false"})
        self.log("system,info,account", f"user {session.username} logged in from {host} via api")
        if user is not None:
            user.change({"last-logged-in": when})

    def left(self, session: ApiSession) -> None:
        """Note that a connection has ended."""
        listed = self._listed.pop(session, None)
        if listed is not None:
            self._tables["/ip/service"].discard(listed)
        if self._leave_active(session):
            host = session.address[0]
            self.log("system,info,account", f"user {session.username} logged out from {host} via api")

    def _leave_active(self, session: ApiSession) -> bool:
        row = self._active.pop(session, None)
        if row is not None:
            self._tables["/user/active"].discard(row)
        return row is not None

    def session_of(self, row: TableRow) -> ApiSession | None:
        """Return the session that a row of /user/active stands for."""
        return next((session for session, active in self._active.items() if active is row), None)

    def policies(self, username: str | None) -> frozenset[str]:
        """Return what a user's group allows; the profile's own user keeps his key when rows are loaded over his."""
        user = self._tables["/user"].find(username or "")
        group = self._tables["/user/group"].find(user.values.get("group", "")) if user is not None else None
        if group is None and username == self._profile.username:
            return _EVERYTHING
        return frozenset(group.values.get("policy", "").split(",")) if group is not None else frozenset()

    def password_of(self, name: str) -> str | None:
        """Return a user's password; None when there is no such user, it is disabled, or may not use the API."""
        row = self._tables["/user"].find(name)
        if name == self._profile.username and row is None:
            return self._profile.password
        if row is None or row.values.get("disabled") == "true" or "api" not in self.policies(name):
            return None
        return row.kept

    def login_failed(self, name: str, session: ApiSession) -> None:
        """Note a login that was refused."""
        self.log("system,error,critical", f"login failure for user {name} from {session.address[0]} via api")

    def log(self, topics: str, message: str) -> None:
        """Write a line into /log; the oldest goes when there are too many."""
        table = self._tables["/log"]
        table.add({"time": self.date(), "topics": topics, "message": message})
        if len(table) > _LOG_ROWS:
            table.remove(next(iter(table)))

    def date(self) -> str:
        """Return the router's date and time as its version prints it."""
        return format_date(dt.datetime.now(dt.UTC), self._profile.version)
