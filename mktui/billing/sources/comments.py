"""Comments that the 2024 system wrote into routers, read without loss: ``str()`` gives the very same text back.

Three forms: ``VOUCHER_SYSTEM|price_sell|first_login_timestamp|valid_until_timestamp`` (times as unix seconds, ISO,
``0`` or nothing), ``VOUCHER_SYSTEM|batch_id|price_sell|price_cost|valid_hours|vendor_id|created_date|created_by``, and
JSON objects for PPPoE, profiles and older vouchers. What cannot be read is named, never taken for "no end".
"""

from __future__ import annotations

import datetime as dt
import enum
import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from mktui.billing.sources import units
from mktui.billing.sources.units import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MARK: Final = "VOUCHER_SYSTEM"
_VOUCHER: Final = ("price_sell", "first_login_timestamp", "valid_until_timestamp")
_BATCH: Final = ("batch_id", "price_sell", "price_cost", "valid_hours", "vendor_id", "created_date", "created_by")
_OURS: Final = frozenset(
    {"system", "price_sell", "expired_date", "expired_hours", "first_login", "valid_until_timestamp"}
)
"""A JSON object with one of these keys is the old system's; others are somebody else's."""
_ENDS: Final = ("valid_until_timestamp", "expired_date", "valid_until", "expiry_date")
_FIRST_LOGINS: Final = ("first_login_timestamp", "first_login")
_HOURS: Final = ("valid_hours", "expired_hours", "duration_hours")
_NUMBER: Final = re.compile(r"\d{1,12}(\.\d{1,6})?", re.ASCII)
_UNIX: Final = re.compile(r"\d{9,11}", re.ASCII)
_PERSONAL: Final = re.compile(r"phone|whatsapp|\bwa\b|email|address|full_?name|customer_?name|^name$|\bnik\b|\bktp\b")
_OF_CUSTOMER: Final = re.compile(r"(^|\.)(customer|client|pelanggan)\.(?!id$)")


class Form(enum.StrEnum):
    """How a comment is written."""

    VOUCHER = "voucher"
    BATCH = "voucher batch"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class OldComment:
    """One comment of the old system. ``fields`` are texts by name, of JSON objects with dots: ``customer.phone``."""

    text: str = field(repr=False)  # it may hold a customer's name
    form: Form
    fields: Mapping[str, str] = field(repr=False)

    def __str__(self) -> str:
        return self.text

    @property
    def price_minor(self) -> int | None:
        """What it was sold for, in minor units; None: it does not say, or not in numbers."""
        text = self.fields.get("price_sell", "")
        return int(Decimal(text) * 100) if _NUMBER.fullmatch(text) else None

    def valid_until(self, local: dt.tzinfo) -> dt.datetime | None:
        """Return when it ends; None: it has no end yet. A time without a zone is ``local``'s.

        Raises:
            Unreadable: It says something that is no time.
        """
        for name in _ENDS:
            if self.fields.get(name, "") not in {"", "0"}:
                return _moment(name, self.fields[name], local)
        first = next((name for name in _FIRST_LOGINS if self.fields.get(name, "") not in {"", "0"}), "")
        hours = next((self.fields[name] for name in _HOURS if self.fields.get(name, "") not in {"", "0"}), "")
        if not (first and hours):
            return None
        if not _NUMBER.fullmatch(hours):
            raise Unreadable("the hours it is valid are no number")
        try:
            return _moment(first, self.fields[first], local) + dt.timedelta(hours=float(hours))
        except OverflowError:
            raise Unreadable("the hours it is valid are too many") from None

    def personal(self) -> dict[str, str]:
        """Return what is a customer's name, number or address: it never goes to a router."""
        return {
            name: value
            for name, value in self.fields.items()
            if value and (_PERSONAL.search(name.lower()) or _OF_CUSTOMER.search(name.lower()))
        }


def _moment(name: str, text: str, local: dt.tzinfo) -> dt.datetime:
    try:
        if _UNIX.fullmatch(text):
            return dt.datetime.fromtimestamp(int(text), dt.UTC)
        return units.moment(re.sub(r"(\.\d{1,6})\d*", r"\1", text), local)
    except (Unreadable, OverflowError, OSError, ValueError):
        raise Unreadable(f"its {name} is no time", "unix seconds or 2026-11-24 18:00") from None


def read_comment(text: str) -> OldComment | None:
    """Return a comment of the old system; None: it is somebody else's."""
    if text.startswith(f"{_MARK}|"):
        return _piped(text)
    return _json(text) if text.lstrip().startswith("{") else None


def _piped(text: str) -> OldComment | None:
    parts = text.split("|")[1:]
    if len(parts) < len(_VOUCHER):
        return None
    is_batch = len(parts) == len(_BATCH) and not _NUMBER.fullmatch(parts[0]) and _is_amount(parts[1])
    names = _BATCH if is_batch else _VOUCHER
    fields = {names[index] if index < len(names) else str(index + 1): part for index, part in enumerate(parts)}
    return OldComment(text, Form.BATCH if is_batch else Form.VOUCHER, MappingProxyType(fields))


def _is_amount(text: str) -> bool:
    return not text or bool(_NUMBER.fullmatch(text))


def _json(text: str) -> OldComment | None:
    try:
        found = json.loads(text)
        fields = dict(_flat("", found)) if isinstance(found, dict) else {}
    except (ValueError, RecursionError):
        return None
    if not _OURS.intersection(fields):
        return None
    return OldComment(text, Form.JSON, MappingProxyType(fields))


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:  # Any: whatever JSON holds
    """Yield every value under its dotted name."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield prefix, _word(value)
        return
    for name, inner in items:
        yield from _flat(f"{prefix}.{name}" if prefix else str(name), inner)


def _word(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
