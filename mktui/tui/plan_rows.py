"""A plan and a report as rows of a table, trouble first: what cuts somebody off is seen before what adds somebody."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from rich.text import Text

from mktui.sync.plan import Action, Change, Refused
from mktui.sync.report import RowReport, RowStatus, hint_for
from mktui.sync.wording import GLYPHS, menu_name, what_changes
from mktui.tui import words
from mktui.tui.widgets.live_table import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mktui.sync.plan import Plan
    from mktui.sync.report import Report
    from mktui.tui.keymap import Keymap
    from mktui.tui.palette import Palette

COLUMNS: Final = (
    Column("glyph", "", 3),
    Column("action", "ACTION", 10),
    Column("menu", "MENU", 16),
    Column("name", "NAME", 18),
    Column("what", "WHAT", 0),
)
_URGENCY: Final = {"held": 0, "conflict": 1, "unknown": 1, "drift": 2}
"""Findings that a person should see first; the others come after what is written."""
_LATE: Final = 9
_SORTS: Final = {"+": "add", "~": "set", "-": "cut off"}
_SIGNS: Final = {"held": "⊘", "conflict": "!", "unknown": "!", "drift": "≠"}
_RESULTS: Final = {
    RowStatus.FAILED: ("▲", "critical"), RowStatus.UNKNOWN: ("?", "critical"), RowStatus.SKIPPED: ("⊘", "warning"),
    RowStatus.DEFERRED: ("○", "offline"), RowStatus.APPLIED: ("●", "healthy"),
}  # fmt: skip
"""A report's groups, trouble first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Rows that are not planned, for one reason."""

    kind: str
    reason: str
    rows: tuple[Refused, ...]

    @property
    def adoptable(self) -> Refused | None:
        """The one row that can be taken over; None: this is no conflict about whose it is."""
        return self.rows[0] if self.kind == "conflict" and "adopt" in self.reason else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Rows of a report that ended alike: the head of a group."""

    status: RowStatus
    error: str
    text: str
    count: int

    @property
    def hint(self) -> str:
        """What a person may do about it."""
        return hint_for(self.text)


@dataclass(frozen=True, slots=True)
class Hint:
    """What a person may do about the group above."""

    text: str


PlanRow: TypeAlias = Change | Finding | RowReport | Outcome | Hint


def rows_of_plan(plan: Plan) -> tuple[PlanRow, ...]:
    """Return a plan's rows: what is held and what clashes, then who loses service, then the rest as it is written."""
    findings = _findings(plan.refused)
    early = [each for each in findings if each.kind in _URGENCY]
    late = [each for each in findings if each.kind not in _URGENCY]
    changes = sorted(plan.changes, key=lambda change: not change.action.is_harmful)
    return (*early, *changes, *late)


def rows_of_report(report: Report, *, is_failed_only: bool) -> tuple[PlanRow, ...]:
    """Return a report's rows in groups of one cause, each with what to do about it."""
    groups: dict[tuple[RowStatus, str, str], list[RowReport]] = {}
    for row in report.rows:
        groups.setdefault((row.status, row.error, row.text), []).append(row)
    order = list(_RESULTS)
    rows: list[PlanRow] = []
    for (status, error, text), members in sorted(groups.items(), key=lambda item: (order.index(item[0][0]), item[0])):
        if is_failed_only and status is RowStatus.APPLIED:
            continue
        head = Outcome(status, error, text, len(members))
        rows += [head, *([Hint(head.hint)] if head.hint else ()), *members]
    findings: list[PlanRow] = [] if is_failed_only else list(_findings(report.findings))
    first_good = next((at for at, row in enumerate(rows) if isinstance(row, Outcome) and _is_good(row)), len(rows))
    return (*rows[:first_good], *findings, *rows[first_good:])


def cells(row: PlanRow, palette: Palette) -> Mapping[str, Text] | Text:
    """Return a row as the table shows it."""
    match row:
        case Change():
            return _line(sign_of(row.action, palette), row.action.value, row.menu, row.name, what_changes(row))
        case Finding():
            return _finding(row, palette)
        case RowReport():
            change = row.change
            return _line(("", palette.quiet), f" {change.action.value}", change.menu, change.name, what_changes(change))
        case Outcome():
            glyph, state = _RESULTS[row.status]
            said = row.text or row.error
            return Text.assemble(
                (f" {glyph} {row.count:,} {row.status.value}", f"bold {palette.state(state)}"), f"   {said}"
            )
        case Hint():
            return Text(f"   → {row.text}", style=palette.accent)


