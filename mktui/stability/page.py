"""A report as one page of HTML: no script, no file besides it. Pure."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from mktui.stability.drawing import STYLE, svg
from mktui.stability.picture import caption, scale_of
from mktui.stability.report import limit, number
from mktui.stability.words import GLYPHS, heading

if TYPE_CHECKING:
    from mktui.stability.report import Figure, ScenarioReport, Series, StabilityReport

_STYLE: Final = """
:root { color-scheme: light dark; --fg: #1b2430; --bg: #fbfbf9; --quiet: #647082; --line: #d9dee5; --good: #1a7f4b;
  --bad: #b3261e; --bar: #2f6fb3; }
@media (prefers-color-scheme: dark) { :root { --fg: #dde3ea; --bg: #12161c; --quiet: #8b96a5; --line: #2b333d;
  --good: #56c288; --bad: #ff7a6e; --bar: #6aa9e9; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--fg); background: var(--bg); max-width: 52rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .2rem; } p { margin: .2rem 0 .6rem; }
.quiet, figcaption, th { color: var(--quiet); font-weight: normal; }
.passed { color: var(--good); } .failed, .no { color: var(--bad); } .skipped { color: var(--quiet); }
table { border-collapse: collapse; width: 100%; } td, th { padding: .15rem .6rem .15rem 0; text-align: left;
  border-bottom: 1px solid var(--line); } .number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: .8rem 0; } figcaption { font-size: .85rem; }
"""


def as_html(report: StabilityReport) -> str:
    """Return the page."""
    body = "\n".join((_overview(report), *(_scenario(each) for each in report.scenarios)))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(heading(report))}</title><style>{_STYLE}{STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _overview(report: StabilityReport) -> str:
    rows = "\n".join(
        f'<tr><td>{_mark(each)}</td><td><a href="#{escape(each.name)}">{escape(each.title)}</a></td>'
        f'<td class="number">{each.seconds:.1f} s</td><td>{escape(each.why)}</td></tr>'
        for each in report.scenarios
    )
    return (
        f"<h1>{escape(heading(report))}</h1>\n<p><strong>{escape(report.summary)}</strong> in {report.seconds:.0f} s"
        f'<span class="quiet"> · {report.duration:g} s of load at {report.rate:g} commands a second</span></p>\n'
        f"<table>{rows}</table>"
    )


def _mark(each: ScenarioReport) -> str:
    return f'<span class="{each.verdict.value}">{GLYPHS[each.verdict]} {each.verdict.value}</span>'


def _scenario(each: ScenarioReport) -> str:
    reason = f'<p class="{each.verdict.value}">{escape(each.reason)}</p>' if each.reason else ""
    top = scale_of(each.series)
    drawn = "\n".join(_picture(series, top) for series in each.series)
    return (
        f'<h2 id="{escape(each.name)}">{escape(each.title)} {_mark(each)}</h2>\n'
        f'<p class="quiet">{escape(each.does)}</p>\n{reason}{_figures(each)}\n{drawn}'
    )


def _picture(series: Series, top: float) -> str:
    name = f"{series.name}: " if series.name else ""
    return f"<figure>{svg(series, top)}<figcaption>{escape(name + caption(series))}</figcaption></figure>"


def _figures(each: ScenarioReport) -> str:
    if not each.figures:
        return ""
    is_beside = any(figure.beside is not None for figure in each.figures)
    before = '<th class="number">before</th>' if is_beside else ""
    rows = "\n".join(_row(figure, is_beside=is_beside) for figure in each.figures)
    head = f'<th>figure</th><th class="number">value</th>{before}<th>limit</th><th></th>'
    return f"<table><tr>{head}</tr>\n{rows}</table>"


def _row(figure: Figure, *, is_beside: bool) -> str:
    holds = "" if not figure.is_claim else "✓" if figure.holds else '<span class="no">✗ no</span>'
    beside = f'<td class="number">{escape(number(figure.beside, figure.unit))}</td>' if is_beside else ""
    return (
        f'<tr><td>{escape(figure.name)}</td><td class="number">{escape(number(figure.value, figure.unit))}</td>{beside}'
        f"<td>{escape(limit(figure))}</td><td>{holds}</td></tr>"
    )
