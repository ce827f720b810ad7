"""PPP sessions that count: who is online, since when, and how many bytes, computed from the seed and the time.

Nothing runs in the background. Rows are brought up to date when they are read.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mktui.core.protocol.values import format_date, format_duration

if TYPE_CHECKING:
    from mktui.simulator.profile import RouterProfile
    from mktui.simulator.tables import Table, TableRow


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


class Traffic:
    """All PPP sessions of one router."""

    def __init__(self, profile: RouterProfile, tables: dict[str, Table], now: float) -> None:
        self._profile = profile
        self._tables = tables
        self._booted_at = now - 86_400.0 * 41
        self._sessions: dict[str, PppSession] = {}
        self._chance = random.Random(f"{profile.seed} traffic {profile.name}")  # noqa: S311 - not cryptography
        secrets = list(tables["/ppp/secret"])
        for row in secrets[: int(profile.secrets * profile.online)]:
            self._begin(row, now)
        for path in ("/ppp/active", "/interface", "/queue/simple"):
            tables[path].refresh = self._refresh
        tables["/system/resource"].refresh = self._refresh_resource
        tables["/system/clock"].refresh = self._refresh_clock

    @property
    def uptime_origin(self) -> float:
        """When the router booted, on the loop's clock."""
        return self._booted_at

    def rebooted(self, now: float) -> None:
        """Begin to count anew: every session came back with the router."""
        self._booted_at = now
        for session in self._sessions.values():
            session.begun_at = now

    def ended(self, path: str, row: TableRow) -> None:
        """Hear that a user removed a row: removing an active row ends the session."""
        if path != "/ppp/active":
            return
        session = self._sessions.pop(row.row_id, None)
        if session is None:
            return
        self._tables["/interface"].remove(session.interface)
        if session.queue is not None:
            self._tables["/queue/simple"].remove(session.queue)

    def _begin(self, secret: TableRow, now: float) -> None:
        name, chance = secret.values["name"], self._chance
        index = len(self._sessions)
        address = f"10.64.{index // 240 % 256}.{index % 240 + 10}"
        active = self._tables["/ppp/active"].add({
            "name": name, "service": secret.values["service"], "caller-id": f"02:00:5E:{index >> 16 & 255:02X}:"
            f"{index >> 8 & 255:02X}:{index & 255:02X}", "address": address, "uptime": "0s", "encoding": "",
            "session-id": f"0x{0x81100000 + index:x}", "limit-bytes-in": "0", "limit-bytes-out": "0",
            "radius": "false",
        })  # fmt: skip
        interface = self._tables["/interface"].add({
            "name": f"<pppoe-{name}>", "type": "pppoe-in", "mtu": "1480", "actual-mtu": "1480",
            "last-link-up-time": "", "link-downs": "0", "rx-byte": "0", "tx-byte": "0", "rx-packet": "0",
            "tx-packet": "0", "rx-drop": "0", "tx-drop": "0", "tx-queue-drop": "0", "rx-error": "0", "tx-error": "0",
            "dynamic": "true", "running": "true", "disabled": "false",
        })  # fmt: skip
        queue = self._queue(secret, address)
        rates = chance.uniform(2e3, 2e5), chance.uniform(1e4, 1.5e6)
        begun_at = now - chance.uniform(60, 86_400 * 3)
        self._sessions[active.row_id] = PppSession(name, begun_at, *rates, active, interface, queue)

    def _queue(self, secret: TableRow, address: str) -> TableRow | None:
        profile = self._tables["/ppp/profile"].find(secret.values["profile"])
        rate = profile.values.get("rate-limit") if profile is not None else None
        if not rate:
            return None
        return self._tables["/queue/simple"].add({
            "name": f"<pppoe-{secret.values['name']}>", "target": f"{address}/32", "parent": "none",
            "packet-marks": "", "priority": "8/8", "queue": "default-small/default-small", "limit-at": "0/0",
            "max-limit": "/".join(_bits(part) for part in rate.split("/")), "burst-limit": "0/0",
            "burst-threshold": "0/0", "burst-time": "0s/0s", "bucket-size": "0.1/0.1", "bytes": "0/0",
            "invalid": "false", "dynamic": "true", "disabled": "false",
        })  # fmt: skip

    def _refresh(self, now: float) -> None:
        up_since = format_date(dt.datetime.now(dt.UTC), self._profile.version)
        for session in self._sessions.values():
            seconds = now - session.begun_at
            received, sent = int(seconds * session.upload), int(seconds * session.download)
            session.active.change({"uptime": format_duration(seconds)})
            session.interface.change({
                "rx-byte": str(received), "tx-byte": str(sent), "rx-packet": str(received // 400),
                "tx-packet": str(sent // 1200),
                "last-link-up-time": session.interface.values["last-link-up-time"] or up_since,
            })  # fmt: skip
            if session.queue is not None:
                session.queue.change({"bytes": f"{received}/{sent}"})

    def _refresh_resource(self, now: float) -> None:
        load = 3 + int(now) % 9
        for row in self._tables["/system/resource"]:
            row.change({"uptime": format_duration(now - self._booted_at), "cpu-load": str(load)})

    def _refresh_clock(self, _now: float) -> None:
        date, _, time = format_date(dt.datetime.now(dt.UTC), self._profile.version).partition(" ")
        for row in self._tables["/system/clock"]:
            row.change({"time": time, "date": date})


def _bits(rate: str) -> str:
    factor = {"k": 1_000, "M": 1_000_000, "G": 1_000_000_000}.get(rate[-1:])
    return str(int(rate[:-1]) * factor) if factor else rate
