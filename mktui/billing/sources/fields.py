"""A row of texts by column name -> a profile or subscriber, with every fault of the row at once.

Columns are the field names of ``mktui.billing.model``; ``price`` is ``price_minor`` in whole units with two decimals.
An empty cell stands for a field's default; an empty password, and every field without a column, for what billing has.
Without ``external_id`` a row is known by its kind and name (``ppp:ana``): it can be changed, but never renamed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr, ValidationError

from mktui.billing.model import Kind, OnInactive, Profile, Subscriber, SubscriberStatus
from mktui.billing.sources import units
from mktui.billing.sources.rows import SECRET_FIELDS, RowError
from mktui.billing.sources.units import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mktui.billing.sources.rows import What

_RATES: Final = ("rate_down_bps", "rate_up_bps", "burst_down_bps", "burst_up_bps", "burst_threshold_down_bps",
                 "burst_threshold_up_bps")  # fmt: skip
_DURATIONS: Final = ("burst_time_s", "session_timeout_s", "idle_timeout_s", "validity_s", "quota_uptime_s")
_READERS: Final[dict[str, Callable[[str], object]]] = {
    **dict.fromkeys(_RATES, units.rate), **dict.fromkeys(_DURATIONS, units.duration),
    "priority": units.whole, "shared_sessions": units.whole, "price_minor": units.whole, "price": units.money,
    "quota_bytes": units.size, "enabled": units.flag, "protect": units.flag, "kind": units.one_of(Kind),
    "status": units.one_of(SubscriberStatus), "on_inactive": units.one_of(OnInactive), "mac": units.mac,
    "static_ip": units.ipv4, "routers": units.names,
}  # fmt: skip
"""Field -> how its text is read; ``valid_until`` needs a zone; others are texts, kept byte for byte."""
_LONGEST: Final = {"rate_limit_raw": 256, "password": 256, "comment": 1024, "ppp_service": 32}
"""Characters that every database keeps of a text; others: 128."""
COLUMNS: Final[dict[What, tuple[str, ...]]] = {
    "profile": (*Profile.model_fields, "price"), "subscriber": tuple(Subscriber.model_fields),
}  # fmt: skip
REQUIRED: Final[dict[What, tuple[str, ...]]] = {"profile": ("name",), "subscriber": ("username", "profile")}


@dataclass(frozen=True, slots=True)
class ReadRow:
    """What could be read of one row; ``row`` is None when something could not."""

    what: What
    where: str
    values: Mapping[str, object] = field(repr=False)
    row: Profile | Subscriber | None
    errors: tuple[RowError, ...] = ()
    derived: bool = False
    """Its external id was made from its name."""


def read_row(what: What, cells: Mapping[str, str | None], *, where: str, local: dt.tzinfo) -> ReadRow:
    """Read one row. ``cells`` are texts by column, None where one is empty."""
    model = Profile if what == "profile" else Subscriber
    given = {name: text for name, text in cells.items() if text is not None and not _is_blank(name, text)}
    values = _defaults(model, set(cells) - set(given))
    errors = [RowError(where, name, "", "is missing") for name in REQUIRED[what] if not given.get(name)]
    for name, text in given.items():
        try:
            values[_field(name)] = _value(name, text, local)
        except Unreadable as error:
            errors.append(RowError(where, name, text, error.problem, error.remedy))
    derived = "external_id" not in given
    if derived:
        values["external_id"] = derived_id(what, values)
    if errors:
        return ReadRow(what, where, values, None, tuple(errors), derived)
    try:
        return ReadRow(what, where, values, model.model_validate(values), (), derived)
    except ValidationError as error:
        return ReadRow(what, where, values, None, tuple(_told(error, given, where)), derived)


def _is_blank(name: str, text: str) -> bool:
    return (name in _READERS or name == "valid_until") and not text.strip()


def _field(name: str) -> str:
    return "price_minor" if name == "price" else name


def _defaults(model: type[Profile | Subscriber], empty: set[str]) -> dict[str, object]:
    """Return what empty cells stand for; an empty password stands for the one that billing has."""
    fields = {name: model.model_fields[name] for name in map(_field, empty - SECRET_FIELDS)}
    return {name: found.default for name, found in fields.items() if not found.is_required()}


def _value(name: str, text: str, local: dt.tzinfo) -> object:
    if name == "valid_until":
        return units.moment(text.strip(), local)
    if name in _READERS:
        return _READERS[name](text.strip())
    longest = _LONGEST.get(name, 128)
    if len(text) > longest:
        raise Unreadable(f"longer than {longest} characters")
    if "\0" in text or not _writable(text):
        raise Unreadable("has a character that no database keeps")
    return SecretStr(text) if name == "password" else text


def _writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _told(error: ValidationError, cells: Mapping[str, str], where: str) -> list[RowError]:
    """Turn the model's words into ours; its own would show the whole row."""
    found = []
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        name = str(fault["loc"][0]) if fault["loc"] else ""
        problem = fault["msg"].removeprefix("Value error, ")
        found.append(RowError(where, name, cells.get(name, ""), problem[:1].lower() + problem[1:]))
    return found


def derived_id(what: What, values: Mapping[str, object]) -> str:
    """Return the external id of a row that has none: from its kind and name, and its hotspot server where it has one.

    It stays the same as long as the name does.
    """
    kind = values.get("kind", Kind.PPP)
    server = str(values.get("hotspot_server", "all"))
    if what == "profile":
        return f"{kind}:{values.get('name', '')}"
    place = f"{kind}/{server}" if kind == Kind.HOTSPOT and server != "all" else kind
    return f"{place}:{values.get('username', '')}"


def text_of(value: object) -> str:
    """Return a database's own value as a text that :func:`read_row` understands; None is the empty text.

    Raises:
        Unreadable: It is of a type that says nothing here.
    """
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list | tuple | set):
        return units.listed([text_of(one) for one in value])
    for types, words in _WORDS:
        if isinstance(value, types):
            return words(value)
    if type(value).__module__ in {"ipaddress", "uuid"}:
        return str(value)
    raise Unreadable(f"a {type(value).__name__} says nothing here")


def _plain(number: Decimal) -> str:
    if not number.is_finite():
        raise Unreadable("not a number")
    return f"{number:f}" if number != number.to_integral_value() else str(int(number))


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Unreadable("bytes that are no UTF-8 text") from None


_WORDS: Final[tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...]] = (  # Any: what isinstance found
    (bool, lambda value: "yes" if value else "no"),
    (dt.datetime, lambda value: value.isoformat(" ")),
    (dt.date, dt.date.isoformat),
    (dt.timedelta, lambda value: f"{value.total_seconds():.0f}"),
    (int, str),
    ((float, Decimal), lambda value: _plain(Decimal(str(value)))),
    ((bytes, bytearray, memoryview), lambda value: _decoded(bytes(value))),
)
"""A database's own types -> how they are written; the first that fits."""
