"""``mktui stability-test``: what a router and its pool bear, scenario by scenario; and two reports side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
import click

from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.options import FiniteRange, json_option, loaded_config
from mktui.cli.output import say
from mktui.cli.progress import shown_line
from mktui.cli.stability.permission import Allowed, allowed_ground
from mktui.cli.stability.showing import bar, print_comparison, print_report
from mktui.errors import ReportUnreadable
from mktui.services.stability import keep_in_audit
from mktui.stability.compare import compare
from mktui.stability.keeping import FORMS, why_unwritable, write_report
from mktui.stability.report import read_report
from mktui.stability.runner import DURATION, RATE, Run
from mktui.stability.scenarios import SCENARIOS
from mktui.stability.stage import Ground, SimulatedGround

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mktui.stability.report import StabilityReport

_NAMES: Final = [each.name for each in SCENARIOS]
_EPILOG: Final = f"""\b
Examples:
  mktui stability-test --simulated                           everything, with faults; no router, no configuration
  mktui stability-test edge-1                                a real router: reads, and marked rows after a question
  mktui stability-test edge-1 --yes --json > tonight.json    for a script
  mktui stability-test --simulated --scenario load --duration 60 --rate 100
  mktui stability-test --simulated --report report.html      a page with pictures; .md and .json as well
  mktui stability-test --compare last-week.json tonight.json what has become better, what worse

\b
Scenarios: {", ".join(_NAMES[:4])},
  {", ".join(_NAMES[4:8])},
  {", ".join(_NAMES[8:])}

On a real router nothing is done that could hurt: scenarios that need faults are skipped. Rows of its own are marked
mktui-test-..., stand in an address list that no rule names, and are removed; what a killed test has left is removed at
the next start with --yes, and said without it. A protected router wants its name typed, or --protected NAME.

Exit code: 0 all that was tested passed, 1 something failed or has become worse, or two reports have nothing in common,
2 usage, 3 or 4 the router cannot be reached, 6 nothing was tested, or not without the name of a protected router.
"""


def _file(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and value.suffix not in FORMS:
        raise click.BadParameter(f"{value} must end in {', '.join(FORMS)}: the ending says the form")
    if value is not None and (value.is_dir() or not value.parent.is_dir()):
        raise click.BadParameter(f"{value} cannot be written: there is no such folder, or it is one itself")
    if value is not None and (problem := why_unwritable(value)):  # said now, not after an hour of load
        raise click.BadParameter(f"{value} cannot be written: {problem}")
    return value


@click.command(epilog=_EPILOG)
@click.argument("router", required=False)
@click.option("--simulated", is_flag=True, help="On simulated routers, with everything that can go wrong.")
@click.option("--scenario", "names", multiple=True, type=click.Choice(_NAMES), metavar="NAME",
              help="Only this one; may be given several times.")  # fmt: skip
@click.option("--duration", type=FiniteRange(1, 3600), default=DURATION, show_default=True,
              help="Seconds of load; other scenarios take what they need.")  # fmt: skip
@click.option("--rate", type=FiniteRange(0.1, 200), default=RATE, show_default=True,
              help="Commands a second under load.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Do not ask before rows are written to a real router.")
@click.option("--protected", metavar="ROUTER", help="The router's name again, where it is protected.")
@click.option("--report", "report_file", type=click.Path(path_type=Path), callback=_file, metavar="FILE",
              help="Write a report: FILE.html, FILE.md or FILE.json.")  # fmt: skip
@click.option("--compare", "two", nargs=2, type=click.Path(path_type=Path), metavar="BEFORE.json AFTER.json",
              help="Test nothing: show what is different between two reports.")  # fmt: skip
@json_option
@click.pass_context
def stability_test(
    context: click.Context, *, router: str | None, simulated: bool, names: tuple[str, ...], duration: float,
    rate: float, yes: bool, protected: str | None, report_file: Path | None, two: tuple[Path, Path] | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Test what a router and its pool bear: limits, figures, verdicts."""
    if two is not None:
        if router is not None or simulated or report_file is not None:
            fail(ExitCode.USAGE, "--compare tests nothing: give it two reports, no router, and no report to write")
        comparison = compare(read_report(two[0]), read_report(two[1]))
        print_comparison(comparison, as_json=as_json)
        context.exit(ExitCode.NO if comparison.is_worse or not comparison.compared else ExitCode.DONE)
    if (router is None) != simulated:
        fail(ExitCode.USAGE, "say what is tested: a ROUTER of the configuration, or --simulated (one of the two)")
    scenarios = tuple(each for each in SCENARIOS if not names or each.name in names)
    loaded = None if router is None else loaded_config(context)

    async def made() -> Run:
        ground: Ground = SimulatedGround()
        if loaded is not None:
            ground = await allowed_ground(loaded, router or "", scenarios, Allowed(yes=yes, protected=protected))
        return Run(ground, scenarios, duration=duration, rate=rate)

    run, is_interrupted = _played(made)
    report = run.report()
    if loaded is not None and run.has_written:
        keep_in_audit(loaded, report.target, report.summary, say)
    if told := run.leftovers.words(report.target):
        say(told)
    problem = _written(report, report_file)
    print_report(report, as_json=as_json)
    if problem is not None:
        raise problem
    context.exit(ExitCode.INTERRUPTED if is_interrupted else _code(report))


def _code(report: StabilityReport) -> ExitCode:
    if not report.was_tested:
        fail(ExitCode.REFUSED, "nothing was tested: each scenario says why")
    return ExitCode.NO if report.has_failed else ExitCode.DONE


def _played(made: Callable[[], Awaitable[Run]]) -> tuple[Run, bool]:
    """Make a run and play it; return it, and whether it was interrupted.

    Raises:
        click.Abort: It was, before it had begun.
    """
    begun: list[Run] = []

    async def play() -> None:
        run = await made()
        begun.append(run)
        async with shown_line(lambda: bar(run.progress)):
            await run.play()

    try:
        anyio.run(play)
    except KeyboardInterrupt:
        if not begun:
            raise click.Abort from None
        return begun[0], True
    return begun[0], False


def _written(report: StabilityReport, file: Path | None) -> ReportUnreadable | None:
    """Write the report, and return why it could not be: it is printed all the same."""
    if file is None:
        return None
    try:
        write_report(report, file)
    except ReportUnreadable as error:
        return error
    say(f"{file} is written")
    return None
