"""Every setting as one row: its key, its kind, what it means, when it applies. Made from the model that checks it.

Forms, ``config show`` and ``config set`` know a setting only through this: a new field of the model appears in all of
them. A router and a source are known by name: their keys are ``routers.NAME.host``, ``billing.sources.NAME.url``. Which
actions ``[keys]`` may name only the screen knows: here are those that a file names.
"""

from __future__ import annotations

import enum
import shlex
import types
import typing
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from mktui.billing.options import BillingOptions, SourceOptions
from mktui.config.alerts import AlertConfig, AlertRules, HookConfig, WebhookConfig
from mktui.config.http import HttpConfig, TokenConfig
from mktui.config.maintenance import MaintenanceOptions
from mktui.config.model import RouterConfig, UiConfig
from mktui.config.secrets import SecretSource
from mktui.config.serve import ServeConfig
from mktui.core.pool.options import PoolOptions
from mktui.monitor.options import MonitorOptions
from mktui.sync.options import Limits, SyncOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


Key = tuple[str, ...]
Raw = dict[str, Any]
"""A configuration as TOML has it."""

HIDDEN: Final = "••••••"
LISTS: Final = (
    ("routers",), ("billing", "sources"), ("http", "tokens"), ("alerts", "webhooks"), ("alerts", "hooks"),
)  # fmt: skip
"""Lists of tables, whose entries are known by their names."""


class Kind(enum.Enum):
    """How a setting is edited."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    CHOICE = "choice"
    SECRET = "secret"  # noqa: S105 - a kind, no secret
    """A text that is never shown."""
    PASSWORD = "password"  # noqa: S105 - a kind, no password
    """A text that is never shown, or where it comes from."""
    WORDS = "words"
    """A program and its arguments."""
    KEYS = "keys"
    """A key that is pressed, or some."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of a form."""

    key: Key
    kind: Kind
    description: str
    unit: str = ""
    applies: str = "restart"
    """``live``, or on ``restart``."""
    default: Any = None  # Any: as many types as settings
    choices: tuple[str, ...] = ()
    must_be_given: bool = False
    may_be_digest: bool = False
    """A secret of which the file may hold only the digest."""

    @property
    def dotted(self) -> str:
        """Its key as people write it."""
        return ".".join(self.key)

    @property
    def name(self) -> str:
        """The last part of its key."""
        return self.key[-1]

    @property
    def is_secret(self) -> bool:
        """Its value is shown nowhere."""
        return self.kind in {Kind.SECRET, Kind.PASSWORD}


@dataclass(frozen=True, slots=True)
class Section:
    """Settings that stand together. ``on_top_of``: what holds where a setting is left out here."""

    key: Key
    settings: tuple[Setting, ...]
    on_top_of: Key = ()

    @property
    def title(self) -> str:
        """Its name for people."""
        return ".".join(self.key)


def sections(raw: Mapping[str, Any]) -> tuple[Section, ...]:  # Any: TOML
    """Return every section of a configuration, with one for each router, its own pool, and each source."""
    found = [_section(("pool",), PoolOptions), _section(("ui",), UiConfig), _section(("billing",), BillingOptions)]
    found += [_section(("billing", "sources", name), SourceOptions) for name in names(raw, ("billing", "sources"))]
    found += [_section(("sync",), SyncOptions), _section(("sync", "limits"), Limits)]
    found += [_section(("monitor",), MonitorOptions), _section(("maintenance",), MaintenanceOptions)]
    found += [_section(("alerts",), AlertConfig), _section(("alerts", "rules"), AlertRules)]
    found += [_section(("alerts", "webhooks", name), WebhookConfig) for name in names(raw, ("alerts", "webhooks"))]
    found += [_section(("alerts", "hooks", name), HookConfig) for name in names(raw, ("alerts", "hooks"))]
    found += [_section(("serve",), ServeConfig), _section(("http",), HttpConfig)]
    found += [_section(("http", "tokens", name), TokenConfig) for name in names(raw, ("http", "tokens"))]
    found += [Section(("keys",), own)] if (own := own_keys(raw)) else []
    for name in names(raw, ("routers",)):
        found += [
            _section(("routers", name), RouterConfig),
            _section(("routers", name, "pool"), PoolOptions, on_top_of=("pool",)),
        ]
    return tuple(found)


def own_keys(raw: Mapping[str, Any]) -> tuple[Setting, ...]:  # Any: TOML
    """Return the actions that a file gives keys to; what should be a table of them, and is none, as one setting."""
    given = raw.get("keys")
    keys = [("keys", str(name)) for name in given] if isinstance(given, dict) else [] if given is None else [("keys",)]
    return tuple(Setting(key, Kind.KEYS, "the key, or keys, of an action", applies="live") for key in keys)


def names(raw: Mapping[str, Any], path: Key) -> list[str]:  # Any: TOML
    """Return the names of the entries of a list of tables; an entry without one is known by its number."""
    rows: Any = raw
    for part in path:
        rows = rows.get(part, {}) if isinstance(rows, dict) else {}
    if not isinstance(rows, list):
        return []
    return [name_of(row, index) for index, row in enumerate(rows)]


def name_of(row: object, index: int) -> str:
    """Return what an entry of a list of tables is known by."""
    name = row.get("name") if isinstance(row, dict) else None
    return name if isinstance(name, str) and name else str(index + 1)


