"""Stability tests as text for a screen: a row a scenario, one in full, progress, reports that are kept. Pure."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from rich.text import Text

from mktui.stability.picture import bars, caption, scale_of, top_of, with_axes
from mktui.stability.report import Verdict, limit, number
from mktui.stability.scenarios import SCENARIOS
from mktui.stability.stage import Reach
from mktui.stability.words import NAME
from mktui.tui import words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mktui.services.stability import StabilityState
    from mktui.stability.report import Figure, ScenarioReport
    from mktui.stability.stage import Scenario
    from mktui.tui.keymap import Keymap
    from mktui.tui.palette import Palette

GLYPHS: Final = {
    Verdict.PASSED: ("●", "healthy"), Verdict.FAILED: ("▲", "critical"), Verdict.SKIPPED: ("–", "quiet"),
    Verdict.RUNNING: ("»", "accent"),
}  # fmt: skip
REACHES: Final = {
    Reach.READS: "reads", Reach.WRITES: "writes marked rows, removes them", Reach.SIMULATED: "simulated only",
}  # fmt: skip
_VALUE: Final = 12
_LIMIT: Final = 9
_CHART: Final = 4
"""Lines of a picture where there is room for one."""
_AXES: Final = 2
"""Lines of the time below it."""


def style_of(meaning: str, palette: Palette) -> str:
    """Return the style of what a glyph means."""
    return {"quiet": palette.quiet, "accent": palette.accent}.get(meaning) or palette.state(meaning)


def row(scenario: Scenario, report: ScenarioReport | None, palette: Palette, *, is_waiting: bool) -> Mapping[str, Text]:
    """Return a scenario's cells."""
    if report is None:
        word = "waiting" if is_waiting else "not run"
        glyph, style, seconds, why = "·", palette.quiet, words.UNKNOWN, REACHES[scenario.reach]
    else:
        glyph, meaning = GLYPHS[report.verdict]
        style, word, why = style_of(meaning, palette), report.verdict.value, _why(report)
        seconds = f"{report.seconds:.1f}" if report.seconds else words.UNKNOWN
    return {
        "glyph": Text(f" {glyph}", style=style),
        "scenario": Text(f" {scenario.title}", style="bold"),
        "verdict": Text(word, style=style),
        "seconds": Text(seconds, style="" if report is not None else palette.quiet),
        "gap": Text(""),
        "why": Text(why, style=palette.quiet if report is None or report.verdict is not Verdict.FAILED else style),
    }


def _why(report: ScenarioReport) -> str:
    """Return the one thing worth a glance: why it failed, else its first claim with a unit, else a figure."""
    if report.why:
        return report.why
    claims = [figure for figure in report.figures if figure.is_claim and figure.unit]
    seen = next(iter((*claims, *report.figures)), None)
    return f"{seen.name} {number(seen.value, seen.unit)}" if seen is not None else ""


