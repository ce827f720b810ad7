"""Rows of billing that cannot all be meant: a name twice, an id twice, one static address for two. Pure.

All of them are refused: nobody knows which one is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui.sync.mapping import PROFILE_MENUS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mktui.sync.mapping import DesiredRow

    Key = Callable[[DesiredRow], tuple[str, ...] | None]

_PROFILES: Final = frozenset(PROFILE_MENUS.values())
_SHOWN: Final = 3


def ambiguous(rows: Iterable[DesiredRow]) -> Iterator[tuple[DesiredRow, str]]:
    """Yield each row that stands in another's way, and why; a row once for each reason."""
    listed = list(rows)
    for what, key_of in _UNIQUE.items():
        found: dict[tuple[str, ...], list[DesiredRow]] = {}
        for row in listed:
            if (key := key_of(row)) is not None:
                found.setdefault(key, []).append(row)
        for same in found.values():
            if len(same) == 1:
                continue
            shown = sorted({each.name for each in same})[: _SHOWN + 1]  # all of them, for each of them, fills a memory
            for row in same:
                others = [name for name in shown if name != row.name][:_SHOWN] or [row.name]
                more = f" and {len(same) - 1 - len(others)} more" if len(same) - 1 > len(others) else ""
                yield row, f"{len(same)} rows of billing have this {what}: {', '.join(others)}{more} too"


def _static_address(row: DesiredRow) -> tuple[str, ...] | None:
    address = row.values.get("remote-address", "")
    is_used = not row.is_gone and row.values.get("disabled") != "yes"  # who is cut off must be, whoever has it now
    return (address,) if address and row.menu not in _PROFILES and is_used else None


_UNIQUE: Final[dict[str, Key]] = {
    "name": lambda row: (row.menu, row.name, row.server) if not row.is_gone else None,
    "external_id": lambda row: (row.menu, row.external_id),
    "static address": _static_address,
}
