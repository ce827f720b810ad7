"""A router's present rows -> the profiles and subscribers they would become in billing. Pure; nothing is written.

Left out are dynamic and built-in rows and those that bear a mark of mktui's. A row is an error when billing cannot say
what it holds in an attribute that a sync writes: the sync would take it away. Other attributes stay on the router.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from mktui.billing.model import Kind, Profile, Subscriber
from mktui.billing.sources.comments import OldComment, read_comment
from mktui.billing.sources.duplicates import gather
from mktui.billing.sources.fields import ReadRow, read_row
from mktui.billing.sources.rates import rate_fields
from mktui.billing.sources.rows import RowError, SourceRows
from mktui.billing.sources.units import Unreadable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from mktui.billing.sources.rows import What

PROFILE_MENUS: Final = {"/ppp/profile": Kind.PPP, "/ip/hotspot/user/profile": Kind.HOTSPOT}
SUBSCRIBER_MENUS: Final = {"/ppp/secret": Kind.PPP, "/ip/hotspot/user": Kind.HOTSPOT}
ADOPTED_MENUS: Final = (*PROFILE_MENUS, *SUBSCRIBER_MENUS)
"""Which menus' rows are looked at."""
_BUILT_IN: Final = frozenset({"default", "default-encryption", "default-trial"})
_MARK: Final = re.compile(r"\[mktui:[^\]]*\]\s*$")
_TRUE: Final = frozenset({"true", "yes"})
_NONE: Final = frozenset({"", "none", "0s", "0", "unlimited"})
"""How routers write that there is no limit, no list, no queue."""
_PLAIN: Final[dict[str, dict[str, str]]] = {
    "/ppp/profile": {"local-address": "local_address", "remote-address": "pool"},
    "/ip/hotspot/user/profile": {"shared-users": "shared_sessions", "address-pool": "pool"},
    "/ppp/secret": {"service": "ppp_service", "remote-address": "static_ip", "caller-id": "mac"},
    "/ip/hotspot/user": {"server": "hotspot_server", "mac-address": "mac", "limit-uptime": "quota_uptime_s",
                         "limit-bytes-total": "quota_bytes"},
}  # fmt: skip
"""Attribute -> field."""
_OF_PROFILES: Final = {"session-timeout": "session_timeout_s", "idle-timeout": "idle_timeout_s",
                       "address-list": "address_list", "parent-queue": "parent_queue"}  # fmt: skip
_UNSAID: Final[dict[str, str]] = {"service": "any", "server": "all"}
"""What an attribute that a router does not print stands for, where billing's default is another."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A live row that billing has already. ``same``: billing says of it just what the router has."""

    menu: str
    name: str
    external_id: str
    problem: str
    same: bool = False


@dataclass(frozen=True, slots=True)
class Adoption:
    """What adopting would add to billing. ``rows`` can be previewed and written as those of any source."""

    router: str
    rows: SourceRows
    clashes: tuple[Clash, ...] = ()
    skipped: tuple[tuple[str, str, str], ...] = ()
    """(menu, name, why) of rows that are nobody's to adopt."""
    live: Mapping[tuple[What, str], tuple[str, str]] = field(default_factory=dict, repr=False)
    """(what, external id) -> (menu, the row's ``.id``) it was read from."""


@dataclass(frozen=True, slots=True)
class _Live:
    menu: str
    row: Mapping[str, str] = field(repr=False)

    @property
    def name(self) -> str:
        return self.row.get("name", "")

    @property
    def what(self) -> What:
        return "profile" if self.menu in PROFILE_MENUS else "subscriber"

    @property
    def kind(self) -> Kind:
        return (PROFILE_MENUS | SUBSCRIBER_MENUS)[self.menu]

    @property
    def where(self) -> str:
        server = self.row.get("server", "")
        return f"{self.menu} {self.name}{f' at {server}' if server not in {'', 'all'} else ''}"

    def external_id(self, router: str) -> str:
        """Return ``router:menu:name``, with the hotspot server where there is one: the row's identity."""
        server = self.row.get("server", "")
        return ":".join([router, self.menu, self.name, *([server] if server not in {"", "all"} else [])])


