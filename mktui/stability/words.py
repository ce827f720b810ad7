"""A report as text for a terminal and as Markdown. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui.letters import printable
from mktui.stability.picture import bars, caption, scale_of, top_of, with_axes
from mktui.stability.report import Verdict, limit, number

if TYPE_CHECKING:
    from mktui.stability.report import Figure, ScenarioReport, StabilityReport

GLYPHS: Final = {Verdict.PASSED: "✓", Verdict.FAILED: "✗", Verdict.SKIPPED: "–", Verdict.RUNNING: "»"}
_WIDTH: Final = 60
_WIDE: Final = 90
_HIGH: Final = 6
"""Columns and lines of a picture in Markdown."""
NAME: Final = 32
"""Columns for a figure's name."""


def heading(report: StabilityReport) -> str:
    """Return what was tested, when, in a line."""
    where = f" at {report.address}" if report.address else ""
    return f"Stability test of {report.target}{where}, {report.begun_at:%Y-%m-%d %H:%M:%S} UTC, run {report.run}"


def verdict(each: ScenarioReport) -> str:
    """Return glyph, word and title of a scenario."""
    return f"{GLYPHS[each.verdict]} {each.verdict.value:<8} {each.title:<24} {each.seconds:>6.1f} s"


def figure_line(figure: Figure) -> str:
    """Return one figure: its name, its value, its limit, and whether it holds."""
    mark = " " if not figure.is_claim else "✓" if figure.holds else "✗"
    beside = f"  before: {number(figure.beside, figure.unit)}" if figure.beside is not None else ""
    wanted = f"  {limit(figure)}" if figure.is_claim else ""
    return f"{mark} {figure.name:<{NAME}} {number(figure.value, figure.unit):>12}{wanted}{beside}"


def pictures(each: ScenarioReport, width: int = _WIDTH) -> list[str]:
    """Return a line of bars for each series, all to one scale."""
    top = top_of(each.series)
    widest = max((len(series.name) for series in each.series), default=0)
    return [f"{series.name:<{widest}} {bars(series, width, top)}  {caption(series)}" for series in each.series]


def charts(each: ScenarioReport, width: int, height: int) -> list[str]:
    """Return a picture with axes for each series under its caption, all to one scale."""
    top, lines = scale_of(each.series), []
    for series in each.series:
        lines.append(f"{series.name}: {caption(series)}" if series.name else caption(series))
        lines += [*with_axes(series, width, height, top), ""]
    return lines[:-1]


def as_text(report: StabilityReport) -> list[str]:
    """Return a report as lines; nothing that a router has said moves a terminal's cursor."""
    lines = [heading(report), ""]
    for each in report.scenarios:
        lines.append(verdict(each))
        lines.append(f"    {each.does}")
        if each.reason:
            lines.append(f"    {each.reason}")
        lines += [f"    {figure_line(figure)}" for figure in each.figures]
        lines += [f"    {line}".rstrip() for line in pictures(each)]
        lines.append("")
    return [*map(printable, lines), f"{report.summary} in {report.seconds:.0f} s"]


def as_markdown(report: StabilityReport) -> str:
    """Return a report as Markdown, tables and bars included."""
    lines = [f"# {_plain(heading(report))}", "", f"**{report.summary}** in {report.seconds:.0f} s", ""]
    lines += ["| | scenario | verdict | seconds | why |", "|---|---|---|---:|---|"]
    lines += [
        f"| {GLYPHS[each.verdict]} | {_plain(each.title)} | {each.verdict.value} | {each.seconds:.1f} "
        f"| {_plain(each.why)} |"
        for each in report.scenarios
    ]
    for each in report.scenarios:
        lines += ["", f"## {GLYPHS[each.verdict]} {_plain(each.title)}: {each.verdict.value}", "", _plain(each.does)]
        lines += ["", _plain(each.reason)] if each.reason else []
        if each.figures:
            lines += ["", *_table(each)]
        if each.series:
            lines += ["", "```text", *(line.replace("`", "'").rstrip() for line in charts(each, _WIDE, _HIGH)), "```"]
    return "\n".join((*lines, ""))


def _table(each: ScenarioReport) -> list[str]:
    is_beside = any(figure.beside is not None for figure in each.figures)
    head = ["| figure | value | limit | holds |", "|---|---:|---|---|"]
    if is_beside:
        head = ["| figure | value | before | limit | holds |", "|---|---:|---:|---|---|"]
    rows = []
    for figure in each.figures:
        holds = ("yes" if figure.holds else "**no**") if figure.is_claim else ""
        cells = [_plain(figure.name), _plain(number(figure.value, figure.unit))]
        cells += [_plain(number(figure.beside, figure.unit))] if is_beside else []
        rows.append(f"| {' | '.join((*cells, limit(figure), holds))} |")
    return [*head, *rows]


def _plain(text: str) -> str:
    """Return text that Markdown takes as it stands: what a router says is no mark-up."""
    escaped = "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in text)
    return " ".join(escaped.split())
