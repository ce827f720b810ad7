"""What RouterOS knows: menus, commands, arguments and values by version. Facts read from ``schema.json``, lazily.

One source for the simulator (what is accepted) and for the client (what is a flag). Commands and arguments carry the
first and last version that has them; readable names, read-only names and values are those of 7.22.3.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_FLAG_VALUES: Final = ["no", "yes"]
_READ_ONLY_FLAGS: Final = frozenset(
    {
        "blocked", "builtin", "by-romon", "default", "dynamic", "dst-active", "expired", "inactive",
        "invalid", "radius", "running", "slave",
    }
)  # fmt: skip

Span = tuple[str, str] | None
"""First and last version; None: every version."""


@dataclass(frozen=True, slots=True)
class Menu:
    """One menu. ``values`` holds the closed list of an attribute, or a description of its form."""

    path: str
    commands: Mapping[str, Span]
    arguments: Mapping[str, Mapping[str, Span]]
    readable: frozenset[str]
    read_only: frozenset[str]
    values: Mapping[str, list[str] | str]
    defaults: Mapping[str, str]
    required: frozenset[str]
    unsettable: frozenset[str]

    @property
    def is_single(self) -> bool:
        """One row without an id, such as /system/identity: there is nothing to find."""
        return "find" not in self.commands


@cache
def _facts() -> dict[str, Any]:  # Any: JSON
    text = resources.files(__package__).joinpath("schema.json").read_text(encoding="utf-8")
    facts: dict[str, Any] = json.loads(text)
    return facts


@cache
def versions() -> tuple[str, ...]:
    """Return the versions the schema knows, oldest first."""
    return tuple(_facts()["versions"])


@cache
def menus() -> tuple[str, ...]:
    """Return the paths of all menus."""
    return tuple(_facts()["menus"])


def menu(path: str) -> Menu | None:
    """Return a menu's facts, or None when the schema has no such menu."""
    return _menu(path) if path in _facts()["menus"] else None


@cache
def _menu(path: str) -> Menu:
    facts = _facts()["menus"][path]
    return Menu(
        path=path,
        commands={name: _span(span) for name, span in facts["commands"].items()},
        arguments={
            command: {name: _span(span) for name, span in arguments.items()}
            for command, arguments in facts["arguments"].items()
        },
        readable=frozenset(facts["readable"]),
        read_only=frozenset(facts["read_only"]),
        values=facts["values"],
        defaults=facts["defaults"],
        required=frozenset(facts["required"]),
        unsettable=frozenset(facts["unsettable"]),
    )


def words(path: str, name: str) -> frozenset[str]:
    """Return the closed list of an attribute's values; empty where there is none."""
    facts = menu(path)
    values = facts.values.get(name) if facts is not None else None
    return frozenset(values) if isinstance(values, list) else frozenset()


def is_flag(path: str, name: str) -> bool:
    """Say whether an attribute is a flag: printed true or false, and yes or no accepted."""
    facts = menu(path)
    if name in _READ_ONLY_FLAGS:
        return facts is None or name in facts.readable or not facts.readable
    return facts is not None and facts.values.get(name) == _FLAG_VALUES


def in_version(span: Span, version: str) -> bool:
    """Say whether something with this span exists in a version that the schema knows."""
    if span is None:
        return True
    order = versions()
    return order.index(span[0]) <= order.index(version) <= order.index(span[1])


def _span(span: list[str] | None) -> Span:
    return None if span is None else (span[0], span[1])
