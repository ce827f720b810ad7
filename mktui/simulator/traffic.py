"""Customers who are connected: who, since when, how many bytes; who comes, who goes, who comes back.

Nothing runs in the background: what has happened since the last look is made up for when rows are read. Everything
follows from the seed and the time.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING

from mktui.core.protocol.values import format_date, format_duration
from mktui.simulator.hotspot import HotspotCustomers
from mktui.simulator.ppp import PppCustomers

if TYPE_CHECKING:
    from mktui.simulator.cost import CpuLoad
    from mktui.simulator.profile import RouterProfile
    from mktui.simulator.tables import Table, TableRow

_UP_SINCE = 86_400.0 * 41


class Traffic:
    """All customers of one router, and what it says of itself."""

    def __init__(self, profile: RouterProfile, tables: dict[str, Table], load: CpuLoad, now: float) -> None:
        self._profile = profile
        self._tables = tables
        self._load = load
        self._booted_at = now - _UP_SINCE
        chance = random.Random(f"{profile.seed} traffic {profile.name}")  # noqa: S311 - not cryptography
        self.ppp = PppCustomers(profile, tables, chance, now)
        self.hotspot = HotspotCustomers(profile, tables, chance, now)
        for path in ("/ppp/active", "/interface", "/queue/simple", "/ppp/secret"):
            tables[path].refresh = self.ppp.refresh
        for path in ("/ip/hotspot/active", "/ip/hotspot/host", "/ip/hotspot/user", "/ip/hotspot/cookie"):
            tables[path].refresh = self.hotspot.refresh
        tables["/system/resource"].refresh = self._refresh_resource
        tables["/system/clock"].refresh = self._refresh_clock

    def rebooted(self, now: float) -> None:
        """Begin to count anew at ``now``: every session was cut, and its customer comes back later."""
        self._booted_at = now
        self.ppp.rebooted(now)
        self.hotspot.rebooted(now)

    def ended(self, path: str, row: TableRow, now: float) -> None:
        """Hear that a user removed a row: removing an active row ends the session, nothing else does."""
        if path == "/ppp/active":
            self.ppp.ended(row, now, "admin-reset")
        elif path == "/ip/hotspot/active":
            self.hotspot.ended(row, now)
        elif path == "/ip/hotspot/host":
            self.hotspot.host_removed(row, now)

    def _refresh_resource(self, now: float) -> None:
        for row in self._tables["/system/resource"]:
            uptime = format_duration(max(0.0, now - self._booted_at))
            row.change({"uptime": uptime, "cpu-load": str(self._load.percent(now))})

    def _refresh_clock(self, _now: float) -> None:
        date, _, time = format_date(dt.datetime.now(dt.UTC), self._profile.version).partition(" ")
        for row in self._tables["/system/clock"]:
            row.change({"time": time, "date": date})
