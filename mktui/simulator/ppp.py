"""PPP customers: sessions with a dynamic interface and queue, who dial again when they are cut off.

As on a router, a session goes on when its secret is disabled, changed or removed; only its own end ends it. The next
dial is what the secret decides.
"""

from __future__ import annotations

import datetime as dt
import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mktui.core.protocol.values import format_date, format_duration
from mktui.simulator.rows import blank_row

if TYPE_CHECKING:
    import random

    from mktui.core.protocol.sentences import Row
    from mktui.simulator.profile import RouterProfile
    from mktui.simulator.tables import Table, TableRow

_REDIAL: Final = (5.0, 15.0)
"""Seconds until a customer who was cut off dials again; who is refused tries again after as long."""
_HOUR: Final = 3600.0


@dataclass(slots=True)
class PppSession:
    """One customer online. Rates are bytes a second; ``upload`` is what the router receives."""

    name: str
    begun_at: float
    upload: float
    download: float
    active: TableRow
    interface: TableRow
    queue: TableRow | None
    counted_in: int = 0
    counted_out: int = 0


class PppCustomers:
    """Who dials in, and the rows that a router makes of it."""

    def __init__(self, profile: RouterProfile, tables: dict[str, Table], chance: random.Random, now: float) -> None:
        self._profile = profile
        self._active = tables["/ppp/active"]
        self._interfaces = tables["/interface"]
        self._queues = tables["/queue/simple"]
        self._secrets = tables["/ppp/secret"]
        self._profiles = tables["/ppp/profile"]
        self._chance = chance
        self._sessions: dict[TableRow, PppSession] = {}
        self._dials: list[tuple[float, str]] = []
        self._leaves: list[tuple[float, int, TableRow]] = []
        self._dialled = 0
        for row in list(self._secrets)[: int(profile.secrets * profile.online)]:
            self._begin(row, now - chance.uniform(60, 86_400 * 3), now)

    def dial(self, name: str, now: float) -> bool:
        """Let a customer dial in; False: there is no such secret, or it is disabled."""
        secret = self._secrets.find(name)
        if secret is None or secret.values.get("disabled") == "true":
            return False
        self._begin(secret, now, now)
        return True

    def ended(self, row: TableRow, now: float, reason: str) -> None:
        """End the session of a row of /ppp/active that has been removed; its customer will dial again."""
        session = self._sessions.pop(row, None)
        if session is None:
            return
        self._interfaces.discard(session.interface)
        if session.queue is not None:
            self._queues.discard(session.queue)
        secret = self._secrets.find(session.name)
        if secret is not None and reason:
            when = format_date(dt.datetime.now(dt.UTC), self._profile.version)
            caller = row.values["caller-id"]
            secret.change({"last-logged-out": when, "last-caller-id": caller, "last-disconnect-reason": reason})
        heapq.heappush(self._dials, (now + self._chance.uniform(*_REDIAL), session.name))

    def rebooted(self, now: float) -> None:
        """End every session, of which nobody can take note; their customers dial again after ``now``."""
        for row in list(self._sessions):
            self._active.discard(row)
            self.ended(row, now, "")

    def refresh(self, now: float) -> None:
        """Make up for what has happened until now, and bring the rows up to date."""
        while self._leaves and self._leaves[0][0] <= now:
            at, _, row = heapq.heappop(self._leaves)
            if row in self._sessions:
                self._active.discard(row)
                self.ended(row, at, "hung-up")
        while self._dials and self._dials[0][0] <= now:
            at, name = heapq.heappop(self._dials)
            if not self.dial(name, at):
                heapq.heappush(self._dials, (now + self._chance.uniform(*_REDIAL), name))
        for session in self._sessions.values():
            _count(session, now)

    def _begin(self, secret: TableRow, begun_at: float, now: float) -> None:
        name, chance, index = secret.values.get("name", ""), self._chance, self._dialled
        self._dialled += 1
        address = secret.values.get("remote-address") or f"10.64.{index // 240 % 256}.{index % 240 + 10}"
        service = secret.values.get("service", "any")
        active = self._active.add({
            "name": name, "service": "pppoe" if service == "any" else service,
            "caller-id": f"02:00:5E:{index >> 16 & 255:02X}:{index >> 8 & 255:02X}:{index & 255:02X}",
            "address": address, "uptime": "0s", "encoding": "", "session-id": f"0x{0x81100000 + index:x}",
            "limit-bytes-in": "0", "limit-bytes-out": "0", "radius": "false",
        })  # fmt: skip
        up_since = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=now - begun_at)
        kind = active.values["service"]
        interface = self._interfaces.add(_interface(name, kind, format_date(up_since, self._profile.version)))
        queue = self._queue(secret, kind, address)
        rates = chance.uniform(2e3, 2e5), chance.uniform(1e4, 1.5e6)
        self._sessions[active] = PppSession(name, begun_at, *rates, active, interface, queue)
        if self._profile.churn:
            leaves_at = now + chance.expovariate(self._profile.churn / _HOUR)
            heapq.heappush(self._leaves, (leaves_at, index, active))

    def _queue(self, secret: TableRow, kind: str, address: str) -> TableRow | None:
        profile = self._profiles.find(secret.values.get("profile", "default"))
        rate = profile.values.get("rate-limit", "") if profile is not None else ""
        limits = [part.split("/") for part in rate.split()]
        if not limits:
            return None
        pairs = ["/".join(_bits(each) for each in (part if len(part) == 2 else part * 2)) for part in limits[:3]]
        burst = {"burst-limit": pairs[1], "burst-threshold": pairs[2]} if len(pairs) == 3 else {}
        own = {"name": f"<{kind}-{secret.values.get('name', '')}>", "target": f"{address}/32", "max-limit": pairs[0]}
        return self._queues.add(blank_row("/queue/simple") | own | burst | {"dynamic": "true"})


