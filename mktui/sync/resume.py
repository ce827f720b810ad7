"""Rows of which nobody knows whether they were done: a process was killed, a connection died. Reading settles them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui import clock
from mktui.billing.records import RegistryRow
from mktui.sync.mapping import COMMENTED, server_of
from mktui.sync.mirror import is_ours_to_touch
from mktui.sync.normalise import same
from mktui.sync.ownership import read_mark, row_mark
from mktui.sync.plan import SECRET_FIELDS, Action

if TYPE_CHECKING:
    from mktui.billing.records import JournalRow
    from mktui.core.protocol.sentences import Row
    from mktui.sync.bookkeeping import Bookkeeper
    from mktui.sync.digests import Digests
    from mktui.sync.mirror import Live


async def settle_open_rows(keeper: Bookkeeper, live: Live, installation: str, digests: Digests) -> int:
    """Settle what earlier runs have left open, as far as the menus could be read; returns how many rows."""
    known = {(row.menu, row.external_id): row for row in await keeper.owned()}
    settled = 0
    for run, row in await keeper.open_rows():
        if row.menu not in live.rows:
            continue
        present = _present(row, live.rows[row.menu], installation, known.get((row.menu, row.external_id)))
        was_done = _was_done(row, present, digests)
        before = known.get((row.menu, row.external_id))
        found = _as_registered(keeper.router, row, before) if was_done and row.action != Action.DELETE else None
        await keeper.settle_open(run, row, found, was_done=was_done)
        settled += 1
    return settled


def _present(row: JournalRow, rows: tuple[Row, ...], installation: str, known: RegistryRow | None) -> Row | None:
    """Return the row of ours that is meant, by its mark, or by its name where there are no marks."""
    names = {row.name, row.after.get("name", row.name), known.name if known is not None else row.name}
    if row.menu in COMMENTED:
        mark = row_mark(installation, row.external_id)
        marked = [each for each in rows if is_ours_to_touch(each) and read_mark(each.get("comment", "")) == mark]
        copied = len(marked) > 1  # somebody has copied the row, its mark with it: ours is the one of its name
        return next((each for each in marked if not copied or each.get("name") in names), None)
    return next((each for each in rows if each.get("name") in names and server_of(row.menu, each) == row.server), None)


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
