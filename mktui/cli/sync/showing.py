"""Plans and reports on paper: a line a change, trouble last, where the eye stops."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from mktui import errors
from mktui.cli.exit_codes import ExitCode, code_named
from mktui.cli.output import echo, print_table, say, styled, use_colour
from mktui.sync.report import RowStatus
from mktui.sync.wording import GLYPHS, menu_name, what_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mktui.monitor.snapshot import SeenEvent
    from mktui.sync.plan import Change, Plan
    from mktui.sync.report import Report

_COLOURS: Final = {"+": "green", "-": "red", "~": "yellow", "!": "magenta"}
_UNDONE: Final = frozenset({"conflict", "unknown"})
"""Kinds of findings that leave somebody without what billing wants for him."""
_MOST: Final = 200


def show_plan(plan: Plan) -> None:
    """Print one router's plan."""
    head = f"{plan.router}  {len(plan.changes)} changes · {len(plan.refused)} not planned · {plan.in_step} in step"
    echo(styled(head, bold=use_colour()))
    lines = [_line(change) for change in plan.changes[:_MOST]]
    lines += [
        (_glyph("!"), each.kind, menu_name(each.menu), each.name or "–", each.reason) for each in plan.refused[:_MOST]
    ]
    if lines:
        print_table(("", "ACTION", "MENU", "NAME", "WHAT"), lines)
    hidden = max(0, len(plan.changes) - _MOST) + max(0, len(plan.refused) - _MOST)
    if hidden:
        echo(f"… and {hidden} more: --json has them all")


def _line(change: Change) -> tuple[str, ...]:
    return (
        _glyph(GLYPHS[change.action]), change.action.value, menu_name(change.menu),
        change.name, what_changes(change),
    )  # fmt: skip


def _glyph(glyph: str) -> str:
    return styled(glyph, fg=_COLOURS[glyph])


def show_report(report: Report) -> None:
    """Print one router's run: totals, then what went wrong, grouped by the router's own words."""
    head, seconds = _totals(report)
    echo(styled(head, bold=use_colour()) + seconds)
    groups = Counter((row.status.value, row.error, row.text, row.hint) for row in report.rows
                     if row.status is not RowStatus.APPLIED)  # fmt: skip
    for (status, error, text, hint), count in groups.most_common(10):
        example = next(row.change.name for row in report.rows if (row.status.value, row.text) == (status, text))
        echo(f"  {count} {status}: {text or error} (for example {example}){f' – {hint}' if hint else ''}")
    for reason, count in Counter(each.reason for each in report.findings).most_common(10):
        echo(f"  {count} not planned: {reason}")


def totals_in_words(report: Report) -> str:
    """Return one router's run in a line."""
    return "".join(_totals(report))


def _totals(report: Report) -> tuple[str, str]:
    """Return what a run did, and how long it took and its number."""
    totals = ", ".join(f"{report.count(status)} {status.value}" for status in RowStatus if report.count(status))
    more = [f"{report.held} held back by a guard"] if report.held else []
    more += [f"{report.kicked} sessions ended"] if report.kicked else []
    head = f"{report.router}  {', '.join(each for each in (totals, *more) if each) or 'in step, nothing to do'}"
    return head, f"  ({report.seconds:.1f} s, run {report.run})"


def told(on_event: Callable[[SeenEvent], None]) -> Callable[[SeenEvent], None]:
    """Return a hearer of events that also says what sources have: whoever syncs should know what he syncs from."""

    def hear(event: SeenEvent) -> None:
        on_event(event)
        if event.kind == "source":
            say(" ".join(event.text.split()))

    return hear


def why_not(report: Report) -> str:
    """Return why a run could not be planned, without the router's name; what will be tried again is deferred."""
    reason = " ".join(report.reason.split()).removeprefix(f"{report.router}: ").removeprefix(f"{report.router} ")
    kind = getattr(errors, report.error, None)
    is_refused = kind is not None and issubclass(kind, errors.StalePlan | errors.LeaseLost)
    return reason if is_refused else f"deferred: {reason}"


def code_of_plans(plans: Iterable[Plan], *, check: bool) -> ExitCode:
    """Return how ``sync plan`` ends."""
    listed = list(plans)
    if any(plan.held for plan in listed):
        return ExitCode.REFUSED
    return ExitCode.NO if check and any(plan.changes for plan in listed) else ExitCode.DONE


def code_of_reports(reports: Sequence[Report]) -> ExitCode:
    """Return how an apply ends: refused before partly, partly before done; one reason for all is that reason's."""
    codes = [_code(report) for report in reports]
    if len(set(codes)) == 1:
        return codes[0]
    return ExitCode.REFUSED if ExitCode.REFUSED in codes else ExitCode.PARTLY


def _code(report: Report) -> ExitCode:
    if report.error:
        return code_named(report.error)
    if report.held:
        return ExitCode.REFUSED
    is_whole = report.is_done and not any(each.kind in _UNDONE for each in report.findings)
    return ExitCode.DONE if is_whole else ExitCode.PARTLY
