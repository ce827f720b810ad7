"""Which of billing's edits a router has: those whose rows are as billing wants them. Pure.

Decided from the plan, and row by row from how its changes end: a run that is cut off or killed in the middle leaves
pending what it has not written, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui.sync.mapping import PROFILE_MENUS, SUBSCRIBER_MENUS
from mktui.sync.plan import Action
from mktui.sync.report import RowStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mktui.billing.records import Edit, RegistryRow
    from mktui.sync.plan import Change, Plan
    from mktui.sync.report import RowReport

    RowKey = tuple[str, str]
    """What it is, subscriber or profile, and its external id."""

_WAITS: Final = frozenset({"conflict", "drift", "held", "unknown"})
"""Kinds of findings that leave a row other than billing wants it. Who is protected, or absent and not pruned, is left
alone because that is what was asked for."""
_PROFILES_OF: Final = {SUBSCRIBER_MENUS[kind]: menu for kind, menu in PROFILE_MENUS.items()}


def what_of(menu: str) -> str:
    """Return what the rows of a menu are to billing."""
    return "profile" if menu in PROFILE_MENUS.values() else "subscriber"


class Reached:
    """The edits that one run may bring to a router, each with the changes that it still waits for.

    ``whole``: the plan before anything of it was held back, or left out because it was not asked for. What is not in
    ``carried_out`` of it is never written by this run, and whoever waits for that stays pending. ``unread``: rows of
    ours in menus that could not be read.
    """

    def __init__(
        self, edits: Iterable[Edit], whole: Plan, carried_out: Iterable[Change], *,
        unread: Iterable[RegistryRow] = (),
    ) -> None:  # fmt: skip
        sendable = {id(change) for change in carried_out}
        wanted: dict[RowKey, set[int]] = {}
        named_by: dict[tuple[str, str], set[int]] = {}
        for change in whole.changes:
            wanted.setdefault((what_of(change.menu), change.external_id), set()).add(id(change))
            if change.action is Action.RENAME or change.action.is_add:
                for name in {change.name, change.live_name}:  # who bears a name that he is to give up is another, too
                    named_by.setdefault((change.menu, name), set()).add(id(change))
        named = [(each.menu, each.external_id, each.needs[1]) for each in whole.changes if each.needs is not None]
        for menu, external_id, name in (*named, *whole.follows):  # until then, another may bear that name
            bears_it = named_by.get((_PROFILES_OF[menu], name), ())
            wanted.setdefault((what_of(menu), external_id), set()).update(bears_it)
        waiting = {(what_of(each.menu), each.external_id) for each in whole.refused if each.kind in _WAITS}
        waiting |= {(what_of(row.menu), row.external_id) for row in unread}
        self._edits = {key: each for each in edits if (key := (each.what, each.external_id)) not in waiting}
        self._awaited = {key: wanted.get(key, set()) for key in self._edits}
        self._by_change: dict[int, list[RowKey]] = {}
        for key, awaited in self._awaited.items():
            for change_id in awaited & sendable:
                self._by_change.setdefault(change_id, []).append(key)

    def at_once(self) -> list[Edit]:
        """Return the edits that need no writing."""
        return [self._edits[key] for key, awaited in self._awaited.items() if not awaited]

    def after(self, rows: Iterable[RowReport]) -> list[Edit]:
        """Return the edits of which, now that these rows have ended, everything is written."""
        return [edit for row in rows if row.status is RowStatus.APPLIED for edit in self._written(id(row.change))]

    def _written(self, change_id: int) -> Iterator[Edit]:
        for key in self._by_change.pop(change_id, ()):
            self._awaited[key].discard(change_id)
            if not self._awaited[key]:
                yield self._edits[key]