class Lookup:
    """Finds values in one configuration by their keys. Each list is read once, when it is first asked for.

    The configuration must not change while it is looked into.
    """

    def __init__(self, raw: Mapping[str, Any]) -> None:  # Any: TOML
        self._raw = raw
        self._entries: dict[Key, dict[str, Any]] = {}

    def entry(self, key: Key) -> tuple[Any, Key]:  # Any: TOML
        """Return the table in which a key stands, and the rest of the key in it; an absent one is an empty table."""
        for path in LISTS:
            if key[: len(path)] == path and len(key) > len(path):
                if path not in self._entries:
                    self._entries[path] = _by_name(self._raw, path)
                return self._entries[path].get(key[len(path)], {}), key[len(path) + 1 :]
        return self._raw, key

    def value(self, key: Key) -> Any:  # Any: TOML
        """Return what the configuration says for a key; None: nothing."""
        found, rest = self.entry(key)
        for part in rest:
            try:
                found = found[part]
            except (KeyError, TypeError, IndexError):
                return None
        return found


def _by_name(raw: Mapping[str, Any], path: Key) -> dict[str, Any]:  # Any: TOML
    """Return the entries of a list by what they are known by; of two with one name the first."""
    rows: Any = raw
    for part in path:
        rows = rows.get(part, {}) if isinstance(rows, dict) else {}
    found: dict[str, Any] = {}
    for index, row in enumerate(rows if isinstance(rows, list) else ()):
        found.setdefault(name_of(row, index), row)
    return found


def entry(raw: Mapping[str, Any], key: Key) -> tuple[Any, Key]:  # Any: TOML
    """Return the table in which a key stands, and the rest of the key in it, once."""
    is_whole = any(key[:-1] == path for path in LISTS)
    return (raw, key) if is_whole else Lookup(raw).entry(key)


def value_of(raw: Mapping[str, Any], key: Key) -> Any:  # Any: TOML
    """Return what a configuration says for a key, once; None: nothing. Who asks for many keeps a ``Lookup``."""
    return Lookup(raw).value(key)


def in_words(setting: Setting, value: Any) -> str:  # Any: TOML, or a default
    """Return a value for people: what may be secret is hidden, and where it comes from is said."""
    if value is None:
        return ""
    if setting.kind is Kind.PASSWORD:
        return _source_in_words(value)
    if setting.kind is Kind.SECRET:
        return HIDDEN if value and value != SecretStr("") else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return (shlex.join if setting.kind is Kind.WORDS else " ".join)(map(str, value))
    return (
        _number_in_words(value)
        if isinstance(value, float)
        else str(value.value if isinstance(value, enum.Enum) else value)
    )


def _number_in_words(value: float) -> str:
    short = f"{value:g}"
    return short if len(short) <= len(repr(value)) and float(short) == value else repr(value)


def _source_in_words(value: object) -> str:
    if isinstance(value, dict) and len(value) == 1:
        kind, where = next(iter(value.items()))
        first = where[0] if isinstance(where, list) and where else where
        if kind in {"env", "file", "keyring", "command"}:
            return f"{HIDDEN} from {kind} {first}"
    return HIDDEN if value and value != SecretSource("plain", "") else ""


@lru_cache(maxsize=2048)  # two for each router, and a few: a form makes them anew at each key
def _section(key: Key, model: type[BaseModel], on_top_of: Key = ()) -> Section:
    return Section(key, tuple(_settings(key, model)), on_top_of)


def _settings(section: Key, model: type[BaseModel]) -> Iterator[Setting]:
    usual = getattr(model, "APPLIES", "restart")
    for name, field in model.model_fields.items():
        kind, choices = _kind_of(field.annotation)
        if kind is not None:
            default = field.get_default(call_default_factory=True, validated_data={})
            extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
            yield Setting(
                (*section, name), kind, field.description or "", str(extra.get("unit", "")),
                str(extra.get("applies", usual)), None if default is PydanticUndefined else default, choices,
                must_be_given=field.is_required(), may_be_digest=bool(extra.get("digest")),
            )  # fmt: skip


_PLAIN: Final[dict[Any, Kind]] = {
    bool: Kind.FLAG, int: Kind.INTEGER, float: Kind.NUMBER, str: Kind.TEXT, SecretStr: Kind.SECRET,
    SecretSource: Kind.PASSWORD,
}  # fmt: skip


def _kind_of(annotation: Any) -> tuple[Kind | None, tuple[str, ...]]:  # Any: a type, as typing has it
    """Return how a field is edited; None: it is a section of its own."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return Kind.CHOICE, tuple(map(str, arguments))
    if origin is tuple and arguments == (str, ...):
        return Kind.WORDS, ()
    if origin in {types.UnionType, typing.Union}:
        return _kind_of(next(each for each in arguments if each is not type(None)))
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return Kind.CHOICE, tuple(str(each.value) for each in annotation)
    return _PLAIN.get(annotation), ()


_OF_LISTS: Final = (("routers.", ".pool."), *((f"{'.'.join(path)}.", ".") for path in LISTS))
"""How the keys of their entries begin, and what stands behind a name."""


def find(raw: Mapping[str, Any], dotted: str) -> Setting | None:  # Any: TOML
    """Return the setting of a key as people write it; a router or source that is not there yet has all of its own."""
    for known in (raw, *_with_another(dotted)):
        for section in sections(known):
            for setting in section.settings:
                if setting.dotted == dotted:
                    return setting
    return None


def _with_another(dotted: str) -> Iterator[Raw]:
    """A name may have dots in it: what is left when the setting's own words are taken off its end."""
    if dotted.startswith("keys."):
        yield {"keys": {dotted.removeprefix("keys."): ""}}
    for prefix, more in _OF_LISTS:
        name = dotted.removeprefix(prefix).rpartition(more)[0]
        if dotted.startswith(prefix) and name:
            *outer, last = prefix.split(".")[:-1]
            rows: Raw = {last: [{"name": name}]}
            yield {outer[0]: rows} if outer else rows
