"""Two reports side by side: what has become better, what worse. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mktui.stability.report import Verdict, number

if TYPE_CHECKING:
    from mktui.stability.report import Figure, StabilityReport

NOTABLE: Final = 0.2
"""A figure that has changed by less than this share says nothing: two runs are never the same."""


@dataclass(frozen=True, slots=True)
class Change:
    """A verdict (``figure`` "") or a figure that is another one. ``is_worse`` None: neither better nor worse."""

    scenario: str
    figure: str
    before: str
    after: str
    is_worse: bool | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is different between two reports. ``is_worse``: something that passed does not any more."""

    changes: tuple[Change, ...]
    is_worse: bool


def compare(before: StabilityReport, after: StabilityReport) -> Comparison:
    """Return what has changed, scenario by scenario."""
    changes: list[Change] = []
    is_worse = False
    for new in after.scenarios:
        old = before.scenario(new.name)
        if old is None:
            changes.append(Change(new.title, "", "–", new.verdict.value, None))
            continue
        if old.verdict is not new.verdict:
            broke = old.verdict is Verdict.PASSED and new.verdict is Verdict.FAILED
            mended = old.verdict is Verdict.FAILED and new.verdict is Verdict.PASSED
            is_worse = is_worse or broke
            worse = True if broke else False if mended else None
            changes.append(Change(new.title, "", old.verdict.value, new.verdict.value, worse))
        known = {figure.name: figure for figure in old.figures}
        changes += [
            change
            for figure in new.figures
            if figure.name in known and (change := _changed(new.title, known[figure.name], figure)) is not None
        ]
    lost = [old for old in before.scenarios if after.scenario(old.name) is None]
    changes += [Change(old.title, "", old.verdict.value, "–", None) for old in lost]
    return Comparison(tuple(changes), is_worse)


def _changed(title: str, before: Figure, after: Figure) -> Change | None:
    """Return the change of a figure when it is worth a line."""
    if before.value == after.value:
        return None
    words = (number(before.value, before.unit), number(after.value, after.unit))
    if before.value is None or after.value is None:
        return Change(title, after.name, *words, is_worse=after.value is None and after.is_claim)
    share = abs(after.value - before.value) / max(abs(before.value), abs(after.value))
    if share < NOTABLE or words[0] == words[1]:
        return None
    grows = after.value > before.value
    if after.most is not None and after.least is None:
        return Change(title, after.name, *words, is_worse=grows)
    if after.least is not None and after.most is None:
        return Change(title, after.name, *words, is_worse=not grows)
    return Change(title, after.name, *words, is_worse=None)
