"""``mktui test``: connection tests, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import click

from mktui.cli.exit_codes import ExitCode, code_of
from mktui.cli.options import form_of, form_option, json_option, loaded_config, routers_argument
from mktui.cli.output import Lines, echo, print_json, styled, use_colour
from mktui.cli.records import test_record
from mktui.core.client.connection_test import run_connection_test
from mktui.services.start import chosen_routers, setup_of

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.core.client.connection_test import TestReport, TestStep

_EPILOG = """\b
Examples:
  mktui test                every router
  mktui test edge-1 --json  one, for a script
  mktui test --format ndjson | jq -c '[.router, .ok]'   a line each, as soon as it is tested

Exit code: 0 all fine, 3 unreachable or refused, 4 no answer in time, 5 some are fine.
"""


@click.command(epilog=_EPILOG)
@routers_argument
@json_option
@form_option
@click.pass_context
def test(context: click.Context, *, routers: tuple[str, ...], as_json: bool, form: str | None) -> None:
    """Connect, log in, ask who it is, and measure: each step with its time."""
    form = form_of(form, as_json=as_json)
    reports = anyio.run(_test, loaded_config(context), routers, form)
    if form == "json":
        print_json("mktui.test/1", tests=[test_record(report) for report in reports])
    for report in reports:
        if not report.ok:
            echo(f"mktui: {report.verdict}", err=True)
    context.exit(_code(reports))


async def _test(loaded: LoadedConfig, names: tuple[str, ...], form: str) -> list[TestReport]:
    reports = []
    lines, show = Lines(), form == "table"
    for router in chosen_routers(loaded, names):
        setup = await setup_of(loaded, router)
        if show:
            echo(styled(f"{router.name}  {setup.options.address}", bold=use_colour()))
        after = setup.pool.connection_timeout
        on_step = _show if show else None
        reports.append(await run_connection_test(setup.options, setup.connect, after=after, on_step=on_step))
        if form == "ndjson":
            lines.print("mktui.test/1", test_record(reports[-1]))
    return reports


def _show(step: TestStep) -> None:
    glyph = "✓" if step.ok else "✗"
    echo(f"  {glyph} {step.name:<10} {step.took * 1000:>7.1f} ms  {step.text}")


def _code(reports: list[TestReport]) -> int:
    failed = [report.error for report in reports if report.error is not None]
    if not failed:
        return ExitCode.DONE
    return code_of(failed[0]) if len(failed) == len(reports) else ExitCode.PARTLY
