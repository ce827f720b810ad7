"""A report for people and for programs, a comparison, and a bar on stderr while a test runs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from mktui.cli.output import cell, echo, echo_document, print_json, print_table, say, styled
from mktui.cli.progress import blocks
from mktui.stability.words import as_text

if TYPE_CHECKING:
    from mktui.stability.compare import Comparison
    from mktui.stability.report import StabilityReport
    from mktui.stability.runner import Progress

_COLOURS: Final = {"✓": "green", "✗": "red", "–": "bright_black"}
_WORDS: Final = {True: "worse", False: "better", None: ""}


def print_report(report: StabilityReport, *, as_json: bool) -> None:
    """Print a report on stdout."""
    if as_json:
        echo_document(json.dumps(json.loads(report.to_json()), ensure_ascii=False, indent=2))
        return
    for line in as_text(report):
        colour = _COLOURS.get(line.lstrip()[:1])
        echo(styled(line, fg=colour) if colour else line)


def print_comparison(comparison: Comparison, *, as_json: bool) -> None:
    """Print what is different; on stderr, how far the two can be compared at all."""
    for words in comparison.unlike:
        say(f"not the same test: {cell(words, widest=200)}")
    if not comparison.compared:
        say("no scenario was tested in both reports: there is nothing to compare")
    if as_json:
        print_json("mktui.stability.comparison/1", is_worse=comparison.is_worse, compared=comparison.compared,
                   unlike=comparison.unlike, changes=[asdict(each) for each in comparison.changes])  # fmt: skip
    elif comparison.changes:
        rows = [
            (cell(each.scenario or "the whole test"), cell(each.figure or "verdict"), cell(each.before),
             cell(each.after), _WORDS[each.is_worse])
            for each in comparison.changes
        ]  # fmt: skip
        print_table(("SCENARIO", "FIGURE", "BEFORE", "AFTER", ""), rows)
    elif comparison.compared:
        say("nothing worth a word is different")


def bar(progress: Progress) -> str:
    """Return a bar of one line."""
    return f"{blocks(progress.share)} {100 * progress.share:3.0f} %  {progress.title}"
