"""Rows of which nobody knows whether they were done: a process was killed, a connection died. Reading settles them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui import clock
from mktui.billing.records import RegistryRow
from mktui.sync.bookkeeping import followers
from mktui.sync.mapping import COMMENTED, server_of
from mktui.sync.mirror import is_ours_to_touch
from mktui.sync.normalise import same
from mktui.sync.ownership import read_mark, row_mark
from mktui.sync.plan import SECRET_FIELDS, Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mktui.billing.records import JournalRow
    from mktui.core.protocol.sentences import Row
    from mktui.sync.bookkeeping import Bookkeeper
    from mktui.sync.digests import Digests
    from mktui.sync.mirror import Live
    from mktui.sync.ownership import Mark


async def settle_open_rows(keeper: Bookkeeper, live: Live, installation: str, digests: Digests) -> int:
    """Settle what earlier runs have left open, as far as the menus could be read; returns how many rows."""
    known = {(row.menu, row.external_id): row for row in await keeper.owned()}
    rows = {menu: _Found(menu, there) for menu, there in live.rows.items()}
    settled = 0
    for run, row in await keeper.open_rows():
        if row.menu not in rows:
            continue
        key = row.menu, row.external_id
        before = known.get(key)
        was_done = _was_done(row, rows[row.menu].present(row, installation, before), digests)
        found: list[RegistryRow] = []
        if was_done and row.action != Action.DELETE:
            after = _as_registered(keeper.router, row, before)
            found = [after, *followers(known.values(), before, after)]
        await keeper.settle_open(run, row, before, found, was_done=was_done)
        if was_done and row.action == Action.DELETE:
            known.pop(key, None)
        known |= {(each.menu, each.external_id): each for each in found}
        settled += 1
    return settled


class _Found:
    """What a menu holds, by mark or, where there are no marks, by name."""

    def __init__(self, menu: str, rows: Iterable[Row]) -> None:
        self._is_marked = menu in COMMENTED
        self._rows: dict[Mark | str | None, list[Row]] = {}
        for row in rows:
            if not self._is_marked or is_ours_to_touch(row):
                key = read_mark(row.get("comment", "")) if self._is_marked else row.get("name", "")
                self._rows.setdefault(key, []).append(row)

    def present(self, row: JournalRow, installation: str, known: RegistryRow | None) -> Row | None:
        """Return the row of ours that is meant."""
        names = {row.name, row.after.get("name", row.name), known.name if known is not None else row.name}
        if self._is_marked:
            marked = self._rows.get(row_mark(installation, row.external_id), [])
            copied = len(marked) > 1  # somebody has copied the row, its mark with it: ours is the one of its name
            return next((each for each in marked if not copied or each.get("name") in names), None)
        named = (each for name in names for each in self._rows.get(name, []))
        return next((each for each in named if server_of(row.menu, each) == row.server), None)


def _was_done(row: JournalRow, present: Row | None, digests: Digests) -> bool:
    if row.action == Action.DELETE:
        return present is None
    if present is None:
        return False
    shown = {name: value for name, value in row.after.items() if name not in SECRET_FIELDS and name != "comment"}
    if not all(same(name, present.get(name), value) for name, value in shown.items()):
        return False
    secrets = row.after.keys() & SECRET_FIELDS
    if all(name in present for name in secrets):
        return all(digests.agrees(row.after[name], present[name]) for name in secrets)
    return bool(shown)  # a hidden password went with what is there; nothing else went with it: it is written again


def _as_registered(router: str, row: JournalRow, known: RegistryRow | None) -> RegistryRow:
    applied = dict(known.applied) if known is not None else {}
    for name, value in row.after.items():
        if not value:
            applied.pop(name, None)
        elif name not in {"comment", "name"}:
            applied[name] = value
    name = row.after.get("name") or (known.name if known is not None else row.name)
    now = clock.utc_now()
    return RegistryRow(
        router, row.menu, name, row.server, row.external_id, applied, now,
        known.valid_until if known is not None else None, known.known_since if known is not None else None,
    )  # fmt: skip
