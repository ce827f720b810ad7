"""One answer about one customer: what billing says, where he is online, what his rows hold, what was done to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import anyio

from mktui import clock
from mktui.core.client.query import Key
from mktui.core.pool.caller import asked_by
from mktui.core.pool.job import Priority
from mktui.errors import BillingError, CircuitOpen, CommandTrapped, RouterError
from mktui.services.books import source_warning
from mktui.sync.ownership import read_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mktui.billing.history import Named
    from mktui.billing.model import Profile, Subscriber
    from mktui.billing.records import RowHistory
    from mktui.core.client.client import Client
    from mktui.core.protocol.sentences import Row
    from mktui.services.chronicle import Chronicle
    from mktui.services.office import LazyOffice
    from mktui.services.router import RouterService

    OnNews = Callable[["Customer"], None]

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
NO_SUCH_MENU: Final = "no such command"


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
    waiting: tuple[str, ...] = ()
    """Routers that have not answered yet."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """External id -> where a subscriber came from, when he was not typed in."""
    live_sources: frozenset[str] = frozenset()
    """The sources that are pulled by themselves."""

    def source_warning(self, subscriber: Subscriber) -> str:
        """Say what becomes of a change to him that is made by hand; "" when it stays."""
        return source_warning(self.sources.get(subscriber.external_id, ""), self.live_sources)

    @property
    def is_known(self) -> bool:
        """Somebody of this name is in billing, on a router, or online."""
        return bool(self.subscribers or self.sessions or self.rows)

    def verdict(self) -> str:
        """Return one line: the answer to the call."""
        if not self.is_known and not self.unknown and not self.billing_problem and not self.waiting:
            return f"nobody is called {self.name}"
        parts = [self._paid()]
        if self.sessions:
            first = self.sessions[0]
            parts.append(f"online on {first.router} for {first.uptime or '?'}")
        elif not self.waiting:
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


class Asked(Protocol):
    """What a customer is looked for in: a fleet."""

    @property
    def office(self) -> LazyOffice:
        """Billing."""

    @property
    def names(self) -> tuple[str, ...]:
        """The routers."""

    @property
    def chronicle(self) -> Chronicle:
        """Where it is kept what is done to him."""

    def service(self, name: str) -> RouterService:
        """Return one router."""


@dataclass(slots=True)
class _Answers:
    """What has been heard so far, and who has not answered yet."""

    name: str
    routers: tuple[str, ...]
    sessions: list[OnlineSession] = field(default_factory=list)
    rows: list[RouterRow] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    in_billing: Named | None = None
    problem: str = ""
    live_sources: frozenset[str] = frozenset()

    def customer(self) -> Customer:
        """Return it, in the routers' order."""
        place = {router: number for number, router in enumerate(self.routers)}
        said = self.in_billing
        return Customer(
            self.name,
            said.subscribers if said else (),
            said.profiles if said else (),
            tuple(sorted(self.sessions, key=lambda each: place[each.router])),
            tuple(sorted(self.rows, key=lambda each: place[each.router])),
            said.history if said else (),
            dict(self.unknown),
            self.problem,
            tuple(router for router in self.routers if router in self.waiting),
            said.sources if said else {},
            self.live_sources,
        )


async def find_customer(fleet: Asked, name: str, on_news: OnNews = lambda _customer: None) -> Customer:
    """Ask billing and every router; who does not answer is named, and holds up nobody.

    ``on_news`` hears what is known so far, each time that there is more: billing first.
    """
    answers = _Answers(name, tuple(fleet.names), waiting=set(fleet.names), live_sources=fleet.office.source_names)
    installation = ""
    try:
        from mktui.billing.history import named  # noqa: PLC0415 - loads the database

        office = await fleet.office.get()
        installation, answers.in_billing = office.installation, await office.store.run(named, name)
    except BillingError as error:
        answers.problem = str(error)
    on_news(answers.customer())

    async def ask(router: str) -> None:
        client = fleet.service(router).client
        try:
            rows = await _rows(client, router, name, installation)
            answers.sessions += await _sessions(client, router, name)
            answers.rows += rows
        except RouterError as error:
            why = client.last_error or error if isinstance(error, CircuitOpen) else error
            answers.unknown[router] = str(why).removeprefix(f"{router}: ")
        answers.waiting.discard(router)
        on_news(answers.customer())

    with asked_by("a search for a customer"):
        async with anyio.create_task_group() as tasks:
            for router in fleet.names:
                tasks.start_soon(ask, router)
    return answers.customer()


async def _print(client: Client, path: str, columns: tuple[str, ...], key: str, name: str) -> list[Row]:
    """Return the rows of a name; a menu that this router does not have has none.

    Raises:
        RouterError: It cannot be asked, or does not let us see: then nobody knows, and that is not "none".
    """
    try:
        found = await client.get(path, (".id", *columns), where=Key(key) == name, max_age=0, priority=Priority.HIGH)
    except CommandTrapped as error:
        if NO_SUCH_MENU not in error.text:
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
