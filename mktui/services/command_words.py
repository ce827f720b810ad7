"""A command in words, for the audit and for questions: which row it is about, and never what may be a secret. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mktui.core.protocol import schema
from mktui.letters import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mktui.core.protocol.sentences import Command

SECRET: Final = re.compile(r"password|secret|passphrase|psk|(^|-)(key|pin|token)$|private")
"""Names of attributes that hold one."""
_TELLING: Final = frozenset(
    {
        ".id", "numbers", "number", "name", "user", "profile", "list", "address", "mac-address", "remote-address",
        "interface", "server", "service", "target", "group", "caller-id", "rate-limit", "max-limit",
    }
)  # fmt: skip
"""Attributes that say which row is meant, or what it gives. Any other may hold a secret: a comment, a script."""
_LONGEST: Final = 60
HIDDEN: Final = "…"


def in_words(command: Command, find: Iterable[str] = ()) -> str:
    """Return a command: ``/ppp/secret/set numbers=ali disabled=yes password=…``.

    ``find``: the queries whose rows it is for, as they were typed: ``[find name=ali]``.
    """
    given = [_shown(command.menu, name, value) for name, value in command.attributes.items()]
    return " ".join(filter(None, (command.path, *given, find_in_words(command.menu, find))))


def find_in_words(menu: str, find: Iterable[str]) -> str:
    """Return which rows of a menu are meant: ``[find name=ali]``; "" when nothing is to be found."""
    conditions = (word.removeprefix("?").partition("=") for word in find)
    asked = " ".join(_shown(menu, name, value) for name, _, value in conditions)
    return f"[find {asked}]" if asked else ""


def _shown(menu: str, name: str, value: str) -> str:
    if not value:
        return f"{printable(name)}="
    is_told = not SECRET.search(name) and (name in _TELLING or value in schema.words(menu, name))
    return f"{printable(name)}={_quoted(value) if is_told else HIDDEN}"


def _quoted(value: str) -> str:
    shown = printable(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}{HIDDEN}")
    return f'"{shown}"' if " " in shown else shown
