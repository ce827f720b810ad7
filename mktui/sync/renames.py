"""In which order rows can get their new names, when names are given on in a row or in a circle. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mktui.sync.plan import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mktui.sync.plan import Change


@dataclass(frozen=True, slots=True)
class Step:
    """One row gets one name. Those of one ``wave`` may go together; a wave begins when the one before is done."""

    row_id: str
    name: str
    wave: int


def in_order(
    wanted: Iterable[tuple[str, str, str]], taken: Mapping[tuple[str, str], str]
) -> tuple[list[Step], list[str]]:
    """Return the steps, and the ids of rows whose name a row has that is not to be renamed.

    ``wanted``: id, new name, server. ``taken``: name and server -> the id of the row that has it now. Rows that want
    each other's names go through a name of their own for a moment.
    """
    holders = dict(taken)
    held = {row_id: key for key, row_id in taken.items()}
    pending = {row_id: (name, server) for row_id, name, server in wanted}
    steps: list[Step] = []
    wave = 0
    while pending:
        free = [row_id for row_id, key in pending.items() if holders.get(key) in {None, row_id}]
        for row_id in free:
            key = pending.pop(row_id)
            holders.pop(held.get(row_id, key), None)
            holders[key], held[row_id] = row_id, key
            steps.append(Step(row_id, key[0], wave))
        wave += 1
        if free:
            continue
        circling = [row_id for row_id, key in pending.items() if holders[key] in pending]
        if not circling:
            break
        first = circling[0]
        holders.pop(held.pop(first, pending[first]), None)
        steps.append(Step(first, f"mktui-{first.strip('*').lower()}", wave))
        wave += 1
    return steps, list(pending)


def untorn(meant: Sequence[Change], planned: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """Return the changes that can go without the rest of a plan, and the renames that cannot.

    A name comes free when the row that has it is renamed: half of a swap would leave somebody with a name of ours, and
    who logs in with his own would be refused.
    """
    holders = {(each.menu, each.live_name): each for each in planned if each.action is Action.RENAME}
    left = {_row(each) for each in meant if each.action is Action.RENAME}
    torn: set[tuple[str, str]] = set()
    while True:
        more = {
            _row(each)
            for each in meant
            if _row(each) in left - torn
            and (holder := holders.get((each.menu, each.name))) is not None
            and _row(holder) not in left - torn
        }
        if not more:
            break
        torn |= more
    is_torn = [each.action is Action.RENAME and _row(each) in torn for each in meant]
    return (
        [each for each, torn_one in zip(meant, is_torn, strict=True) if not torn_one],
        [each for each, torn_one in zip(meant, is_torn, strict=True) if torn_one],
    )


def _row(change: Change) -> tuple[str, str]:
    return change.menu, change.external_id
