"""desired + live + registry -> what to write, in order. Pure: it is looked at before anything is done.

Three ways a field may differ: billing has changed it since we last wrote it (a change), somebody changed it on the
router (drift: shown, and overwritten only to heal), or both (a conflict, as drift). What could not be read is unknown,
and nothing is planned from it. Passwords are in no plan: a digest stands for them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mktui.sync.mapping import PROFILE_MENUS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from mktui.billing.records import RegistryRow
    from mktui.core.protocol.sentences import Row

SECRET_FIELDS: Final = frozenset({"password"})
_ROUTERS_OWN: Final = frozenset({".id", "dynamic", "default", "builtin"})
"""What a row says of itself that nobody can write."""
CHANGED: Final = "(changed)"
"""What stands for a password wherever a plan is shown or kept."""
SET: Final = "(set)"
"""The same in a row that comes to be: there was nothing that could have changed."""


class Action(enum.StrEnum):
    """What is done to a row."""

    ADD = "add"
    READD = "re-add"
    """It was ours, and is gone."""
    SET = "set"
    RENAME = "rename"
    ADOPT = "adopt"
    """It was not ours, and somebody has said that it shall be."""
    ENABLE = "enable"
    DISABLE = "disable"
    EXPIRE = "expire"
    """Disabled at an end that has been known for a day."""
    DELETE = "delete"

    @property
    def is_add(self) -> bool:
        """A row comes to be."""
        return self in {Action.ADD, Action.READD}

    @property
    def is_harmful(self) -> bool:
        """Somebody may lose his service by it."""
        return self in {Action.DISABLE, Action.EXPIRE, Action.DELETE}


class Stage(enum.IntEnum):
    """The order of writing; a stage begins when the one before is settled. Between two there is room for renames."""

    PROFILE_RENAMES = 0
    PROFILES = 100_000
    RENAMES = 200_000
    SUBSCRIBERS = 300_000
    DISABLES = 400_000
    SUBSCRIBER_DELETES = 500_000
    PROFILE_DELETES = 600_000


def stage_of(action: Action, menu: str) -> int:
    """Return when a change is written."""
    is_profile = menu in PROFILE_MENUS.values()
    if action is Action.RENAME:
        return Stage.PROFILE_RENAMES if is_profile else Stage.RENAMES
    if action is Action.DELETE:
        return Stage.PROFILE_DELETES if is_profile else Stage.SUBSCRIBER_DELETES
    if action.is_harmful:
        return Stage.DISABLES
    return Stage.PROFILES if is_profile else Stage.SUBSCRIBERS


def whole(row: Row) -> dict[str, str]:
    """Return a row as it stands, to be added again if that was a mistake. Its password is billing's business."""
    return {name: value for name, value in row.items() if name not in SECRET_FIELDS | _ROUTERS_OWN}


def profiles_in(rows: Mapping[str, Iterable[Row]]) -> frozenset[tuple[str, str]]:
    """Return menu and name of the profiles among a router's rows."""
    return frozenset((menu, row.get("name", "")) for menu in PROFILE_MENUS.values() for row in rows.get(menu, ()))


@dataclass(frozen=True, slots=True)
class Change:
    """One row to write. ``before`` holds the present values of the fields that change; ``needs`` what must be there.

    ``unset`` names attributes that are taken away. ``stage`` may lie between two of ``Stage``, for renames in a row.
    """

    action: Action
    menu: str
    name: str
    external_id: str
    row_id: str | None
    values: Mapping[str, str] = field(repr=False)
    before: Mapping[str, str] = field(default_factory=dict, repr=False)
    needs: tuple[str, str] | None = None
    server: str = ""
    unset: tuple[str, ...] = ()
    reason: str = ""
    stage: int = Stage.SUBSCRIBERS
    valid_until: datetime | None = None
    live_name: str = ""
    """What the row is called on the router now."""

    @property
    def key(self) -> tuple[str, str]:
        """Menu and name."""
        return self.menu, self.name

    def shown(self) -> list[tuple[str, str, str]]:
        """Return field, before and after for people: a password is only said to be set, or changed."""
        secret = SET if self.action.is_add else CHANGED
        shown = [
            (name, "", secret) if name in SECRET_FIELDS else (name, self.before.get(name, ""), value)
            for name, value in self.values.items()
        ]
        return shown + [(name, self.before.get(name, ""), "") for name in self.unset]


@dataclass(frozen=True, slots=True)
class Refused:
    """A row, or a field of it, that is not planned, and why."""

    menu: str
    name: str
    reason: str
    kind: str = "conflict"
    """conflict, drift, unverifiable, absent, protected, unknown, held; shadow: it hides a RADIUS user."""
    external_id: str = ""
    """Whose row it is to billing; "": it is not about one row of billing's."""


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
    learnt: tuple[RegistryRow, ...] = ()
    """Rows of ours whose registry entry is not as the router shows them: to be noted, not written."""
    forgotten: tuple[RegistryRow, ...] = ()
    """Rows that were ours, are gone, and are wanted by nobody."""
    owned: int = 0
    profiles: frozenset[tuple[str, str]] = frozenset()
    """Menu and name of the profiles that are on the router: what a change needs is there, or comes first."""

    follows: frozenset[tuple[str, str, str]] = frozenset()
    """Menu and id of rows whose profile gets another name, and that name: they are in step once it has it."""

    @property
    def is_empty(self) -> bool:
        """Nothing to do."""
        return not self.changes

    def is_as(self, other: Plan) -> bool:
        """Say whether both would do the same, to the row id and the digest of each password."""
        return (self.router, self.changes) == (other.router, other.changes)

    @property
    def held(self) -> tuple[Refused, ...]:
        """What a guard has refused."""
        return tuple(each for each in self.refused if each.kind == "held")
