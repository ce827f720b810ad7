"""The schema as one version sees it: which commands and arguments are accepted, and with which text others are not."""

from __future__ import annotations

from typing import Final

from mktui.core.protocol import schema
from mktui.core.protocol.values import version_key
from mktui.simulator import by_hand

BEFORE_SCHEMA: Final = "6.49"
"""Approximated by the oldest schema there is; dates, health and logins differ (ROUTEROS facts)."""

_ROWS: Final = frozenset({".id", "numbers"})
_FOR_A_WHILE: Final = frozenset({"once", "interval", "duration", "count", "numbers", "file", "append", "as-value"})
_EVERYWHERE: Final[dict[str, frozenset[str]]] = {
    "remove": _ROWS,
    "enable": _ROWS,
    "disable": _ROWS,
    "reset-counters": _ROWS,
    "reset-counters-all": frozenset(),
    "unset": _ROWS | {"value-name"},
    "comment": _ROWS | {"comment"},
    "get": _ROWS | {"number", "value-name"},
    "find": frozenset(),
    "move": _ROWS | {"destination"},
    "reset": _ROWS | {"value-name"},
    "recursive-print": frozenset(),
    "export": frozenset({"file", "compact", "terse", "verbose", "hide-sensitive", "show-sensitive"}),
    "edit": _ROWS | {"value-name"},
    "setup": frozenset(),
    "blink": _ROWS | {"duration"},
    "reset-html": _ROWS,
    "make-binding": _ROWS,
    "expire-password": _ROWS,
    "request-logout": _ROWS,
    "run": _ROWS | {"number", "use-script-permissions"},
    "info": frozenset({"message"}),
    "warning": frozenset({"message"}),
    "error": frozenset({"message"}),
    "debug": frozenset({"message"}),
    "monitor": _ROWS | _FOR_A_WHILE,
    "monitor-traffic": _ROWS | _FOR_A_WHILE | {"interface"},
}
"""Arguments that the schema does not list for these commands."""
_API_ONLY: Final = frozenset({"listen", "getall"})
"""Said over the API where ``print`` exists, though the console does not know them."""

_DIRECTORIES: Final = frozenset(
    path[:end] for path in by_hand.menus() for end in range(2, len(path)) if path[end] == "/"
)


def known_versions() -> tuple[str, ...]:
    """Return what a simulated router can be."""
    return (BEFORE_SCHEMA, *schema.versions())


class VersionedSchema:
    """What one version accepts."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._as_of = schema.versions()[0] if version == BEFORE_SCHEMA else version
        self._learnt: set[str] = set()

    def learn(self, path: str) -> None:
        """Know a menu that was recorded elsewhere: it can be read, nothing more."""
        self._learnt.add(path)

    @property
    def says_empty(self) -> bool:
        """``!empty`` came with 7.18."""
        return version_key(self.version) >= (7, 18)

    def is_directory(self, path: str) -> bool:
        """Say whether a path is a menu, or holds menus, as /ppp does."""
        return path in _DIRECTORIES or self.has_menu(path)

    def has_menu(self, path: str) -> bool:
        """Say whether the menu exists."""
        if path in self._learnt:
            return True
        facts = by_hand.menu(path)
        if facts is None or not facts.commands:
            return facts is not None
        return any(schema.in_version(span, self._as_of) for span in facts.commands.values())

    def has_command(self, path: str, verb: str) -> bool:
        """Say whether the menu has the command."""
        facts = by_hand.menu(path)
        if facts is None:
            return path in self._learnt and verb in {"print", "get", "find", *_API_ONLY}
        if not facts.commands:  # a menu the schema names without its commands, such as /system/routerboard
            return verb in {"print", "get"}
        if verb in _API_ONLY:
            return "print" in facts.commands
        return verb in facts.commands and schema.in_version(facts.commands[verb], self._as_of)

    def readable(self, path: str) -> frozenset[str] | None:
        """Return the attributes that rows may have; None: nobody has recorded them.

        They are known of 7.22.3. In another version those are there that cannot be set at all, and those that can be
        set there.
        """
        facts = by_hand.menu(path)
        if facts is None or not facts.readable or path == "/system/health":  # its rows are whatever the board measures
            return None
        settable = {**facts.arguments.get("add", {}), **facts.arguments.get("set", {})}
        return frozenset(
            name for name in facts.readable
            if name not in settable or schema.in_version(settable[name], self._as_of)
        )  # fmt: skip

    def unknown_argument(self, path: str, verb: str, names: list[str]) -> str | None:
        """Return the first argument that the command does not have."""
        facts = by_hand.menu(path)
        verb = "print" if verb in _API_ONLY else verb
        known = facts.arguments.get(verb, {}) if facts is not None else {}
        always = _EVERYWHERE.get(verb, frozenset())
        for name in names:
            if name in always or (name in _ROWS and verb == "set"):
                continue
            if verb == "print" and (name.startswith(".") or name in {"count-only", "detail", "stats"}):
                continue
            if name not in known or not schema.in_version(known[name], self._as_of):
                return name
        return None
