"""A write that can be done twice left, and no answer came: what to read, and what the row then tells. Pure."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

from mktui.core.pool.effects import rows_of
from mktui.core.protocol import values
from mktui.core.protocol.sentences import Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mktui.core.protocol.sentences import Row


_HIDDEN: Final = frozenset({"password", "secret", "passphrase", "otp-secret", "totp-secret", "private-key"})
"""Not printed for a user without the policy ``sensitive``: that is no sign of anything."""


class Verdict(enum.Enum):
    """What a row says of a write."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    UNCLEAR = "unclear"


def question(command: Command) -> Command | None:
    """Return the read that settles a write; None when no read can."""
    rows = rows_of(command)
    if len(rows) != 1 or (rows[0][1] and not rows[0][1].startswith("*")):
        return None
    menu, row_id = rows[0]
    wanted = _wanted(command)
    columns = ",".join((".id", *wanted) if row_id else wanted) or ".id"
    return Command(f"{menu}/print", {".proplist": columns}, (f"?.id={row_id}",) if row_id else ())


def verdict(command: Command, rows: Sequence[Row]) -> Verdict:
    """Return what the rows that answered ``question`` tell.

    A row that is as wanted: applied. One that is not: the router changes a row as a whole, so the write did not happen.
    """
    if command.verb == "remove":
        return Verdict.UNCHANGED if rows else Verdict.APPLIED
    wanted = _wanted(command)
    if len(rows) != 1 or not wanted:
        return Verdict.UNCLEAR
    row = rows[0]
    differing = [name for name, text in wanted.items() if not _same(row.get(name, ""), text)]
    if not differing:
        return Verdict.APPLIED
    hidden = all(name in _HIDDEN and name not in row for name in differing)
    return Verdict.UNCLEAR if hidden else Verdict.UNCHANGED


def _wanted(command: Command) -> dict[str, str]:
    if command.verb in {"enable", "disable"}:
        return {"disabled": "yes" if command.verb == "disable" else "no"}
    if command.verb == "unset":
        name = command.attributes.get("value-name", "")
        return {name: ""} if name else {}
    return {name: text for name, text in command.attributes.items() if name not in {".id", "numbers", ".proplist"}}


def _same(found: str, wanted: str) -> bool:
    if found == wanted:
        return True
    try:
        return values.parse_flag(found) == values.parse_flag(wanted)
    except ValueError:
        return False
