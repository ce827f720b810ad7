"""FreeRADIUS' tables -> rows. Pure.

- Groups are profiles: Mikrotik-Rate-Limit, Session-Timeout, Idle-Timeout, Framed-Pool and Mikrotik-Address-List of
  ``radgroupreply``, Simultaneous-Use of ``radgroupcheck``. Of several groups the one of the lowest priority counts.
- Users need a password in clear: a router keeps no hashes. ``Auth-Type := Reject``, their own or a group's, suspends.
- Expiration without a time is the *begin* of that day, as FreeRADIUS has it; its clock is ``[billing] timezone``.
- What a user has of his own beside his group's (a rate, a timeout) cannot be said in billing: his row is an error,
  and not quietly something else.
- Nothing there has a number that stays: rows are known by their names.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mktui.billing.model import Kind, SubscriberStatus
from mktui.billing.sources.native import Folded, NativeRow
from mktui.billing.sources.rates import rate_fields
from mktui.billing.sources.rows import RowError
from mktui.billing.sources.units import Unreadable
from mktui.billing.sources.zones import as_utc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Tables: TypeAlias = "Mapping[str, Sequence[Mapping[str, Any]]]"  # Any: what a database gives
Attributes: TypeAlias = "dict[str, list[str]]"

_USERS: Final = frozenset({"username", "attribute", "value"})
_GROUPS: Final = frozenset({"groupname", "attribute", "value"})
TABLES: Final[dict[str, tuple[frozenset[str], frozenset[str]]]] = {
    "radcheck": (_USERS, frozenset()),
    "radreply": (_USERS, frozenset()),
    "radgroupcheck": (_GROUPS, frozenset()),
    "radgroupreply": (_GROUPS, frozenset()),
    "radusergroup": (frozenset({"username", "groupname"}), frozenset({"priority"})),
}
"""Table -> columns that must be there, and those that may."""
_FIELDS: Final = {
    "session-timeout": "session_timeout_s", "idle-timeout": "idle_timeout_s", "framed-pool": "pool",
    "mikrotik-address-list": "address_list", "simultaneous-use": "shared_sessions",
}  # fmt: skip
"""Attribute of a group -> field of a profile."""
_RATE: Final = "mikrotik-rate-limit"
_CLEAR: Final = ("cleartext-password", "user-password")
_BY_ROUTER: Final = frozenset({"255.255.255.254", "255.255.255.255"})
"""Framed-IP-Address that leaves the choice to the router (RFC 2865, 5.8)."""
_DEFAULT: Final = "DEFAULT"
"""Not a user: what holds for all."""
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE: Final = re.compile(
    r"(?:(?P<d1>\d{1,2})\s+(?P<m1>[A-Za-z]{3,9})|(?P<m2>[A-Za-z]{3,9})\s+(?P<d2>\d{1,2})),?\s+(?P<y>\d{4})"
    r"(?:,?\s+(?P<time>\d{2}:\d{2}(?::\d{2})?))?"
)
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?)?(Z|[+-]\d{2}:\d{2})?")
_UNIX: Final = re.compile(r"\d{9,11}")


@dataclass(slots=True)
class _Side:
    """Attributes of users, or of groups, by name: names byte for byte, attributes without case."""

    of: dict[str, Attributes] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def take(self, rows: Sequence[Mapping[str, Any]], name: str) -> None:
        for row in rows:
            self.of[str(row[name])][str(row["attribute"]).strip().lower()].append(str(row["value"]).strip())


def fold(tables: Tables, *, service: Kind, default_profile: str, local: dt.tzinfo) -> Folded:
    """Return the profiles and subscribers that the tables hold. ``service``: what all of them are."""
    users, groups = _Side(), _Side()
    for table in ("radcheck", "radreply"):
        users.take(tables[table], "username")
    for table in ("radgroupcheck", "radgroupreply"):
        groups.take(tables[table], "groupname")
    memberships: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in tables["radusergroup"]:
        memberships[str(row["username"])].append((int(row.get("priority") or 0), str(row["groupname"])))
        groups.of[str(row["groupname"])]  # one without attributes is a group too
    rejecting = {name for name, attributes in groups.of.items() if _rejects(attributes)}
    rows = [_profile(name, groups.of[name], service) for name in sorted(set(groups.of) - rejecting)]
    names = sorted((set(users.of) | set(memberships)) - {_DEFAULT})
    people = [_User(name, users.of[name], sorted(memberships[name]), rejecting) for name in names]
    rows += [user.row(groups, service, default_profile, local) for user in people]
    return Folded(tuple(rows))


def _rejects(attributes: Attributes) -> bool:
    return any(value.lower() == "reject" for value in attributes.get("auth-type", ()))


def _profile(name: str, attributes: Attributes, service: Kind) -> NativeRow:
    where = f"group {name}"
    errors = tuple(_twice(where, attributes, (_RATE, *_FIELDS)))
    return NativeRow("profile", where, {"name": name, "kind": service, **_limits(attributes)}, errors)


def _limits(attributes: Attributes) -> dict[str, str]:
    found = {name: attributes[attribute][0] for attribute, name in _FIELDS.items() if attribute in attributes}
    return found | (rate_fields(attributes[_RATE][0]) if _RATE in attributes else {})


def _twice(where: str, attributes: Attributes, names: Sequence[str]) -> list[RowError]:
    return [
        RowError(where, name, "", f"is there with {len(set(attributes[name]))} values", "keep the right one")
        for name in names
        if len(set(attributes.get(name, ()))) > 1
    ]


@dataclass(frozen=True, slots=True)
class _User:
    name: str
    own: Attributes = field(repr=False)
    groups: list[tuple[int, str]]
    rejecting: set[str]

    def row(self, groups: _Side, service: Kind, default_profile: str, local: dt.tzinfo) -> NativeRow:
        where = f"user {self.name}"
        errors = _twice(where, self.own, (*_CLEAR, "expiration", "framed-ip-address"))
        passwords = [self.own[name][0] for name in _CLEAR if name in self.own]
        if not passwords:
            errors.append(RowError(where, "password", "", "there is none in clear", "a router keeps no hashes"))
        profile = self._profile(where, default_profile, errors)
        limits = _limits(groups.of[profile]) if profile in groups.of else {}
        errors += [
            RowError(where, name, value, "is this user's own: billing has limits for profiles only", "use a group")
            for name, value in _limits(self.own).items()
            if value != limits.get(name, "1" if name == "shared_sessions" else "")
        ]
        suspended = _rejects(self.own) or any(group in self.rejecting for _, group in self.groups)
        cells: dict[str, object] = {
            "username": self.name, "password": passwords[0] if passwords else None, "kind": service, "profile": profile,
            "status": SubscriberStatus.SUSPENDED if suspended else SubscriberStatus.ACTIVE,
            "valid_until": self._until(where, local, errors), "static_ip": self._address(),
        }  # fmt: skip
        return NativeRow("subscriber", where, cells, tuple(errors))

    def _profile(self, where: str, default_profile: str, errors: list[RowError]) -> str:
        allowed = [(priority, group) for priority, group in self.groups if group not in self.rejecting]
        first = [group for priority, group in allowed if priority == allowed[0][0]]
        if len(set(first)) > 1:
            named = ", ".join(first)
            errors.append(RowError(where, "profile", named, "groups of the same priority", "give one a lower one"))
        if not first and not default_profile:
            errors.append(RowError(where, "profile", "", "is in no group", "use a group, or set default_profile"))
        return first[0] if first else default_profile

    def _until(self, where: str, local: dt.tzinfo, errors: list[RowError]) -> dt.datetime | None:
        text = self.own["expiration"][0] if "expiration" in self.own else ""
        try:
            return expiration(text, local) if text else None
        except Unreadable as error:
            errors.append(RowError(where, "valid_until", text, error.problem, error.remedy))
            return None

    def _address(self) -> str | None:
        address = self.own["framed-ip-address"][0] if "framed-ip-address" in self.own else None
        return None if address in _BY_ROUTER else address


def expiration(text: str, local: dt.tzinfo) -> dt.datetime:
    """Return the moment that an Expiration means, in UTC: a date alone is the begin of that day.

    Raises:
        Unreadable: It is none that FreeRADIUS reads without doubt.
    """
    remedy = "write 24 Nov 2026 18:00:00 or 2026-11-24 18:00:00"
    try:
        if _UNIX.fullmatch(text):
            return dt.datetime.fromtimestamp(int(text), dt.UTC)
        if _ISO.fullmatch(text):
            return as_utc(dt.datetime.fromisoformat(text), local)
        if match := _DATE.fullmatch(text):
            month = _MONTHS.index((match["m1"] or match["m2"])[:3].lower()) + 1
            day = dt.date(int(match["y"]), month, int(match["d1"] or match["d2"]))
            time = dt.time.fromisoformat(match["time"] or "00:00")
            return as_utc(dt.datetime.combine(day, time), local)
    except (ValueError, OverflowError, OSError):
        pass
    raise Unreadable("not a date of FreeRADIUS", remedy)
