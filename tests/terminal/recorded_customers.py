"""Customers of the recorded fleet: one well, one who has not paid, one whom nobody can say all about, one unknown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import anyio

from mktui.billing.model import Profile, Subscriber, SubscriberStatus
from mktui.billing.records import RowHistory
from mktui.services.customer import Customer, OnlineSession, RouterRow
from mktui.services.customers import Search

if TYPE_CHECKING:
    from collections.abc import Callable

AT: Final = datetime(2026, 11, 23, 3, 40, 12, tzinfo=UTC)
ROUTERS: Final = ("edge-1", "edge-2", "hotspot-plaza", "tower-west", "tower-cerro-alto")
SECRET: Final = "/ppp/secret"
GOLD: Final = Profile(external_id="plan-3", name="gold", rate_down_bps=40_000_000, rate_up_bps=10_000_000)
SILVER: Final = Profile(external_id="plan-2", name="silver", rate_down_bps=20_000_000, rate_up_bps=5_000_000)
OFF: Final = {
    "tower-west": "cannot connect to 10.0.9.1:8728: connection refused",
    "tower-cerro-alto": "login refused: invalid user name or password (6)",
}


def ago(**length: float) -> datetime:
    """A moment before the recorded one."""
    return AT - timedelta(**length)


def done(run: int, router: str, action: str, state: str, at: datetime, *, text: str = "") -> RowHistory:
    """What a sync did to a row of ana's."""
    return RowHistory(run, router, SECRET, "ana", action, state, text, at)


ANA: Final = Subscriber(
    external_id="c-0412", username="ana", profile="gold", routers=("edge-2",),
    valid_until=datetime(2026, 12, 31, 23, 59, tzinfo=UTC),
)  # fmt: skip
ANA_ONLINE: Final = Customer(
    "ana", (ANA,), (GOLD,),
    (OnlineSession("edge-2", "pppoe", "10.64.3.12", "48:8F:5A:01:7C:22", "2h14m7s", 1_240_000_000, 214_500_000,
                   "10000000/40000000", is_radius=False),),
    (RouterRow("edge-2", SECRET, {
        "profile": "gold", "disabled": "false", "last-logged-out": "2026-11-23 01:25:41",
        "last-disconnect-reason": "peer-not-responding"}, is_ours=True),),
    (done(15, "edge-2", "set", "applied", ago(minutes=2)),
     done(12, "edge-2", "set", "failed", ago(hours=5), text="input does not match any value of profile"),
     done(3, "edge-2", "add", "applied", ago(days=41))),
    {},
)  # fmt: skip
LUIS: Final = Subscriber(
    external_id="c-0077", username="luis-03", profile="silver", valid_until=datetime(2026, 11, 21, 23, 59, tzinfo=UTC)
)
LUIS_UNPAID: Final = Customer(
    "luis-03", (LUIS,), (SILVER,), (),
    (RouterRow("edge-1", SECRET, {"profile": "silver", "disabled": "true",
                                  "last-logged-out": "2026-11-22 00:00:03",
                                  "last-disconnect-reason": "admin-reset"}, is_ours=True),
     RouterRow("hotspot-plaza", "/ip/hotspot/user", {"profile": "hour", "disabled": "false"}, is_ours=False)),
    (done(14, "edge-1", "expire", "applied", ago(hours=27)),),
    OFF,
)  # fmt: skip
NOBODY: Final = Customer("anna", (), (), (), (), (), {})
UNSURE: Final = Customer(
    "pedro", (), (), (), (), (), OFF, "billing database sqlite:////var/lib/mktui/billing.db: it is locked"
)
ASKING: Final = Customer(
    "ana", (ANA,), (GOLD,), (), (), ANA_ONLINE.history, {"tower-west": OFF["tower-west"]},
    waiting=("edge-2", "hotspot-plaza", "tower-cerro-alto"),
)  # fmt: skip
KNOWN: Final = {each.name: each for each in (ANA_ONLINE, LUIS_UNPAID, NOBODY, UNSURE)}


@dataclass
class RecordedCustomers:
    """Finds who was recorded, at once; ``asking`` is never done. ``note`` hears what it is asked to do."""

    note: Callable[[str, str], None]
    known: dict[str, Customer] = field(default_factory=lambda: dict(KNOWN))
    asking: Customer | None = None
    search: Search | None = None
    looked_for: list[str] = field(default_factory=list)

    def look_for(self, name: str) -> None:
        self.looked_for.append(name)
        if self.asking is not None:
            self.search = Search(name, ago(seconds=3), len(ROUTERS), self.asking)
            return
        found = self.known.get(name, Customer(name, (), (), (), (), (), {}))
        self.search = Search(name, ago(seconds=4), len(ROUTERS), found, ago(seconds=3))

    async def set_active(self, subscriber: Subscriber, *, is_active: bool) -> Subscriber:
        await self._do("enable" if is_active else "suspend", subscriber.username)
        status = SubscriberStatus.ACTIVE if is_active else SubscriberStatus.SUSPENDED
        return subscriber.model_copy(update={"status": status})

    async def extend(self, subscriber: Subscriber, days: int) -> Subscriber:
        await self._do(f"extend by {days}", subscriber.username)
        return subscriber

    async def kick(self, name: str, router: str) -> int:
        await self._do(f"kick {name}", router)
        return 1

    async def _do(self, what: str, name: str) -> None:
        await anyio.lowlevel.checkpoint()
        self.note(what, name)
