"""In which order rows can get their new names, when names are given on in a row or in a circle. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


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
    pending = {row_id: (name, server) for row_id, name, server in wanted}
    steps: list[Step] = []
    wave = 0
    while pending:
        free = [row_id for row_id, key in pending.items() if holders.get(key) in {None, row_id}]
        for row_id in free:
            key = pending.pop(row_id)
            for old in [each for each, holder in holders.items() if holder == row_id]:
                del holders[old]
            holders[key] = row_id
            steps.append(Step(row_id, key[0], wave))
        wave += 1
        if free:
            continue
        circling = [row_id for row_id, key in pending.items() if holders[key] in pending]
        if not circling:
            break
        first = circling[0]
        for old in [each for each, holder in holders.items() if holder == first]:
            del holders[old]
        steps.append(Step(first, f"mktui-{first.strip('*').lower()}", wave))
        wave += 1
    return steps, list(pending)
