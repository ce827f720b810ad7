"""A plan that undoes a run, from what stood there before. It goes through the guards like any other. Pure.

Only what still is as that run left it is undone: whatever came later is somebody's newer wish. A password is billing's
own or not written at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from mktui.sync import renames
from mktui.sync.mapping import MANAGED_MENUS, SUBSCRIBER_MENUS, server_of
from mktui.sync.normalise import same, written
from mktui.sync.plan import SECRET_FIELDS, Action, Change, Plan, Refused, profiles_in, stage_of, whole
from mktui.sync.rows import LiveRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from mktui.billing.records import JournalRow, RegistryRow
    from mktui.core.protocol.sentences import Row
    from mktui.sync.mirror import Live


_UNDONE_BY: Final = {
    Action.ADD: Action.DELETE, Action.READD: Action.DELETE, Action.DELETE: Action.READD, Action.SET: Action.SET,
    Action.ADOPT: Action.SET, Action.RENAME: Action.RENAME, Action.ENABLE: Action.DISABLE,
    Action.DISABLE: Action.ENABLE, Action.EXPIRE: Action.ENABLE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rollback:
    """What is needed to undo a run: its applied rows in its order, the router as it is, and billing's passwords."""

    router: str
    rows: Sequence[JournalRow]
    live: Live
    registry: Iterable[RegistryRow]
    installation: str
    passwords: Mapping[str, str] = field(repr=False)
    digest: Callable[[str], str]

    def plan(self, *, now: datetime) -> Plan:
        """Return what takes the rows back, the last first."""
        work = _Undoing(self, {(row.menu, row.external_id): row for row in self.registry})
        for row in reversed(self.rows):
            if row.menu not in self.live.rows:
                work.refuse(row, f"unknown: {self.live.unknown.get(row.menu, 'not read')}", "unknown")
            elif row.action != Action.RENAME:
                work.undo(row)
        for menu in MANAGED_MENUS:
            work.undo_renames(menu, [row for row in self.rows if (row.menu, row.action) == (menu, Action.RENAME)])
        changes = sorted(work.changes, key=lambda change: change.stage)
        return Plan(
            self.router, now, tuple(changes), tuple(work.refused), 0, owned=len(work.known),
            profiles=profiles_in(self.live.rows),
        )  # fmt: skip


class _Undoing:
    """One plan in the making."""

    def __init__(self, asked: Rollback, known: Mapping[tuple[str, str], RegistryRow]) -> None:
        self.known = known
        self.changes: list[Change] = []
        self.refused: list[Refused] = []
        self._asked = asked
        self._rows = {menu: LiveRows(menu, there, asked.installation) for menu, there in asked.live.rows.items()}

    def refuse(self, row: JournalRow, why: str, kind: str = "drift") -> None:
        """Say why a row is not undone."""
        self.refused.append(Refused(row.menu, row.name, why, kind))

    def undo(self, row: JournalRow) -> None:
        """Plan the opposite of what was done to a row, unless somebody has gone on from there."""
        present = self._present(row)
        if why := self._why_not(row, present):
            self.refuse(row, why)
        else:
            self.changes.append(self._added(row) if present is None else _reversed(row, present))

    def undo_renames(self, menu: str, rows: Sequence[JournalRow]) -> None:
        """Plan the names that rows of a menu had before, in an order in which they can be had."""
        steps: dict[str, list[JournalRow]] = {}
        for row in rows:  # a swap has given one of them a name for a moment: first and last count
            steps.setdefault(row.external_id, []).append(row)
        wanted: dict[str, tuple[JournalRow, Row]] = {}
        for first, last in ((each[0], each[-1]) for each in steps.values()):
            present = self._present(first)
            if why := self._why_not(last, present):
                self.refuse(first, why)
            elif present is not None:
                wanted[present[".id"]] = (first, present)
        asked = [(row_id, row.before["name"], server_of(menu, present | _before(row)))
                 for row_id, (row, present) in wanted.items()]  # fmt: skip
        taken = {key: each[".id"] for key, each in self._rows[menu].by_name.items()}
        done, blocked = renames.in_order(asked, taken)
        for row_id in blocked:
            self.refuse(wanted[row_id][0], "another row has its name by now")
        for step in done:
            row, present = wanted[step.row_id]
            change = _reversed(row, present)
            values = {**change.values, "name": step.name}
            self.changes.append(replace(change, values=values, stage=change.stage + step.wave))

    def _present(self, row: JournalRow) -> Row | None:
        return self._rows[row.menu].ours(row.external_id, self.known.get((row.menu, row.external_id)))

    def _why_not(self, row: JournalRow, present: Row | None) -> str:
        """Return why a row cannot be undone; "" when it can."""
        if row.action == Action.DELETE:
            if present is not None or (row.name, row.server) in self._rows[row.menu].by_name:
                return "a row of its name is there again"
            is_lost = row.menu in SUBSCRIBER_MENUS.values() and row.external_id not in self._asked.passwords
            return "its password is no longer in billing: it cannot be added again" if is_lost else ""
        if present is None or row.action in {Action.ADD, Action.READD}:
            return "it is not there any more" if present is None else ""
        later = [name for name, value in row.after.items()
                 if name not in SECRET_FIELDS and not same(name, present.get(name), value)]  # fmt: skip
        if later:
            return f"changed since: {', '.join(sorted(later))}"
        return "" if _before(row) else "nothing of it is kept: a password is not, nor whose a row was"

    def _added(self, row: JournalRow) -> Change:
        values = {name: value for name, value in row.before.items() if value and name not in {"name", *SECRET_FIELDS}}
        if row.menu in SUBSCRIBER_MENUS.values():
            values["password"] = self._asked.digest(self._asked.passwords[row.external_id])
        return Change(
            Action.READD, row.menu, row.name, row.external_id, None, values, {}, None, row.server,
            reason="rolled back", stage=stage_of(Action.READD, row.menu),
        )  # fmt: skip


def _before(row: JournalRow) -> dict[str, str]:
    return {name: row.before.get(name, "") for name in row.after if name not in SECRET_FIELDS}


def _reversed(row: JournalRow, present: Row) -> Change:
    action = _UNDONE_BY[Action(row.action)]
    back = {} if action is Action.DELETE else _before(row)
    values, unset = written(row.menu, back)
    before = whole(present) if action is Action.DELETE else {name: present.get(name, "") for name in back}
    return Change(
        action, row.menu, row.name, row.external_id, present[".id"], values, before, None,
        server_of(row.menu, present), unset, "rolled back", stage_of(action, row.menu),
        live_name=present.get("name", ""),
    )  # fmt: skip
