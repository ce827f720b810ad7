"""What a sync may not do by itself: cut off too many in a day, or anybody at all when a clock is wrong. Pure.

A guard holds the harmful part back and lets the rest go on: who has paid gets his service. Everything counts over the
last 24 hours, all runs together, or an automatic sync would cut everyone off in five small steps.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from mktui.sync import normalise
from mktui.sync.plan import Action, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mktui.sync.options import Limits
    from mktui.sync.plan import Change, Plan

DAY: Final = 86_400.0
OTHER_BOX: Final = (
    "another box answers at this address than at the last run: --rebuild says that it is meant to be ours"
)
_HARMLESS: Final = frozenset({Action.ADD, Action.ENABLE, Action.ADOPT})
_LOSSES: Final = frozenset({Action.DELETE, Action.DISABLE})


@dataclass(frozen=True, slots=True)
class Clocks:
    """How far our clock is ahead, in seconds; None: not known, or the other one keeps no time."""

    of_last_run: float | None = None
    """Negative: the last run was in our future."""
    of_database: float | None = None
    of_router: float | None = None


@dataclass(frozen=True, slots=True)
class History:
    """The last 24 hours of a router: how many rows were ours at their beginning, and what was done to them."""

    owned: int
    done: Mapping[str, int] = field(default_factory=dict)
    is_other_box: bool = False
    """Another serial number answers than at the last run."""


@dataclass(frozen=True, slots=True)
class Lifts:
    """What a person has allowed for one run, in rows of this run; None: the usual limit."""

    max_delete: int | None = None
    max_disable: int | None = None
    max_update: int | None = None
    rebuild: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    """One limit: whose changes, how many a day, and how it is lifted."""

    actions: frozenset[Action]
    limit: int
    lifted: int | None
    words: str
    remedy: str


def guard(plan: Plan, history: History, clocks: Clocks, limits: Limits, lifts: Lifts) -> Plan:
    """Return the plan without what must not be done; what was held back is among its ``refused``, with the reason."""
    kept = list(plan.changes)
    held: list[Refused] = []
    if why := wrong_clock(clocks, limits.clock_tolerance):
        kept = _hold(kept, held, _cuts_off, f"nobody is cut off: {why}")
    if history.is_other_box and not lifts.rebuild:
        kept = _hold(kept, held, lambda change: change.action not in _HARMLESS, OTHER_BOX)
        plan = replace(plan, learnt=(), forgotten=())  # what this box shows says nothing of ours
    for rule in _rules(history, limits, lifts):
        kept = _apply(rule, kept, held, history)
    return replace(plan, changes=tuple(kept), refused=(*plan.refused, *held))


def hold_unread(plan: Plan, customers: frozenset[str], sources: frozenset[str]) -> Plan:
    """Return the plan without the expiries of customers whose sources cannot be read: they may have paid again."""
    held: list[Refused] = []
    why = f"source {', '.join(sorted(sources))} cannot be read, and may know that he has paid again"

    def is_held(change: Change) -> bool:
        return change.reason == "expired" and change.external_id in customers and _cuts_off(change)

    kept = _hold(list(plan.changes), held, is_held, why)
    return replace(plan, changes=tuple(kept), refused=(*plan.refused, *held))


def _rules(history: History, limits: Limits, lifts: Lifts) -> list[_Rule]:
    owned = history.owned
    is_small = owned < limits.small
    deletes = min(math.floor(owned * limits.delete_percent / 100), limits.delete_most)
    disables = math.floor(owned * limits.disable_percent / 100)
    rules = [
        _Rule(frozenset({Action.DELETE}), limits.small_most if is_small else deletes, lifts.max_delete,
              "deleted", "--max-delete N, [sync.limits] delete_percent"),
        _Rule(frozenset({Action.DISABLE}), limits.small_most if is_small else disables, lifts.max_disable,
              "disabled", "--max-disable N, [sync.limits] disable_percent"),
        _Rule(frozenset({Action.EXPIRE}), math.ceil(owned * limits.expiry_percent / 100), lifts.max_disable,
              "disabled because they expired", "--max-disable N, [sync.limits] expiry_percent"),
        _Rule(frozenset({Action.SET, Action.RENAME}), math.ceil(owned * limits.update_percent / 100), lifts.max_update,
              "changed", "--max-update N, [sync.limits] update_percent"),
        _Rule(frozenset({Action.READD}), math.ceil(owned * limits.readd_percent / 100),
              None if not lifts.rebuild else 10**9,
              "added again: the router looks restored or replaced", "--rebuild, [sync.limits] readd_percent"),
    ]  # fmt: skip
    if is_small and lifts.max_delete is None and lifts.max_disable is None:
        rules.append(_Rule(_LOSSES, limits.small_most, None, "deleted or disabled",
                           "--max-delete N, --max-disable N, [sync.limits] small_most"))  # fmt: skip
    return rules


def _apply(rule: _Rule, changes: list[Change], held: list[Refused], history: History) -> list[Change]:
    planned = [change for change in changes if change.action in rule.actions and not _is_raise(change)]
    if not planned:
        return changes
    done = sum(history.done.get(action.value, 0) for action in rule.actions)
    if rule.lifted is not None:
        if len(planned) <= rule.lifted:
            return changes
        why = f"{len(planned)} rows would be {rule.words}, {rule.lifted} were allowed for this run ({rule.remedy})"
    elif done + len(planned) <= rule.limit:
        return changes
    else:
        before = f", {done} were in the last 24 h" if done else ""
        of = f"of {history.owned} that are ours"
        why = f"{len(planned)} rows {of} would be {rule.words}{before}; the limit is {rule.limit} ({rule.remedy})"
    keys = {id(change) for change in planned}
    return _hold(changes, held, lambda change: id(change) in keys, why)


def _hold(changes: list[Change], held: list[Refused], is_held: Callable[[Change], bool], why: str) -> list[Change]:
    held += [Refused(change.menu, change.name, f"{change.action.value} held back: {why}", "held")
             for change in changes if is_held(change)]  # fmt: skip
    return [change for change in changes if not is_held(change)]


def _is_raise(change: Change) -> bool:
    """Say whether somebody only gets more: a rate limit that falls in no direction."""
    if change.action is not Action.SET or set(change.values) != {"rate-limit"} or change.unset:
        return False
    try:
        before = [
            float(each) for each in normalise.rate_limit(change.before.get("rate-limit", "")).split()[0].split("/")
        ]
        after = [float(each) for each in normalise.rate_limit(change.values["rate-limit"]).split()[0].split("/")]
    except (ValueError, IndexError):
        return False
    return len(before) == len(after) and all(now >= was for was, now in zip(before, after, strict=True))


def _cuts_off(change: Change) -> bool:
    """Say whether somebody loses by a change because of a status or a date: a fallback profile is a loss too."""
    return change.action.is_harmful or (
        change.action is Action.SET and bool(change.reason) and "profile" in change.values
    )


def wrong_clock(clocks: Clocks, tolerance: float) -> str:
    """Return in words which clock is wrong, or "". Then nobody is cut off, and nobody's session is ended."""
    if clocks.of_last_run is not None and clocks.of_last_run < 0:
        return f"our clock is {_spell(-clocks.of_last_run)} before the last run's"
    for whose, ahead in (("the database's", clocks.of_database), ("the router's", clocks.of_router)):
        if ahead is not None and abs(ahead) > tolerance:
            return f"our clock is {_spell(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} {whose}"
    return ""


def _spell(seconds: float) -> str:
    for unit, size in (("day", DAY), ("hour", 3600.0), ("minute", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}s"
    return f"{seconds:.0f} seconds"


def counted(plan: Plan) -> Counter[str]:
    """Return how many rows of each action a plan has."""
    return Counter(change.action.value for change in plan.changes)