def _interface(name: str, kind: str, up_since: str) -> Row:
    mtu = "1480" if kind == "pppoe" else "1450"
    return {
        "name": f"<{kind}-{name}>", "type": f"{kind}-in", "mtu": mtu, "actual-mtu": mtu,
        "last-link-up-time": up_since, "link-downs": "0", "rx-byte": "0", "tx-byte": "0", "rx-packet": "0",
        "tx-packet": "0", "rx-drop": "0", "tx-drop": "0", "tx-queue-drop": "0", "rx-error": "0", "tx-error": "0",
        "fp-rx-byte": "0", "fp-tx-byte": "0", "fp-rx-packet": "0", "fp-tx-packet": "0",
        "dynamic": "true", "running": "true", "disabled": "false",
    }  # fmt: skip


def _count(session: PppSession, now: float) -> None:
    """Add what was used since the last look: counters may have been set back in between."""
    seconds = max(0.0, now - session.begun_at)
    received, sent = int(seconds * session.upload), int(seconds * session.download)
    more_in, more_out = max(0, received - session.counted_in), max(0, sent - session.counted_out)
    session.counted_in, session.counted_out = received, sent
    session.active.change({"uptime": format_duration(seconds)})
    total_in = int(session.interface.values["rx-byte"]) + more_in
    total_out = int(session.interface.values["tx-byte"]) + more_out
    session.interface.change({
        "rx-byte": str(total_in), "tx-byte": str(total_out), "rx-packet": str(total_in // 400),
        "tx-packet": str(total_out // 1200), "fp-rx-byte": str(total_in), "fp-rx-packet": str(total_in // 400),
    })  # fmt: skip
    if session.queue is not None:
        had_in, _, had_out = session.queue.values["bytes"].partition("/")
        session.queue.change({"bytes": f"{int(had_in) + more_in}/{int(had_out) + more_out}"})


def _bits(rate: str) -> str:
    factor = {"k": 1_000, "M": 1_000_000, "G": 1_000_000_000}.get(rate[-1:])
    number = rate[:-1] if factor else rate
    return str(int(number) * (factor or 1)) if number.isdecimal() else rate