def detail(scenario: Scenario, report: ScenarioReport | None, palette: Palette, size: tuple[int, int]) -> Text:
    """Return one scenario within ``size`` (columns, lines): what it does, its pictures, what broke before what held."""
    width, height = size
    does = textwrap.wrap(f"{scenario.title}: {scenario.does}", max(1, width))
    lines = [Text(line, style=palette.accent) for line in does]
    if report is not None:
        lines += [Text(report.reason, style=palette.quiet)] if report.reason else []
        ordered = sorted(report.figures, key=lambda figure: (figure.holds, not figure.is_claim))
        has_room = height >= len(lines) + 2 + len(ordered) + len(report.series) * (1 + _CHART + _AXES)
        drawn = charts(report, palette, width) if has_room else pictures(report, palette, width)[: max(1, height // 3)]
        figures = [figure_line(figure, palette) for figure in ordered[: max(0, height - len(lines) - len(drawn))]]
        lines += [Text(), *figures, Text(), *drawn] if has_room else [*drawn, *figures]
    text = Text("\n").join(lines[:height])
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def whole(scenario: Scenario, report: ScenarioReport | None, palette: Palette, width: int, keymap: Keymap) -> Text:
    """Return one scenario with everything that was seen."""
    title = Text(scenario.title, style="bold")
    if report is None:
        runs = f"{keymap.key('one')} runs it, {keymap.key('stability')} runs them all"
        return Text.assemble(title, f"\n\n{scenario.does}\n\nIt has not been run: {runs}.\n\nesc closes")
    glyph, meaning = GLYPHS[report.verdict]
    head = Text.assemble(title, (f"   {glyph} {report.verdict.value}", style_of(meaning, palette)))
    head.append(f"   {report.seconds:.1f} s", style=palette.quiet)
    lines = [head, Text(scenario.does, style=palette.quiet), Text()]
    lines += [Text(f"{report.reason}\n", style=style_of(meaning, palette))] if report.reason else []
    lines += [figure_line(figure, palette) for figure in report.figures]
    lines += [Text(), *pictures(report, palette, width)] if report.series else []
    return Text("\n").join((*lines, Text("\nesc closes")))


def figure_line(figure: Figure, palette: Palette) -> Text:
    """Return a figure, its limit, and whether it holds."""
    mark, style = " ", ""
    if figure.is_claim:
        mark, style = ("✓", palette.state("healthy")) if figure.holds else ("✗", palette.state("critical"))
    line = Text.assemble((mark, style), f" {words.fit(figure.name, NAME):<{NAME}}")
    line.append(f"{number(figure.value, figure.unit):>{_VALUE}}", style="" if figure.holds else style)
    if figure.is_claim:
        line.append(f"  {limit(figure):<{_LIMIT}}", style=palette.quiet)
    if figure.beside is not None:
        line.append(f"  before {number(figure.beside, figure.unit)}", style=palette.state("warning"))
    return line


def pictures(report: ScenarioReport, palette: Palette, width: int) -> list[Text]:
    """Return a line for each series, all to one scale."""
    top, widest = top_of(report.series), max((len(each.name) for each in report.series), default=0)
    lines = []
    for each in report.series:
        told = caption(each)
        room = max(10, min(120, width - widest - len(told) - 3))
        name = f"{each.name:<{widest}} " if widest else ""
        drawn = bars(each, room, top)
        lines.append(Text.assemble((name, palette.quiet), (drawn, palette.accent), (f"  {told}", palette.quiet)))
    return lines


def charts(report: ScenarioReport, palette: Palette, width: int) -> list[Text]:
    """Return a picture of several lines for each series, all to one scale, each under its caption and with its axes."""
    top = scale_of(report.series)
    lines = []
    for each in report.series:
        name = f"{each.name}: " if each.name else ""
        lines.append(Text(f"{name}{caption(each)}", style=palette.quiet))
        lines += [Text(drawn, style=palette.accent) for drawn in with_axes(each, min(120, width), _CHART, top)]
    return lines


def progress(state: StabilityState, palette: Palette, width: int, keymap: Keymap) -> Text:
    """Return how far the run is, or how the last one ended."""
    report = state.report
    if state.problem:
        return Text(words.fit(f"▲ {' '.join(state.problem.split())}", width), style=palette.state("critical"))
    if report is None:
        every, one, aim = keymap.key("stability"), keymap.key("one"), keymap.key("aim")
        return Text(f"{every} runs all, {one} the one under the cursor, {aim} says where", style=palette.quiet)
    if not state.is_running:
        style = palette.state("critical" if report.has_failed else "healthy" if report.is_complete else "warning")
        saved = f"  {keymap.key('save')} keeps the report"
        line = Text.assemble((f"{report.target}: {report.summary}", style), f" in {report.seconds:.0f} s", saved)
        if state.leftovers:
            left = state.leftovers.removeprefix(f"{report.target}: ")
            line.append(f"  {words.fit(left, max(0, width - len(line) - 2))}", style=palette.quiet)
        return line
    now = next((each.title for each in report.scenarios if each.verdict is Verdict.RUNNING), "")
    told = f" {100 * state.share:3.0f} %  {report.seconds:.0f} s  {now}  {keymap.key('stop')} stops"
    bar = words.progress(round(100 * state.share), 100, max(10, min(40, width - len(told) - 2)))
    return Text.assemble((bar, palette.accent), told)


def kept(state: StabilityState, palette: Palette, now: datetime, most: int) -> Text:
    """Return the newest reports that are kept, and where."""
    if not state.kept:
        return Text(f"no report is kept yet; they would be in {state.folder}", style=palette.quiet)
    lines = []
    for each in state.kept[:most]:
        glyph, meaning = ("▲", "critical") if each.has_failed else ("●", "healthy")
        ago = words.age((now - each.begun_at).total_seconds())
        line = Text.assemble((f"{glyph} ", palette.state(meaning)), f"{each.begun_at:%Y-%m-%d %H:%M} UTC  ")
        line.append(f"{ago:>7} ago  {each.target:<18} {each.summary}", style=palette.quiet)
        lines.append(line)
    if len(lines) < most:
        lines.append(Text(f"kept in {state.folder}", style=palette.quiet))
    text = Text("\n").join(lines)
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def rows(state: StabilityState, palette: Palette) -> dict[str, Mapping[str, Text]]:
    """Return every scenario's row, by its name."""
    report = state.report
    found = {}
    for scenario in SCENARIOS:
        its = report.scenario(scenario.name) if report is not None else None
        found[scenario.name] = row(scenario, its, palette, is_waiting=scenario.name in state.waiting)
    return found
