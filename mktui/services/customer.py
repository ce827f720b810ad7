"""One answer about one customer: what billing says, where he is online, what his rows hold, what was done to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.core.client.query import Key
from mktui.core.pool.job import Priority
from mktui.errors import BillingError, CircuitOpen, CommandTrapped, RouterError
from mktui.sync.ownership import read_mark

if TYPE_CHECKING:
    from mktui.billing.history import RowHistory
    from mktui.billing.model import Profile, Subscriber
    from mktui.core.client.client import Client
    from mktui.core.protocol.sentences import Row
    from mktui.services.fleet import Fleet

_SECRET_COLUMNS: Final = (
    "name", "profile", "disabled", "last-logged-out", "last-disconnect-reason", "last-caller-id", "remote-address",
    "comment",
)  # fmt: skip
_HOTSPOT_COLUMNS: Final = ("name", "profile", "server", "disabled", "uptime", "bytes-in", "bytes-out", "comment")
_ACTIVE_COLUMNS: Final = ("name", "service", "caller-id", "address", "uptime", "radius")
_HOTSPOT_ACTIVE: Final = (
    "user",
    "server",
    "address",
    "mac-address",
    "uptime",
    "bytes-in",
    "bytes-out",
    "login-by",
    "radius",
)
_NO_SUCH_MENU: Final = "no such command"


@dataclass(frozen=True, slots=True)
class OnlineSession:
    """He is connected. Bytes as he sees them: down is what he downloads; None: the router does not say."""

    router: str
    kind: str
    address: str
    device: str
    uptime: str
    down_bytes: int | None
    up_bytes: int | None
    rate: str
    """The limit of his queue as the router has it, upload first; "" when he has none."""
    is_radius: bool


@dataclass(frozen=True, slots=True)
class RouterRow:
    """A row of his name on a router."""

    router: str
    menu: str
    row: Row
    is_ours: bool | None
    """None: billing could not be asked."""


@dataclass(frozen=True, slots=True)
class Customer:
    """Everything that is known of a name. ``unknown``: router -> why it could not be asked."""

    name: str
    subscribers: tuple[Subscriber, ...]
    profiles: tuple[Profile, ...]
    sessions: tuple[OnlineSession, ...]
    rows: tuple[RouterRow, ...]
    history: tuple[RowHistory, ...]
    unknown: dict[str, str]
    billing_problem: str = ""

    @property
    def is_known(self) -> bool:
        """Somebody of this name is in billing, on a router, or online."""
        return bool(self.subscribers or self.sessions or self.rows)

    def verdict(self) -> str:
        """Return one line: the answer to the call."""
        if not self.is_known and not self.unknown and not self.billing_problem:
            return f"nobody is called {self.name}"
        parts = [self._paid()]
        if self.sessions:
            first = self.sessions[0]
            parts.append(f"online on {first.router} for {first.uptime or '?'}")
        else:
            parts.append("not online" if not self.unknown else "not online where it could be asked")
        if self.unknown:
            parts.append(f"{', '.join(sorted(self.unknown))} could not be asked")
        return "; ".join(parts)

    def _paid(self) -> str:
        if self.billing_problem:
            return "billing could not be asked"
        if not self.subscribers:
            return "not in billing"
        subscriber = self.subscribers[0]
        if subscriber.may_connect(clock.utc_now()):
            until = f" until {subscriber.valid_until:%Y-%m-%d %H:%M}" if subscriber.valid_until else ""
            return f"paid{until}"
        if subscriber.status.value == "active" and subscriber.valid_until:
            return f"expired {subscriber.valid_until:%Y-%m-%d %H:%M}"
        return subscriber.status.value


async def find_customer(fleet: Fleet, name: str) -> Customer:
    """Ask billing and every router; who does not answer is named, and holds up nobody."""
    sessions: list[OnlineSession] = []
    rows: list[RouterRow] = []
    unknown: dict[str, str] = {}
    installation, in_billing, problem = "", None, ""
    try:
        from mktui.billing.history import named  # noqa: PLC0415 - loads the database

        office = await fleet.office.get()
        installation, in_billing = office.installation, await office.store.run(named, name)
    except BillingError as error:
        problem = str(error)

    async def ask(router: str) -> None:
        client = fleet.service(router).client
        try:
            rows.extend(await _rows(client, router, name, installation))
            sessions.extend(await _sessions(client, router, name))
        except RouterError as error:
            why = client.last_error or error if isinstance(error, CircuitOpen) else error
            unknown[router] = str(why).removeprefix(f"{router}: ")

    async with anyio.create_task_group() as tasks:
        for router in fleet.names:
            tasks.start_soon(ask, router)
    in_order = {router: place for place, router in enumerate(fleet.names)}
    rows.sort(key=lambda each: in_order[each.router])
    sessions.sort(key=lambda each: in_order[each.router])
    subscribers, profiles, history = (
        (in_billing.subscribers, in_billing.profiles, in_billing.history) if in_billing else ((), (), ())
    )
    return Customer(name, subscribers, profiles, tuple(sessions), tuple(rows), history, unknown, problem)


async def _print(client: Client, path: str, columns: tuple[str, ...], key: str, name: str) -> list[Row]:
    """Return the rows of a name; a menu that this router does not have has none.

    Raises:
        RouterError: It cannot be asked, or does not let us see: then nobody knows, and that is not "none".
    """
    try:
        found = await client.get(path, (".id", *columns), where=Key(key) == name, max_age=0, priority=Priority.HIGH)
    except CommandTrapped as error:
        if _NO_SUCH_MENU not in error.text:
            raise
        return []
    return list(found)


async def _rows(client: Client, router: str, name: str, installation: str) -> list[RouterRow]:
    found = [("/ppp/secret", row) for row in await _print(client, "/ppp/secret", _SECRET_COLUMNS, "name", name)]
    found += [
        ("/ip/hotspot/user", row) for row in await _print(client, "/ip/hotspot/user", _HOTSPOT_COLUMNS, "name", name)
    ]
    return [RouterRow(router, menu, row, _is_ours(row, installation)) for menu, row in found]


def _is_ours(row: Row, installation: str) -> bool | None:
    if not installation:
        return None
    mark = read_mark(row.get("comment", ""))
    return mark is not None and mark.installation == installation


async def _sessions(client: Client, router: str, name: str) -> list[OnlineSession]:
    ppp = await _print(client, "/ppp/active", _ACTIVE_COLUMNS, "name", name)
    hotspot = await _print(client, "/ip/hotspot/active", _HOTSPOT_ACTIVE, "user", name)
    return [
        *[await _ppp_session(client, router, row) for row in ppp],
        *[await _hotspot_session(client, router, row) for row in hotspot],
    ]


async def _hotspot_session(client: Client, router: str, row: Row) -> OnlineSession:
    return OnlineSession(
        router, "hotspot", row.get("address", ""), row.get("mac-address", ""), row.get("uptime", ""),
        _count(row, "bytes-out"), _count(row, "bytes-in"), await _rate(client, f"<hotspot-{row['user']}>"),
        row.get("radius") == "true",
    )  # fmt: skip


async def _ppp_session(client: Client, router: str, row: Row) -> OnlineSession:
    """Return a PPP session; its bytes are on the interface that the router made for it, where rx is his upload."""
    interface = f"<{row.get('service', 'pppoe')}-{row['name']}>"
    counters = await _print(client, "/interface", ("rx-byte", "tx-byte"), "name", interface)
    counted = counters[0] if counters else {}
    return OnlineSession(
        router, row.get("service", "ppp"), row.get("address", ""), row.get("caller-id", ""), row.get("uptime", ""),
        _count(counted, "tx-byte"), _count(counted, "rx-byte"), await _rate(client, interface),
        row.get("radius") == "true",
    )  # fmt: skip


async def _rate(client: Client, queue: str) -> str:
    queues = await _print(client, "/queue/simple", ("max-limit",), "name", queue)
    return queues[0].get("max-limit", "") if queues else ""


def _count(row: Row, name: str) -> int | None:
    text = row.get(name, "")
    return int(text) if text.isdecimal() else None
