"""What a person, or the schedule, asks of one run. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from mktui.sync import renames
from mktui.sync.guards import Lifts
from mktui.sync.mapping import PROFILE_MENUS, SUBSCRIBER_MENUS
from mktui.sync.plan import Action, Refused

if TYPE_CHECKING:
    from mktui.billing.model import Kind
    from mktui.sync.bookkeeping import Books
    from mktui.sync.plan import Plan

_TORN: Final = "its new name is that of a row that is to be renamed too, and was not asked for: name both"


@dataclass(frozen=True, slots=True)
class Order:
    """One run's wishes.

    ``kinds`` and ``names`` narrow what is planned; empty: everything. ``books``: a source other than billing's own
    tables. ``allow_empty``: prune by a source without any row. ``saved``: exactly this plan, or nothing. ``rollback``:
    undo that run instead of following billing. ``only``: changes of these kinds; empty: of all.
    """

    cause: str = "by hand"
    prune: bool = False
    allow_empty: bool = False
    heal: bool = False
    adopt: frozenset[str] = frozenset()
    lifts: Lifts = field(default_factory=Lifts)
    kinds: frozenset[Kind] = frozenset()
    names: frozenset[str] = frozenset()
    books: Books | None = None
    saved: Plan | None = None
    rollback: int | None = None
    only: frozenset[Action] = frozenset()

    def narrow(self, plan: Plan) -> Plan:
        """Return the part of a plan that was asked for."""
        menus = {menus[kind] for kind in self.kinds for menus in (PROFILE_MENUS, SUBSCRIBER_MENUS)}

        only = self.only or frozenset(Action)

        def is_meant(menu: str, name: str) -> bool:
            return (not menus or menu in menus) and (not self.names or name in self.names)

        meant = [each for each in plan.changes if each.action in only and is_meant(each.menu, each.name)]
        kept, torn = renames.untorn(meant, plan.changes)
        refused = [each for each in plan.refused if is_meant(each.menu, each.name)]
        refused += [
            Refused(each.menu, each.name, _TORN, "conflict") for each in torn if each.name == each.values["name"]
        ]
        return replace(plan, changes=tuple(kept), refused=tuple(refused))