def sign_of(action: Action, palette: Palette) -> tuple[str, str]:
    """Return what is done to a row in one sign and its colour."""
    glyph = GLYPHS[action]
    return glyph, {"+": palette.style("text-success"), "-": palette.style("text-error")}.get(glyph, palette.accent)


def counts(plan: Plan, palette: Palette) -> Text:
    """Return how many rows there are of each sort, with their signs."""
    parts: list[Text] = []
    signs = Counter(sign_of(change.action, palette) for change in plan.changes)
    for (glyph, style), number in signs.items():
        parts.append(Text.assemble((glyph, style), f" {number:,} {_SORTS[glyph]}"))
    for kind, number in sorted(Counter(each.kind for each in plan.refused).items(), key=lambda item: _urgency(item[0])):
        parts.append(Text.assemble((_sign(kind), _style(kind, palette)), f" {number:,} {kind}"))
    return Text("  ").join(parts)


def reason(row: PlanRow | None) -> str:
    """Return why a row is as it is, in full: the table may have cut it."""
    match row:
        case Finding():
            return row.reason
        case RowReport() | Outcome():
            return row.text or row.error
        case _:
            return ""


def advice(row: PlanRow | None, router: str, keymap: Keymap) -> str:
    """Return what can be done about a row, with its key or its flag; "" when nothing need be."""
    if isinstance(row, Finding):
        if row.adoptable is not None:
            return f"[{keymap.key('adopt')}] adopt: the row becomes ours"
        flag = _FLAG.search(row.reason)
        if row.kind == "held" and flag is not None:
            number = f" {len(row.rows)}" if flag[2] else ""
            return f"lifted for one run by: mktui sync apply {router} {flag[1]}{number}"
        action, told = _ADVICE.get(row.kind, ("sync", ""))
        return told.format(keymap.key(action))
    if isinstance(row, Change) and row.action.is_harmful:
        return "somebody may lose his service by this"
    return row.hint if isinstance(row, (RowReport, Outcome)) else ""


_FLAG: Final = re.compile(r"(--[a-z-]+)( N)?")
"""The flag that a guard's words name first."""
_ADVICE: Final = {
    "drift": ("heal", "left as it is; [{}] heal writes billing's value over it"),
    "conflict": ("heal", "left alone; [{}] heal writes billing's value over it, where only a field differs"),
    "absent": ("prune", "left alone; [{}] prune plans to disable or delete it"),
    "unknown": ("sync", "nothing is planned from what could not be read: [{}] tries again"),
}
"""Kind -> the action that does something about it, and the words around its key."""


def _is_good(row: Outcome) -> bool:
    return row.status is RowStatus.APPLIED


def _findings(refused: Iterable[Refused]) -> list[Finding]:
    """Group what has one reason; a conflict stands alone, so that it can be adopted."""
    groups: dict[tuple[str, str, str], list[Refused]] = {}
    for each in refused:
        alone = f"{each.menu} {each.name}" if each.kind in {"conflict", "drift"} else ""
        groups.setdefault((each.kind, each.reason, alone), []).append(each)
    found = [Finding(kind, reason, tuple(rows)) for (kind, reason, _), rows in groups.items()]
    return sorted(found, key=lambda finding: _urgency(finding.kind))


def _finding(row: Finding, palette: Palette) -> Mapping[str, Text]:
    first, menus = row.rows[0], {each.menu for each in row.rows}
    name = first.name if len(row.rows) == 1 else words.count(len(row.rows), "row")
    menu = first.menu if len(menus) == 1 else words.UNKNOWN
    why = row.reason.partition("held back: ")[2] or row.reason
    return _line((_sign(row.kind), _style(row.kind, palette)), row.kind, menu, name or words.UNKNOWN, why)


def _urgency(kind: str) -> int:
    return _URGENCY.get(kind, _LATE)


def _sign(kind: str) -> str:
    return _SIGNS.get(kind, "·")


def _style(kind: str, palette: Palette) -> str:
    if kind not in _URGENCY:
        return palette.quiet
    return palette.state("critical" if kind == "held" else "warning")


def _line(sign: tuple[str, str], action: str, menu: str, name: str, what: str) -> Mapping[str, Text]:
    glyph, style = sign
    return {
        "glyph": Text(f" {glyph}", style=style), "action": Text(action, style=style), "menu": Text(menu_name(menu)),
        "name": Text(name, style="bold"), "what": Text(what),
    }  # fmt: skip
