"""A profile or a subscriber as fields of a form: texts that read back as a CSV's cells do, with the same messages.

Pure. A password is never in it before somebody has typed one.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from mktui.billing.model import Kind, Profile, Subscriber
from mktui.billing.sources.csv_export import cell
from mktui.billing.sources.fields import read_row
from mktui.billing.sources.rows import SECRET_FIELDS
from mktui.services.books import name_of
from mktui.tui.billing_rows import duration, moment, money

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from mktui.billing.sources.rows import What
    from mktui.services.books import Books, Row
    from mktui.tui.keymap import Keymap

MODELS: Final[dict[What, type[Profile | Subscriber]]] = {"profile": Profile, "subscriber": Subscriber}
_OF_PPP: Final = frozenset({"local_address", "ppp_service", "static_ip"})
_OF_HOTSPOT: Final = frozenset({"shared_sessions", "hotspot_server", "quota_bytes", "quota_uptime_s"})
_UNITS: Final = {"bit/s": "10M, 512k", "s": "1h, 30d", "bytes": "5G, 500M"}
"""Unit -> how a number of it may be typed."""
_PRICE: Final = "price_minor"


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``choices``: it is one of these; ``cell``: what a CSV calls it."""

    name: str
    cell: str
    description: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""
    is_secret: bool = False
    must_be_given: bool = False


def fields_of(what: What) -> tuple[Field, ...]:
    """Return all fields of a row."""
    found = []
    for name, info in MODELS[what].model_fields.items():
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        value = None if info.is_required() else info.default
        needed = info.is_required() and name != "external_id"
        found.append(Field(
            name, "price" if name == _PRICE else name, info.description or "", str(extra.get("unit", "")),
            _choices(info.annotation), "" if value is None else _plain(name, value, str(extra.get("unit", ""))),
            name in SECRET_FIELDS, needed,
        ))  # fmt: skip
    return tuple(found)


def _choices(annotation: Any) -> tuple[str, ...]:  # Any: a type, as typing has it
    if annotation is bool:
        return ("yes", "no")
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return tuple(str(each.value) for each in annotation)
    return ()


def text_of(row: Row, name: str, local: tzinfo) -> str:
    """Return a field's text as a person would type it; a password has none."""
    value = getattr(row, name)
    if name == "valid_until":
        return "" if value is None else moment(value, local)
    extra = type(row).model_fields[name].json_schema_extra
    return _plain(name, value, str(extra.get("unit", "")) if isinstance(extra, dict) else "")


def _plain(name: str, value: object, unit: str) -> str:
    if isinstance(value, SecretStr):
        return ""
    if name == _PRICE and isinstance(value, int):
        return money(value)
    if isinstance(value, int) and value and unit == "s":
        return duration(value)
    if isinstance(value, int) and value and unit in {"bit/s", "bytes"}:
        return _scaled(value)
    return cell(value)


def _scaled(number: int) -> str:
    """Return 40M for 40 000 000, and no unit where it would not be exact."""
    for unit, factor in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number % factor == 0:
            return f"{number // factor}{unit}"
    return str(number)