def adopt(
    router: str, live: Mapping[str, Sequence[Mapping[str, str]]], profiles: Iterable[Profile],
    subscribers: Iterable[Subscriber], *, local: dt.tzinfo, sees_passwords: bool,
) -> Adoption:  # fmt: skip
    """Say what a router's rows would become. ``live``: rows by menu; ``profiles`` and ``subscribers`` are billing's.

    ``sees_passwords``: the login has the right ``sensitive``; without it a password that is not printed is unknown.
    """
    every = [_Live(menu, row) for menu in ADOPTED_MENUS for row in live.get(menu, ())]
    skipped = tuple((one.menu, one.name, why) for one in every if (why := _why_skipped(one.row)))
    ours = [one for one in every if not _why_skipped(one.row)]
    prices = _prices(ours)
    read = [
        _profile(router, one, prices, local)
        if one.what == "profile"
        else _subscriber(router, one, local, sees_passwords=sees_passwords)
        for one in ours
    ]
    known = _Known(profiles, subscribers)
    clashes = [known.clash(one, row) for one, row in zip(ours, read, strict=True)]
    fresh = [_named(row, known, ours) for row, clash in zip(read, clashes, strict=True) if clash is None]
    rows = gather(fresh, covers=())
    return Adoption(
        router=router, rows=rows, clashes=tuple(clash for clash in clashes if clash is not None), skipped=skipped,
        live={(one.what, one.external_id(router)): (one.menu, one.row.get(".id", "")) for one in ours},
    )  # fmt: skip


def _why_skipped(row: Mapping[str, str]) -> str:
    if row.get("dynamic") in _TRUE:
        return "dynamic"
    if row.get("default") in _TRUE or row.get("builtin") in _TRUE or row.get("name") in _BUILT_IN:
        return "RouterOS's own"
    if _MARK.search(row.get("comment", "")):
        return "marked as mktui's already"
    return ""


def _profile(router: str, one: _Live, prices: Mapping[tuple[Kind, str], int], local: dt.tzinfo) -> ReadRow:
    row = one.row
    cells: dict[str, str] = {"external_id": one.external_id(router), "name": one.name, "kind": one.kind}
    for attribute, name in (_PLAIN[one.menu] | _OF_PROFILES).items():
        text = row.get(attribute, "")
        if text not in _NONE or (attribute == "shared-users" and text):
            cells[name] = text
    price = prices.get((one.kind, one.name))
    if price is not None:
        cells["price_minor"] = str(price)
    return read_row("profile", cells | rate_fields(row.get("rate-limit", "")), where=one.where, local=local)


def _prices(ours: Sequence[_Live]) -> dict[tuple[Kind, str], int]:
    """Return what a profile was sold for, where all old comments on it and on who has it agree."""
    found: dict[tuple[Kind, str], set[int]] = defaultdict(set)
    for one in ours:
        comment = read_comment(one.row.get("comment", ""))
        profile = one.name if one.what == "profile" else one.row.get("profile", "")
        if comment and comment.price_minor is not None:
            found[one.kind, profile].add(comment.price_minor)
    return {key: next(iter(prices)) for key, prices in found.items() if len(prices) == 1}


