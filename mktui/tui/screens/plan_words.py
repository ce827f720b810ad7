"""What the lines around a plan say. Pure."""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.text import Text

from mktui.services.planning import PlanStage
from mktui.sync.report import RowStatus
from mktui.tui import words

if TYPE_CHECKING:
    from mktui.monitor.snapshot import RouterSnapshot, Snapshot, SyncState
    from mktui.services.planning import Planning
    from mktui.sync.order import Order
    from mktui.sync.plan import Plan
    from mktui.sync.report import Report
    from mktui.tui.keymap import Keymap
    from mktui.tui.palette import Palette


READING: Final = "reading billing and the router …"
WRITING: Final = "writing what billing wants; it goes on when this screen is left"


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a router's plan: the plan, or once there is none the last run's report."""

    snapshot: Snapshot
    router: RouterSnapshot
    planning: Planning | None
    report: Report | None
    palette: Palette
    keymap: Keymap
    is_failed_only: bool = False

    @property
    def plan(self) -> Plan | None:
        """The plan, when it is ready."""
        return self.planning.plan if self.planning is not None else None


def headline(seen: Seen) -> Text:
    """Return what the first line says at its right: what is looked at, and how much of it there is."""
    state, plan = seen.router.sync, seen.plan
    if state.is_running:
        said = f"writing · {state.settled:,} of {state.planned:,}" if state.planned else "reading"
        return Text(said, seen.palette.accent)
    if plan is not None:
        refused = f" · {len(plan.refused):,} not planned" if plan.refused else ""
        at = plan.made_at.astimezone().strftime("%H:%M:%S")
        return Text(f"plan of {at} · {words.count(len(plan.changes), 'change')}{refused}")
    if seen.planning is not None:
        return Text("planning" if seen.planning.stage is PlanStage.READING else "no plan")
    return Text() if seen.report is None else _totals(seen.report, seen.palette)


def _totals(report: Report, palette: Palette) -> Text:
    if report.reason and not report.rows:
        return Text("deferred", style=palette.state("warning"))
    parts: list[Text] = []
    for status in RowStatus:
        if number := report.count(status):
            style = palette.state("critical") if status in {RowStatus.FAILED, RowStatus.UNKNOWN} else ""
            parts.append(Text(f"{number:,} {status.value}", style=style))
    if report.held:
        parts.append(Text(f"{report.held:,} held", style=palette.state("warning")))
    return Text(" · ").join(parts) if parts else Text("in step")


def crumbs(seen: Seen) -> tuple[Text, str]:
    """Return where we are with what was wished for, and the figures behind it."""
    router, planning, report, palette = seen.router, seen.planning, seen.report, seen.palette
    wishes: list[str] = []
    if planning is not None:
        order = planning.order
        wishes += [f"only {', '.join(sorted(order.names))}"] if order.names else []
        wishes += ["prune"] * order.prune + ["heal"] * order.heal
        wishes += [f"adopt {', '.join(sorted(order.adopt))}"] if order.adopt else []
    if report is not None and seen.is_failed_only:
        wishes.append("failed only")
    wishes += ["protected"] if router.is_protected else []
    left = Text.assemble((f"Sync › {router.name}", palette.quiet), (f"  {'  '.join(wishes)}", palette.accent))
    if planning is not None and planning.stage is PlanStage.READY:
        who = f"{words.count(planning.subscribers, 'subscriber')} · {words.count(planning.profiles, 'profile')}"
        return left, f"{who} · {planning.seconds:.1f} s"
    if report is not None and report.run:
        kicked = f" · {words.count(report.kicked, 'session')} ended" if report.kicked else ""
        return left, f"run {report.run}{kicked} · {report.seconds:.1f} s"
    return left, ""


def instead_of_rows(seen: Seen, *, has_rows: bool) -> Text | None:
    """Return what is said when there are no rows; None: there are."""
    planning, palette = seen.planning, seen.palette
    if planning is not None and planning.stage is PlanStage.READING:
        because = f"{planning.because}\n\n" if planning.because else ""
        age = words.age((seen.snapshot.at - planning.begun_at).total_seconds())
        return Text.assemble((because, palette.state("warning")), f"{READING}  {age}")
    if planning is not None and planning.stage is PlanStage.FAILED:
        kept = "Nothing was written, and nothing is lost: billing keeps what it wants.\n"
        return _problem(planning.problem, kept, "tries again", seen)
    if has_rows:
        return None
    if seen.router.sync.is_running:
        return Text(WRITING if seen.router.sync.planned else READING)
    return _nothing(seen)


def _nothing(seen: Seen) -> Text:
    report, palette, plan = seen.report, seen.palette, seen.plan
    if report is not None and report.reason:
        return _problem(report.reason, "Nothing was written.\n", "plans again", seen)
    well = ("● ", palette.state("healthy"))
    if report is not None and seen.is_failed_only and report.rows:
        return Text.assemble(well, "no row failed\n\n  ", (seen.keymap.key("failed"), "bold"), " shows them all")
    rows = f": {words.count(plan.in_step, 'row')} as billing wants" if plan is not None and plan.in_step else ""
    return Text.assemble(well, f"in step{rows}, nothing to write")


def _problem(problem: str, then: str, again: str, seen: Seen) -> Text:
    style, key = seen.palette.state("critical"), seen.keymap.key("sync")
    return Text.assemble(
        ("▲ ", style), (" ".join(problem.split()), style), f"\n\n  {then}  ", (key, "bold"), f" {again}"
    )


def applying(snapshot: Snapshot, state: SyncState, palette: Palette, width: int) -> Text:
    """Return the bar of a run that is going on, with its rate and the time that is left."""
    if not state.planned or state.begun_at is None:
        return Text(READING)
    seconds = (snapshot.at - state.begun_at).total_seconds()
    rate = state.settled / seconds if seconds > 0 else 0.0
    left = f"{time_left((state.planned - state.settled) / rate)} left" if rate else words.UNKNOWN
    figures = f" {state.settled:,} of {state.planned:,}   {rate:,.0f}/s   {left}   "
    failed = f"{state.failed:,} failed"
    bar = words.progress(state.settled, state.planned, max(10, min(60, width - len(figures) - len(failed) - 2)))
    return Text.assemble(
        (bar, palette.accent), figures, (failed, palette.state("critical") if state.failed else palette.quiet)
    )


def time_left(seconds: float) -> str:
    """Return how long something still takes."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def two_lines(text: Text, width: int) -> tuple[Text, Text]:
    """Return a text in two lines, cut where it would need a third."""
    first, *rest = textwrap.wrap(text.plain, max(1, width)) or [""]
    second = words.fit(" ".join(rest), width)
    return Text(first, style=text.style), Text(second, style=text.style)


def consequences(plan: Plan, order: Order, keymap: Keymap) -> str:
    """Return what applying a plan will do, for the question before it."""
    by_action = Counter(change.action for change in plan.changes)
    done = ", ".join(f"{number:,} {action.value}" for action, number in by_action.items())
    lost = sum(number for action, number in by_action.items() if action.is_harmful)
    loses = f"\n{words.count(lost, 'row')} lose{'s' if lost == 1 else ''} service." if lost else ""
    held = f"\n{words.count(len(plan.held), 'row')} held back by a guard stay as they are." if plan.held else ""
    hold = keymap.key("hold")
    taken = f"\nIts automatic syncs are held until {hold} lets them go." if order.rollback is not None else ""
    return (f"{done}.{loses}{held}{taken}\n\nExactly this plan: if billing or the router have changed meanwhile, "
            f"nothing is written.")  # fmt: skip
