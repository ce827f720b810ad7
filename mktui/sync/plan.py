"""desired + live + registry -> what to write, in order. Pure: it is looked at before anything is done.

This first plan knows adds and sets. A row that billing does not name is left alone; so is everything in a menu that
could not be read, and every row that the router made itself.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mktui.sync.mapping import MANAGED_MENUS
from mktui.sync.mirror import is_ours_to_touch
from mktui.sync.normalise import same

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mktui.core.protocol.sentences import Row
    from mktui.sync.mapping import Desired, DesiredRow
    from mktui.sync.mirror import Live

SECRET_FIELDS: Final = frozenset({"password"})
CHANGED: Final = "(changed)"
"""What stands for a password wherever a plan is shown or kept."""


class Action(enum.StrEnum):
    """What is done to a row."""

    ADD = "add"
    SET = "set"


@dataclass(frozen=True, slots=True)
class Change:
    """One row to write. ``before`` holds the present values of the fields that change; ``needs`` what must be there."""

    action: Action
    menu: str
    name: str
    external_id: str
    row_id: str | None
    values: Mapping[str, str] = field(repr=False)
    before: Mapping[str, str] = field(default_factory=dict, repr=False)
    needs: tuple[str, str] | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Menu and name."""
        return self.menu, self.name

    def shown(self) -> list[tuple[str, str, str]]:
        """Return field, before and after for people: a password is only said to have changed."""
        return [
            (
                name,
                "" if name in SECRET_FIELDS else self.before.get(name, ""),
                CHANGED if name in SECRET_FIELDS else value,
            )
            for name, value in self.values.items()
        ]


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not planned, and why."""

    menu: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes of one router, in the order in which they are written."""

    router: str
    made_at: datetime
    changes: tuple[Change, ...]
    refused: tuple[Refused, ...]
    in_step: int
    epoch: int | None = None
    """The router's life that its row ids were read in: after a reboot the plan is stale."""

    @property
    def is_empty(self) -> bool:
        """Nothing to do."""
        return not self.changes


@dataclass(frozen=True, slots=True)
class Registry:
    """What mktui last wrote, by menu and name. Empty until billing keeps it in its database."""

    rows: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict, repr=False)


def plan(desired: Desired, live: Live, registry: Registry, *, now: datetime) -> Plan:
    """Compare and return what to write. ``registry`` decides who changed a field, once there is one."""
    del registry
    index = {menu: {row.get("name", ""): row for row in rows} for menu, rows in live.rows.items()}
    changes: list[Change] = []
    refused: list[Refused] = []
    in_step = 0
    for row in sorted(desired.rows, key=lambda row: MANAGED_MENUS.index(row.menu)):
        if row.menu not in index:
            refused.append(Refused(row.menu, row.name, f"unknown: {live.unknown.get(row.menu, 'not read')}"))
            continue
        present = index[row.menu].get(row.name)
        if present is None:
            changes.append(Change(Action.ADD, row.menu, row.name, row.external_id, None, row.values, needs=row.needs))
        elif not is_ours_to_touch(present):
            refused.append(Refused(row.menu, row.name, "the router's own row"))
        elif differing := _differing(row, present):
            changes.append(_set(row, present, differing))
        else:
            in_step += 1
    return Plan(desired.router, now, tuple(changes), tuple(refused), in_step)


def _differing(row: DesiredRow, present: Row) -> dict[str, str]:
    """Return the fields to write. A password that the router hides is no difference."""
    return {
        name: value
        for name, value in row.values.items()
        if not same(name, present.get(name), value) and not (name in SECRET_FIELDS and name not in present)
    }


def _set(row: DesiredRow, present: Row, differing: Mapping[str, str]) -> Change:
    before = {name: present.get(name, "") for name in differing}
    needs = row.needs if "profile" in differing else None
    return Change(Action.SET, row.menu, row.name, row.external_id, present[".id"], differing, before, needs)