def _subscriber(router: str, one: _Live, local: dt.tzinfo, *, sees_passwords: bool) -> ReadRow:
    row = one.row
    cells: dict[str, str] = {
        "external_id": one.external_id(router), "username": one.name, "kind": one.kind, "routers": router,
        "profile": row.get("profile", "default"), "comment": row.get("comment", ""),
        "status": "suspended" if row.get("disabled") in _TRUE else "active", "password": row.get("password", ""),
    }  # fmt: skip
    for attribute, name in _PLAIN[one.menu].items():
        text = row.get(attribute, _UNSAID.get(attribute, ""))
        if text not in _NONE:
            cells[name] = text
    errors = _unsayable(one, sees_passwords=sees_passwords)
    comment = read_comment(row.get("comment", ""))
    until = _until(one, comment, local, errors)
    if until is not None:
        cells["valid_until"] = until.isoformat(" ")
    read = read_row("subscriber", cells, where=one.where, local=local)
    return replace(read, row=None, errors=(*errors, *read.errors)) if errors else read


def _until(one: _Live, comment: OldComment | None, local: dt.tzinfo, errors: list[RowError]) -> dt.datetime | None:
    try:
        return comment.valid_until(local) if comment else None
    except Unreadable as error:
        errors.append(RowError(one.where, "comment", "", error.problem, error.remedy))
        return None


def _unsayable(one: _Live, *, sees_passwords: bool) -> list[RowError]:
    errors = []
    if "password" not in one.row and not sees_passwords:
        problem = "the login may not see it: billing would have an empty one"
        errors.append(RowError(one.where, "password", "", problem, "give the login the policy sensitive"))
    if one.row.get("profile", "default") in _BUILT_IN:
        problem = "is RouterOS's own: billing has its own profiles only"
        errors.append(RowError(one.where, "profile", one.row.get("profile", "default"), problem, "use another profile"))
    return errors


class _Known:
    """What billing has, by the names that rows bear on routers."""

    def __init__(self, profiles: Iterable[Profile], subscribers: Iterable[Subscriber]) -> None:
        self.profiles = {(row.kind, row.name): row for row in profiles}
        self.subscribers = {(row.kind, row.username, _server(row)): row for row in subscribers}
        self.addresses = {row.static_ip: row for row in self.subscribers.values() if row.static_ip}

    def clash(self, one: _Live, read: ReadRow) -> Clash | None:
        """Return how billing has a row already; None: it has not."""
        server = one.row.get("server", "all") if one.kind is Kind.HOTSPOT else ""
        if one.what == "profile":
            profile = self.profiles.get((one.kind, one.name))
            return _clash(one, profile, read) if profile else None
        subscriber = self.subscribers.get((one.kind, one.name, server))
        if subscriber is not None:
            return _clash(one, subscriber, read)
        owner = self.addresses.get(str(read.values.get("static_ip", "")))
        if owner is not None:
            problem = f"its address {owner.static_ip} is {owner.username}'s in billing"
            return Clash(one.menu, one.name, owner.external_id, problem)
        return None


def _server(row: Subscriber) -> str:
    return row.hotspot_server if row.kind is Kind.HOTSPOT else ""


def _clash(one: _Live, known: Profile | Subscriber, read: ReadRow) -> Clash:
    """Compare what both sides speak of: prices, routers and comments are billing's alone."""
    ignored = {"external_id", "routers", "comment", "price_minor", "validity_s", "enabled", "valid_until"}
    names = [name for name in type(known).model_fields if name not in ignored]
    different = [name for name in names if read.row is None or getattr(known, name) != getattr(read.row, name)]
    words = f"billing has it, with another {', '.join(different)}" if different else "billing has it just so"
    return Clash(one.menu, one.name, known.external_id, words, same=not different)


def _named(row: ReadRow, known: _Known, ours: Sequence[_Live]) -> ReadRow:
    """Refuse a subscriber whose profile would be neither in billing nor adopted."""
    subscriber = row.row
    if not isinstance(subscriber, Subscriber) or (subscriber.kind, subscriber.profile) in known.profiles:
        return row
    if any(one.what == "profile" and (one.kind, one.name) == (subscriber.kind, subscriber.profile) for one in ours):
        return row
    error = RowError(row.where, "profile", subscriber.profile, "is neither in billing nor among the router's profiles")
    return replace(row, row=None, errors=(error,))
