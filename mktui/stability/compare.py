"""Two reports side by side: what has become better, what worse. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mktui.stability.report import Verdict, number

if TYPE_CHECKING:
    from mktui.stability.report import Figure, ScenarioReport, StabilityReport

NOTABLE: Final = 0.2
"""A figure that has changed by less than this share says nothing: two runs are never the same."""
OF_THE_LIMIT: Final = 0.25
"""A claim is better or worse when it uses less or more of its limit by this share: not at 3 ms of 2 s after 2 ms."""
_TESTED: Final = frozenset({Verdict.PASSED, Verdict.FAILED})
_GONE: Final = "–"
_NOT_RUN: Final = "not run"


@dataclass(frozen=True, slots=True)
class Change:
    """A verdict (``figure`` "") or a figure that is another one. ``is_worse`` None: neither better nor worse.

    ``scenario`` "" is the test as a whole.
    """

    scenario: str
    figure: str
    before: str
    after: str
    is_worse: bool | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is different between two reports. ``unlike`` says what makes them two different tests.

    ``compared`` counts the scenarios that were tested in both.
    """

    changes: tuple[Change, ...]
    compared: int
    unlike: tuple[str, ...] = ()

    @property
    def is_worse(self) -> bool:
        """Something is: no line says so without it, and it is never so without a line."""
        return any(each.is_worse for each in self.changes)


def compare(before: StabilityReport, after: StabilityReport) -> Comparison:
    """Return what has changed, scenario by scenario."""
    pairs = [(before.scenario(new.name), new) for new in after.scenarios]
    changes: list[Change] = []
    if before.is_complete != after.is_complete:
        words = {True: "complete", False: "interrupted"}
        changes.append(Change("", "", words[before.is_complete], words[after.is_complete], not after.is_complete))
    for old, new in pairs:
        changes += _verdicts(new.title, old, new)
        changes += _figures(old, new) if old is not None else []
    for old in before.scenarios:
        if after.scenario(old.name) is None:
            changes += _verdicts(old.title, old, None)
    compared = sum(old is not None and {old.verdict, new.verdict} <= _TESTED for old, new in pairs)
    return Comparison(tuple(changes), compared, _unlike(before, after))


def _unlike(before: StabilityReport, after: StabilityReport) -> tuple[str, ...]:
    """Return in words what was tested otherwise: better or worse may be due to that."""
    facts = (
        ("target", before.target, after.target),
        ("address", before.address, after.address),
        ("seconds of load", f"{before.duration:g}", f"{after.duration:g}"),
        ("commands a second", f"{before.rate:g}", f"{after.rate:g}"),
    )
    return tuple(f"{name} {old or 'none'} and {new or 'none'}" for name, old, new in facts if old != new)


def _verdicts(title: str, old: ScenarioReport | None, new: ScenarioReport | None) -> list[Change]:
    """Return the change of a verdict: worse when what passed does not any more, for whatever reason."""
    before, after = (None if each is None else each.verdict for each in (old, new))
    if before is after:
        return []
    is_worse = True if before is Verdict.PASSED else False if after is Verdict.PASSED and before in _TESTED else None
    was, has_become = (_NOT_RUN if each is None else each.value for each in (before, after))
    return [Change(title, "", was, has_become, is_worse)]


def _figures(old: ScenarioReport, new: ScenarioReport) -> list[Change]:
    """Return the changes of figures; a claim that nothing is said of any more has a line."""
    known = {figure.name: figure for figure in old.figures}
    seen = {figure.name: figure for figure in new.figures}
    pairs = ((known[name], figure) for name, figure in seen.items() if name in known)
    changes = [change for pair in pairs if (change := _changed(new.title, *pair)) is not None]
    lost = [each for each in old.figures if each.is_claim and each.name not in seen] if new.verdict in _TESTED else []
    return changes + [Change(new.title, each.name, number(each.value, each.unit), _GONE, None) for each in lost]


def _changed(title: str, before: Figure, after: Figure) -> Change | None:
    """Return the change of a figure when it is worth a line."""
    if before.value == after.value:
        return None
    words = (number(before.value, before.unit), number(after.value, after.unit))
    if before.value is None or after.value is None:
        is_worse = None if not after.is_claim else after.value is None
        return Change(title, after.name, *words, is_worse=is_worse)
    if before.holds != after.holds:
        return Change(title, after.name, *words, is_worse=before.holds)
    share = abs(after.value - before.value) / max(abs(before.value), abs(after.value))
    if share < NOTABLE or words[0] == words[1]:
        return None
    return Change(title, after.name, *words, is_worse=_is_worse(before.value, after))


def _is_worse(before: float, after: Figure) -> bool | None:
    """Say whether a claim uses notably more of its limit than before, or less; None: neither."""
    assert after.value is not None
    limits = {each for each in (after.most, after.least) if each is not None}
    if len(limits) != 1:  # none, or a range: within it no value is better than another
        return None
    moved = _used(after, after.value) - _used(after, before)
    return moved > 0 if abs(moved) >= OF_THE_LIMIT else None


def _used(figure: Figure, value: float) -> float:
    """Return how much of its one limit a figure uses: 1 is all of it, more is beyond."""
    if figure.most is not None:
        used = value if figure.least is None else abs(value - figure.most)
        return used / abs(figure.most or 1.0)
    assert figure.least is not None
    return figure.least / value if value else math.inf
