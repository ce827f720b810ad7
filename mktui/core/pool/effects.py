"""What sending a command does to a router: nothing, the same thing once or twice, or something each time.

From a table of paths and verbs; what is not in it is non-idempotent, and so is never sent twice.
"""

from __future__ import annotations

import enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from mktui.core.protocol import schema

if TYPE_CHECKING:
    from mktui.core.protocol.sentences import Command


class Effect(enum.Enum):
    """What sending a command a second time would do."""

    READ = "read"
    IDEMPOTENT = "idempotent write"
    NON_IDEMPOTENT = "non-idempotent write"
    ACTION = "action"
    """Not a change of a row (a reboot, a script, a reset of counters): what it touches, nobody can tell."""


_READ_VERBS: Final = frozenset({"print", "get", "getall", "find", "listen", "monitor"})
_READ_PATHS: Final = frozenset(
    {
        "/ping", "/tool/ping", "/tool/traceroute", "/tool/torch", "/interface/monitor-traffic", "/file/read",
        "/interface/ethernet/monitor", "/interface/lte/monitor", "/system/ntp/monitor", "/tool/profile",
    }
)  # fmt: skip
_IDEMPOTENT_VERBS: Final = frozenset({"set", "unset", "enable", "disable", "remove", "comment"})
_NON_IDEMPOTENT_VERBS: Final = frozenset({"add", "move", "copy"})
_NOT_TWICE: Final = frozenset({"/system/clock/set", "/system/clock/manual/set", "/certificate/set", "/file/set"})
"""A set whose second time is not the first: it moves the time back, or appends."""
_WRITES_A_FILE: Final = "file"
"""With this argument a print writes on the router's disk."""

RowKey = tuple[str, str]
"""Menu and row id; "" for a menu that is one row."""


def effect_of(command: Command) -> Effect:
    """Return a command's effect. What is not known is non-idempotent: it is never sent twice."""
    effect = _effect_of_path(command.path)
    return Effect.ACTION if effect is Effect.READ and _WRITES_A_FILE in command.attributes else effect


@lru_cache(maxsize=1024)
def _effect_of_path(path: str) -> Effect:
    menu, _, verb = path.rpartition("/")
    if verb in _READ_VERBS or path in _READ_PATHS:
        return Effect.READ
    if verb in _NON_IDEMPOTENT_VERBS or path in _NOT_TWICE or schema.menu(menu) is None:
        return Effect.NON_IDEMPOTENT
    return Effect.IDEMPOTENT if verb in _IDEMPOTENT_VERBS else Effect.ACTION


def rows_of(command: Command) -> tuple[RowKey, ...]:
    """Return the rows that a write names, in order; empty when it names none (an add, an action)."""
    if command.verb not in _IDEMPOTENT_VERBS and command.verb != "move":
        return ()
    named = command.attributes.get(".id", command.attributes.get("numbers", ""))
    return tuple(dict.fromkeys((command.menu, row_id) for row_id in named.split(",")))


def names_a_row_id(command: Command) -> bool:
    """Say whether a command holds an ``.id``, which means something only until the router's next boot."""
    return any(row_id.startswith("*") for _, row_id in rows_of(command))
