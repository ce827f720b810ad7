"""``mktui sync rollback``: undo a run."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio
import click

from mktui.cli import completing
from mktui.cli.events import open_log
from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.options import json_option, loaded_config
from mktui.cli.output import say
from mktui.cli.sync.apply import carry_out, carry_out_shown
from mktui.cli.sync.asking import confirmed
from mktui.cli.sync.ordering import order_of, wish_options
from mktui.cli.sync.showing import show_plan, told
from mktui.services.start import open_configured
from mktui.sync.report import RowStatus

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.services.fleet import Fleet
    from mktui.sync.order import Order
    from mktui.sync.report import Report

_EPILOG = """\b
Examples:
  mktui sync report edge-1            the runs and their numbers
  mktui sync rollback edge-1 17
  mktui sync resume edge-1            when all is well again
"""


@click.command(epilog=_EPILOG)
@click.argument("router", shell_complete=completing.routers)
@click.argument("run", type=click.IntRange(1))
@wish_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def rollback(context: click.Context, /, *, router: str, run: int, yes: bool, as_json: bool, **options: Any) -> None:
    """Take back what a run has written, as far as nobody has changed it since. Automatic syncs pause until resumed."""
    if not yes and not sys.stdin.isatty():
        fail(ExitCode.USAGE, "nobody is here to confirm: give --yes")
    order = replace(order_of(options, cause=f"rollback of {run}"), rollback=run)
    reports = anyio.run(_rollback, loaded_config(context), router, order, not yes)
    carry_out_shown(context, reports, as_json=as_json)


async def _rollback(loaded: LoadedConfig, router: str, order: Order, is_asked: bool) -> list[Report]:
    with open_log() as on_event:
        async with open_configured(
            loaded, names=[router], on_event=told(on_event), keeps_history=True, say=say
        ) as fleet:
            plan = await fleet.plan(router, order)
            order = replace(order, saved=plan)
            if is_asked:
                show_plan(plan)
                question = f"Undo {len(plan.changes)} changes of {router}, and pause its automatic syncs?"
                if plan.changes and not await confirmed(question):
                    return []
            return await (_undone(fleet, router, order) if plan.changes else carry_out(fleet, {router: order}))


async def _undone(fleet: Fleet, router: str, order: Order) -> list[Report]:
    """Carry it out while no automatic sync can do the same again; when it has written nothing, none is held by it."""
    from mktui.billing.registry import paused_because  # noqa: PLC0415 - loads the database

    before = await (await fleet.office.get()).store.run(paused_because, router)
    await fleet.hold(router, order.cause)
    say(f"{router}: automatic syncs are paused; mktui sync resume {router} ends that")
    reports = await carry_out(fleet, {router: order})
    if not any(report.count(RowStatus.APPLIED) or report.count(RowStatus.UNKNOWN) for report in reports):
        await (fleet.let_go(router) if before is None else fleet.hold(router, before))
        how = "not paused any more" if before is None else "paused as before"
        say(f"{router}: nothing was undone; automatic syncs are {how}")
    return reports
