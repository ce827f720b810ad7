"""Hotspot customers: counters that stay in the user's row, and cookies that log a device straight in again."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mktui.core.protocol.values import format_duration, parse_duration

if TYPE_CHECKING:
    import random

    from mktui.core.protocol.sentences import Row
    from mktui.simulator.profile import RouterProfile
    from mktui.simulator.tables import Table, TableRow

_BACK_BY_COOKIE: Final = 2.0
"""Seconds until a device that was kicked sends its next request, and is logged in by its cookie."""
_COOKIE: Final = 3 * 86_400.0
_HOUR: Final = 3600.0


@dataclass(slots=True)
class HotspotSession:
    """One device online. Rates are bytes a second; ``counted_*`` is what its user's row has got already."""

    user: str
    mac: str
    begun_at: float
    upload: float
    download: float
    active: TableRow
    host: TableRow
    counted_seconds: int = 0
    counted_in: int = 0
    counted_out: int = 0


class HotspotCustomers:
    """Who is logged in at the hotspot."""

    def __init__(self, profile: RouterProfile, tables: dict[str, Table], chance: random.Random, now: float) -> None:
        self._profile = profile
        self._active = tables["/ip/hotspot/active"]
        self._hosts = tables["/ip/hotspot/host"]
        self._users = tables["/ip/hotspot/user"]
        self._cookies = tables["/ip/hotspot/cookie"]
        self._servers = tables["/ip/hotspot"]
        self._chance = chance
        self._sessions: dict[TableRow, HotspotSession] = {}
        self._returns: list[tuple[float, str, str]] = []
        self._leaves: list[tuple[float, int, TableRow]] = []
        self._expiries: dict[TableRow, float] = {}
        self._logins = 0
        self._devices = 0
        users = [row for row in self._users if row.values.get("default") != "true"]
        for row in users[: int(len(users) * profile.online)]:
            self.log_in(row.values["name"], now - chance.uniform(60, 7_200))

    def log_in(self, user: str, now: float, *, mac: str = "", by: str = "http-chap") -> bool:
        """Let a device log in, which leaves a cookie; False: there is no such user, or it is disabled."""
        row = self._users.find(user)
        if row is None or row.values.get("disabled") == "true":
            return False
        index = self._devices
        if not mac:
            self._devices += 1
            mac = f"02:00:60:{index >> 16 & 255:02X}:{index >> 8 & 255:02X}:{index & 255:02X}"
        address = f"10.5.50.{index % 250 + 2}"
        server = row.values.get("server") or next((each.values.get("name", "") for each in self._servers), "hs1")
        active = self._active.add({
            "server": server, "user": user, "address": address, "mac-address": mac, "login-by": by, "uptime": "0s",
            "idle-time": "0s", "keepalive-timeout": "2m", "bytes-in": "0", "bytes-out": "0", "packets-in": "0",
            "packets-out": "0", "radius": "false", "blocked": "false",
        })  # fmt: skip
        host = self._hosts.add({
            "mac-address": mac, "address": address, "to-address": address, "server": server, "uptime": "0s",
            "idle-time": "0s", "keepalive-timeout": "2m", "bytes-in": "0", "bytes-out": "0", "packets-in": "0",
            "packets-out": "0", "found-by": "UDP :67 -> :68", "DHCP": "true", "authorized": "true",
            "bypassed": "false", "dynamic": "true",
        })  # fmt: skip
        rates = self._chance.uniform(1e3, 5e4), self._chance.uniform(1e4, 4e5)
        self._sessions[active] = HotspotSession(user, mac, now, *rates, active, host)
        self._keep_cookie(user, mac, now)
        if self._profile.churn:
            leaves_at = now + self._chance.expovariate(self._profile.churn / _HOUR)
            self._logins += 1
            heapq.heappush(self._leaves, (leaves_at, self._logins, active))
        return True

    def ended(self, row: TableRow, now: float) -> None:
        """End the session of a row of /ip/hotspot/active that has been removed; its cookie is still there."""
        session = self._sessions.pop(row, None)
        if session is None:
            return
        self._count(session, now)
        self._hosts.discard(session.host)
        heapq.heappush(self._returns, (now + _BACK_BY_COOKIE, session.mac, session.user))

    def rebooted(self, now: float) -> None:
        """Log everybody out; who has a cookie comes back after ``now``."""
        for session in list(self._sessions.values()):
            self._active.discard(session.active)
            self.ended(session.active, now)

    def host_removed(self, host: TableRow, now: float) -> None:
        """End the session of a host that was removed."""
        session = next((each for each in self._sessions.values() if each.host is host), None)
        if session is not None:
            self._active.discard(session.active)
            self.ended(session.active, now)

    def refresh(self, now: float) -> None:
        """Make up for what has happened until now, and bring the rows up to date."""
        while self._leaves and self._leaves[0][0] <= now:
            at, _, row = heapq.heappop(self._leaves)
            if row in self._sessions:
                self._active.discard(row)
                self.ended(row, at)
        while self._returns and self._returns[0][0] <= now:
            at, mac, user = heapq.heappop(self._returns)
            if any((row.values.get("mac-address"), row.values.get("user")) == (mac, user) for row in self._cookies):
                self.log_in(user, at, mac=mac, by="cookie")
        for session in list(self._sessions.values()):
            self._count(session, now)
        for row in list(self._cookies):
            left = self._expiries.setdefault(row, now + _COOKIE) - now
            if left > 0:
                row.change({"expires-in": format_duration(left)})
            else:
                self._cookies.remove(row)
        if len(self._expiries) > len(self._cookies):
            kept = set(self._cookies)
            self._expiries = {row: at for row, at in self._expiries.items() if row in kept}

    def _keep_cookie(self, user: str, mac: str, now: float) -> None:
        for row in list(self._cookies):
            if row.values.get("mac-address") == mac:
                self._cookies.remove(row)
        cookie = self._cookies.add({"user": user, "mac-address": mac, "expires-in": "3d", "mac-cookie": "false"})
        self._expiries[cookie] = now + _COOKIE

    def _count(self, session: HotspotSession, now: float) -> None:
        """Write what a session has used into its row, its host's and its user's; end it at the user's limit."""
        seconds = int(max(0.0, now - session.begun_at))
        received, sent = int(seconds * session.upload), int(seconds * session.download)
        counters = _counters(seconds, received, sent)
        session.host.change(counters)
        session.active.change(counters)
        user = self._users.find(session.user)
        if user is None:
            return
        had = user.values
        used = int(parse_duration(had.get("uptime", "0s"))) + max(0, seconds - session.counted_seconds)
        total_in = int(had.get("bytes-in", "0")) + max(0, received - session.counted_in)
        total_out = int(had.get("bytes-out", "0")) + max(0, sent - session.counted_out)
        session.counted_seconds, session.counted_in, session.counted_out = seconds, received, sent
        user.change(_counters(used, total_in, total_out))
        limit = _limit(user)
        if limit is None:
            return
        session.active.change({"session-time-left": format_duration(max(0, limit - used))})
        if used >= limit and session.active in self._sessions:
            del self._sessions[session.active]
            self._active.discard(session.active)
            self._hosts.discard(session.host)


def _counters(seconds: int, received: int, sent: int) -> Row:
    return {"uptime": format_duration(seconds), "bytes-in": str(received), "bytes-out": str(sent),
            "packets-in": str(received // 400), "packets-out": str(sent // 1200)}  # fmt: skip


def _limit(user: TableRow) -> float | None:
    try:
        return parse_duration(user.values.get("limit-uptime", "")) or None
    except ValueError:  # absent, empty, or a word: no limit
        return None
