"""One menu's live rows, found by the mark in their comment or by their name. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui.sync.mapping import COMMENTED, server_of
from mktui.sync.mirror import is_ours_to_touch
from mktui.sync.ownership import Mark, read_mark, row_mark

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mktui.billing.records import RegistryRow
    from mktui.core.protocol.sentences import Row


class LiveRows:
    """What a menu holds, as one looks for it."""

    def __init__(self, menu: str, rows: Iterable[Row], installation: str) -> None:
        self.by_name: dict[tuple[str, str], Row] = {}
        self._by_mark: dict[Mark, list[Row]] = {}
        self._menu = menu
        self._installation = installation
        for row in rows:
            self.by_name[row.get("name", ""), server_of(menu, row)] = row
            mark = read_mark(row.get("comment", ""))
            if mark is not None and is_ours_to_touch(row):
                self._by_mark.setdefault(mark, []).append(row)

    def ours(self, external_id: str, known: RegistryRow | None) -> Row | None:
        """Return the row of ours that stands for something of billing's; None: none does, or several might."""
        named = self.by_name.get((known.name, known.server)) if known is not None else None
        if self._menu not in COMMENTED:
            return named if named is not None and is_ours_to_touch(named) else None
        marked = self._marked(external_id)
        if named is not None and any(row is named for row in marked):
            return named  # somebody has copied the row, its mark with it
        return marked[0] if len(marked) == 1 else None

    def copies(self, external_id: str, known: RegistryRow | None) -> int:
        """Count the rows that bear one mark when it cannot be told which of them is meant; else 0."""
        marked = self._marked(external_id) if self._menu in COMMENTED else []
        return len(marked) if len(marked) > 1 and self.ours(external_id, known) is None else 0

    def unknown(self, external_ids: Iterable[str]) -> list[Row]:
        """Return the rows that bear a mark of ours which stands for none of these: from a backup of the router, say."""
        known = {row_mark(self._installation, each) for each in external_ids}
        return [
            row for mark, rows in self._by_mark.items() if mark.installation == self._installation and mark not in known
            for row in rows
        ]  # fmt: skip

    def _marked(self, external_id: str) -> list[Row]:
        return self._by_mark.get(row_mark(self._installation, external_id), [])


def is_unmarked(present: Row) -> bool:
    """Say whether a row may be meant when all are adopted: not one that another installation, or customer, has."""
    return read_mark(present.get("comment", "")) is None


def whose(present: Row, known: RegistryRow | None) -> str:
    """Say in words whose a row is that has the name of one of ours."""
    mark = read_mark(present.get("comment", ""))
    if mark is not None:
        return f"a row of this name belongs to installation {mark.installation}"
    if known is not None:
        return "its mark is gone: somebody has taken this row over (adopt it to have it back)"
    return "a row of this name is there and is not ours (adopt it, or rename one of them)"