@dataclass
class RowDraft:
    """A row that is being edited. ``before`` None: it is new. ``typed`` holds only what somebody has changed."""

    what: What
    before: Row | None
    local: tzinfo
    typed: dict[str, str] = field(default_factory=dict, repr=False)
    _past: list[dict[str, str]] = field(default_factory=list, repr=False)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields that have a meaning for its kind; its id can be given only to a new one."""
        kind = self.text("kind")
        hidden = _OF_HOTSPOT if kind == Kind.PPP.value else _OF_PPP
        return tuple(
            each for each in fields_of(self.what)
            if (each.name != "external_id" or self.before is None)
            and (each.name not in hidden or self.text(each.name) != each.default)
        )  # fmt: skip

    @property
    def name(self) -> str:
        """What it is called, so far."""
        typed = self.typed.get("name" if self.what == "profile" else "username", "")
        return typed or (name_of(self.before) if self.before is not None else f"new {self.what}")

    def known(self, name: str) -> str:
        """Return what a field was before."""
        if self.before is not None:
            return text_of(self.before, name, self.local)
        return next(each.default for each in fields_of(self.what) if each.name == name)

    def text(self, name: str) -> str:
        """Return what a field is now."""
        return self.typed[name] if name in self.typed else self.known(name)

    def change(self, name: str, text: str) -> None:
        """Take what was typed; what is as before is no change."""
        after = {key: value for key, value in self.typed.items() if key != name}
        if text != self.known(name):
            after[name] = text
        if after != self.typed:
            self._past.append(self.typed)
            self.typed = after

    def undo(self) -> bool:
        """Take the last change back; False: there is none."""
        if not self._past:
            return False
        self.typed = self._past.pop()
        return True

    def errors(self, books: Books | None, typing: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return what is wrong, field by field; ``typing``: what is being typed and was not taken yet."""
        typed = self.typed | dict(typing or {})
        cells = {each.cell: typed.get(each.name, self.known(each.name)) for each in self.fields}
        if self.before is not None:
            cells["external_id"] = self.before.external_id
        cells = {name: text for name, text in cells.items() if text or name not in {"external_id", "password"}}
        read = read_row(self.what, cells, where="", local=self.local)
        found: dict[str, str] = {}
        for error in read.errors:
            name = _PRICE if error.field == "price" else error.field or self._blamed(typed)
            found.setdefault(name, f"{error.problem}{f'; {error.remedy}' if error.remedy else ''}")
        if books is not None:
            found = self._beside_others(typed, books) | found
        return found

    def _blamed(self, typed: Mapping[str, str]) -> str:
        """What is wrong between two fields is said at the one that was changed last."""
        return next(reversed(list(typed)), "rate_limit_raw")

    def _beside_others(self, typed: Mapping[str, str], books: Books) -> dict[str, str]:
        """Return what cannot stand beside the rest of billing, as far as it is known."""
        found = {}
        name_field, kind = ("name" if self.what == "profile" else "username"), typed.get("kind", self.text("kind"))
        own = self.before.external_id if self.before is not None else ""
        holder = books.names.get((self.what, kind, typed.get(name_field, self.known(name_field))), own)
        if holder != own and (self.what == "profile" or kind == Kind.PPP.value):  # hotspots: one name a server
            found[name_field] = f"billing has it already, as {holder}"
        profile = typed.get("profile", self.known("profile")) if self.what == "subscriber" else ""
        if profile and ("profile", kind, profile) not in books.names:
            known = sorted(name for what, of_kind, name in books.names if what == "profile" and of_kind == kind)
            near = [name for name in known if name.startswith(profile[:1])] or known
            found["profile"] = f"no {kind} profile of this name; {', '.join(near[:6]) or 'there is none yet'}"
        return found

    def to_write(self, now: Row | None) -> dict[str, str]:
        """Return the cells that say what was changed, and whose row it is. ``now``: the row as billing has it now."""
        cells = {each.cell: self.typed[each.name] for each in fields_of(self.what) if each.name in self.typed}
        if self.before is None:
            return {name: text for name, text in cells.items() if text}
        present = now if now is not None else self.before
        identity = {"external_id": present.external_id, "kind": present.kind.value}
        if isinstance(present, Profile):
            return identity | {"name": present.name} | cells
        return identity | {"username": present.username, "profile": present.profile} | cells


def how_to_type(each: Field, keymap: Keymap) -> str:
    """Return how a field is edited."""
    edit, unset = keymap.key("open"), keymap.key("unset")
    if each.choices:
        return f"{edit} takes the next one · {unset}: its default"
    if each.is_secret:
        return f"{edit} types another one; what is there is never shown"
    if each.name == "routers":
        return f"{edit} edits it: names with | between them; empty: every router"
    if each.name == "valid_until":
        return f"{edit} edits it: 2026-12-31 (the end of that day) or 2026-12-31 18:00 · {unset}: without an end"
    example = f": {_UNITS[each.unit]}, or a plain number" if each.unit in _UNITS else ""
    return f"{edit} edits it{example} · {unset}: its default"
