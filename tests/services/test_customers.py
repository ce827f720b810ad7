"""A kick by hand ends his sessions and nobody else's, cookies first; what is RADIUS's is left alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import anyio
import pytest

from mktui import clock
from mktui.services.chronicle import Chronicle
from mktui.services.customers import CustomerDesk
from tests.sync.offices import HOUR, NEWEST, desk, guests

if TYPE_CHECKING:
    from mktui.core.client.client import Client
    from mktui.services.customer import Asked

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
PPP, HOTSPOT, COOKIE = "/ppp/active", "/ip/hotspot/active", "/ip/hotspot/cookie"


@dataclass
class OneRouter:
    """A fleet of one router."""

    client: Client
    names: tuple[str, ...] = ("one",)
    noted: list[tuple[str, str]] = field(default_factory=list)

    def service(self, _name: str) -> OneRouter:
        return self

    def note(self, kind: str, text: str) -> None:
        self.noted.append((kind, text))


async def test_a_kick_by_hand_ends_his_sessions_and_nobody_elses() -> None:
    async with desk(50, NEWEST) as at, anyio.create_task_group() as tasks:
        at.save(guests(3), [HOUR])
        await at.sync()
        for name in ("user-0001", "user-0002"):
            assert at.router.traffic.ppp.dial(name, clock.now())
        for name in ("guest-1", "guest-2"):
            assert at.router.traffic.hotspot.log_in(name, clock.now())
        at.router.tables[PPP].add({"name": "user-0001", "service": "pppoe", "radius": "true"})
        fleet = OneRouter(at.client)
        customers = CustomerDesk(cast("Asked", fleet), tasks, Chronicle())
        assert await customers.kick("user-0001", "one") == 1
        assert await customers.kick("guest-1", "one") == 1
        assert await customers.kick("nobody", "one") == 0
        left = [(row.values["name"], row.values.get("radius")) for row in at.router.tables[PPP]]
        assert ("user-0001", "true") in left
        assert len(left) == 2
        assert [row.values["user"] for row in at.router.tables[HOTSPOT]] == ["guest-2"]
        assert [row.values["user"] for row in at.router.tables[COOKIE]] == ["guest-2"]
        assert fleet.noted[0] == ("kicked by hand", "user-0001: 1 session ended")
