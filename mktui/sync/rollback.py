"""A plan that undoes a run, from what stood there before. It goes through the guards like any other. Pure.

Only what still is as that run left it is undone: whatever came later is somebody's newer wish. A password is billing's
own or not written at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mktui.sync.mapping import SUBSCRIBER_MENUS, server_of
from mktui.sync.normalise import same
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
        known = {(row.menu, row.external_id): row for row in self.registry}
        found = {menu: LiveRows(menu, there, self.installation) for menu, there in self.live.rows.items()}
        changes: list[Change] = []
        refused: list[Refused] = []
        for row in reversed(self.rows):
            if row.menu not in found:
                why = self.live.unknown.get(row.menu, "not read")
                refused.append(Refused(row.menu, row.name, f"unknown: {why}", "unknown"))
                continue
            present = found[row.menu].ours(row.external_id, known.get((row.menu, row.external_id)))
            why = self._why_not(row, present)
            if why:
                refused.append(Refused(row.menu, row.name, why, "drift"))
            else:
                changes.append(self._added(row) if present is None else _reversed(row, present))
        changes.sort(key=lambda change: change.stage)
        return Plan(
            self.router, now, tuple(changes), tuple(refused), 0, owned=len(known),
            profiles=profiles_in(self.live.rows),
        )  # fmt: skip

    def _why_not(self, row: JournalRow, present: Row | None) -> str:
        """Return why a row cannot be undone; "" when it can."""
        if row.action == Action.DELETE:
            if present is not None:
                return "it is there again"
            is_lost = row.menu in SUBSCRIBER_MENUS.values() and row.external_id not in self.passwords
            return "its password is no longer in billing: it cannot be added again" if is_lost else ""
        if present is None:
            return "it is not there any more"
        if row.action in {Action.ADD, Action.READD}:
            return ""
        later = [name for name, value in row.after.items()
                 if name not in SECRET_FIELDS and not same(name, present.get(name), value)]  # fmt: skip
        if later:
            return f"changed since: {', '.join(sorted(later))}"
        return (
            ""
            if _before(row) or row.action == Action.ADOPT
            else "only its password was changed, and the one before is not kept"
        )

    def _added(self, row: JournalRow) -> Change:
        values = {name: value for name, value in row.before.items() if value and name not in {"name", *SECRET_FIELDS}}
        if row.menu in SUBSCRIBER_MENUS.values():
            values["password"] = self.digest(self.passwords[row.external_id])
        return Change(
            Action.READD, row.menu, row.name, row.external_id, None, values, {}, None, row.server,
            reason="rolled back", stage=stage_of(Action.READD, row.menu),
        )  # fmt: skip


def _before(row: JournalRow) -> dict[str, str]:
    return {name: row.before.get(name, "") for name in row.after if name not in SECRET_FIELDS}


def _reversed(row: JournalRow, present: Row) -> Change:
    action = _UNDONE_BY[Action(row.action)]
    values = {} if action is Action.DELETE else _before(row)
    before = whole(present) if action is Action.DELETE else {name: present.get(name, "") for name in values}
    return Change(
        action, row.menu, row.name, row.external_id, present[".id"], values, before, None,
        server_of(row.menu, present), reason="rolled back", stage=stage_of(action, row.menu),
        live_name=present.get("name", ""),
    )  # fmt: skip
