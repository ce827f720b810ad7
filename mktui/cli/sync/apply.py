"""``mktui sync apply``: bring routers into step, or carry out a saved plan."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio
import click

from mktui.cli import completing
from mktui.cli.events import open_log
from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.options import form_of, form_option, json_option, loaded_config
from mktui.cli.output import Lines, echo, print_json, say, say_if_lost
from mktui.cli.sync.asking import confirmed
from mktui.cli.sync.ordering import is_given, narrowing_options, order_of, wish_options
from mktui.cli.sync.progress import shown_progress
from mktui.cli.sync.showing import code_of_reports, show_plan, show_report, told, totals_in_words, why_not
from mktui.errors import RouterError
from mktui.services.start import open_configured
from mktui.sync.planfile import read_document
from mktui.sync.report import Report

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.services.fleet import Fleet
    from mktui.sync.order import Order
    from mktui.sync.report import RowReport

_SCHEMA: Final = "mktui.sync.apply/1"
_EPILOG = """\b
Examples:
  mktui sync apply                      every router, after showing the plan and asking
  mktui sync apply edge-1 --yes --json  for a script
  mktui sync apply --yes --format ndjson  a line as each row settles, and one for the end
  mktui sync apply plan.json --yes      exactly that plan; refused when anything has changed since

A router that cannot be reached is deferred; the others are not kept waiting.
"""


@click.command(epilog=_EPILOG)
@click.argument("what", nargs=-1, shell_complete=completing.routers, metavar="[ROUTER]... | PLAN.json")
@narrowing_options
@wish_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@form_option
@click.pass_context
def apply(
    context: click.Context, /, *, what: tuple[str, ...], yes: bool, as_json: bool, form: str | None, **options: Any
) -> None:
    """Write what billing wants: in order, row by row, with a report. Nothing is written twice."""
    form = form_of(form, as_json=as_json)
    if form == "ndjson" and not yes:
        fail(ExitCode.USAGE, "--format ndjson needs --yes: a question would stand among its lines")
    if not yes and not sys.stdin.isatty():
        fail(ExitCode.USAGE, "nobody is here to confirm: give --yes, or look first with mktui sync plan")
    orders = _orders(what, options)
    names = tuple(orders) or (*what, *options["more_routers"])
    order = order_of(options, cause="by hand")
    lines = Lines() if form == "ndjson" else None
    reports = anyio.run(partial(_apply, loaded_config(context), names, orders, order, not yes, lines=lines))
    carry_out_shown(context, reports, as_json=form == "json", lines=lines)


def carry_out_shown(
    context: click.Context, reports: list[Report], *, as_json: bool, lines: Lines | None = None
) -> None:
    """Print reports and end with their code. ``lines``: those of an ndjson, the last of which they are."""
    told_reports = [report.to_json() for report in reports]
    if lines is not None:
        lines.print(_SCHEMA, {"reports": told_reports})
    elif as_json:
        print_json(_SCHEMA, reports=told_reports)
    for report in reports:
        if report.reason and not report.rows:
            echo(f"mktui: {report.router}: {why_not(report)}", err=True)
            continue
        if not as_json and lines is None:
            show_report(report)
        say_if_lost(totals_in_words(report))
    context.exit(code_of_reports(reports) if reports else ExitCode.DONE)


def _orders(what: tuple[str, ...], options: dict[str, Any]) -> dict[str, Order]:
    """Return an order for each router of a saved plan; none when routers were named."""
    if len(what) != 1 or not what[0].endswith(".json"):
        return {}
    if any(is_given(value) for value in options.values()):
        fail(ExitCode.USAGE, "a saved plan is carried out as it is: make another one with these options")
    try:
        text = Path(what[0]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(ExitCode.USAGE, f"{what[0]}: cannot be read: {getattr(error, 'strerror', None) or 'no text'}")
    order, plans = read_document(text, source=what[0])
    if not plans:
        fail(ExitCode.USAGE, f"{what[0]}: there is no router in it: none could be read when it was made")
    return {plan.router: replace(order, cause="saved plan", saved=plan) for plan in plans}


async def _apply(
    loaded: LoadedConfig,
    names: tuple[str, ...],
    orders: dict[str, Order],
    order: Order,
    is_asked: bool,
    *,
    lines: Lines | None,
) -> list[Report]:
    with open_log() as on_event:
        async with open_configured(loaded, names=names, on_event=told(on_event), keeps_history=True, say=say) as fleet:
            wanted = {name: orders.get(name, order) for name in fleet.names}
            unread: list[Report] = []
            if is_asked:
                wanted, unread = await _confirmed(fleet, wanted)
            return [*unread, *await carry_out(fleet, wanted, lines)]


async def _confirmed(fleet: Fleet, orders: dict[str, Order]) -> tuple[dict[str, Order], list[Report]]:
    """Show each plan and ask; what is carried out then is the plan that was shown. With what could not be planned."""
    wanted: dict[str, Order] = {}
    unread: list[Report] = []
    for name, order in orders.items():
        try:
            plan = order.saved or await fleet.plan(name, order)
        except RouterError as error:
            unread.append(Report(name, 0, (), reason=str(error), error=type(error).__name__))
            continue
        show_plan(plan)
        if not plan.is_empty and await confirmed(f"Write {len(plan.changes)} changes to {name}?"):
            wanted[name] = replace(order, saved=plan)
    return wanted, unread


async def carry_out(fleet: Fleet, orders: dict[str, Order], lines: Lines | None = None) -> list[Report]:
    """Sync routers side by side, with a progress bar on a terminal; the reports in the routers' order.

    ``lines``: each row is printed as it is settled.
    """
    reports: dict[str, Report] = {}

    async def one(name: str) -> None:
        def settled(row: RowReport) -> None:
            if lines is not None:
                lines.print("mktui.sync.row/1", _record(name, row))

        reports[name] = await fleet.service(name).syncs.run(orders[name], on_row=settled)

    async with shown_progress(fleet, list(orders)), anyio.create_task_group() as tasks:
        for name in orders:
            tasks.start_soon(one, name)
    return [reports[name] for name in orders]


def _record(router: str, row: RowReport) -> dict[str, Any]:  # Any: JSON
    """Return a row as the report has it, and whose it is."""
    change = row.change
    return {
        "router": router, "menu": change.menu, "name": change.name, "action": change.action.value,
        "fields": sorted((*change.values, *change.unset)), "status": row.status.value, "error": row.error,
        "text": row.text, "hint": row.hint, "took_ms": row.took_ms,
    }  # fmt: skip
