"""``mktui sync plan``: what a sync would write."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import click

from mktui import clock
from mktui.cli.events import open_log
from mktui.cli.exit_codes import ExitCode, code_of, fail
from mktui.cli.options import json_option, loaded_config, routers_argument
from mktui.cli.output import complain, echo, echo_document
from mktui.cli.sync.ordering import narrowing_options, order_of, wish_options
from mktui.cli.sync.showing import code_of_plans, show_plan, told
from mktui.errors import BillingError, RouterError
from mktui.services.rehearsal import rehearse
from mktui.services.start import open_configured
from mktui.sync.planfile import document

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.sync.order import Order
    from mktui.sync.plan import Plan
    from mktui.sync.rehearsal import Rehearsal

_EPILOG = """\b
Examples:
  mktui sync plan
  mktui sync plan edge-1 --kind ppp --json
  mktui sync plan --check                 exit 1 when anything would be written
  mktui sync plan edge-1 -o plan.json     then: mktui sync apply plan.json
  mktui sync plan edge-1 --rehearse       tried out on a simulated router first
"""


@click.command(epilog=_EPILOG)
@routers_argument
@narrowing_options
@wish_options
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Keep the plan in a file.")
@click.option("--check", is_flag=True, help="Exit 1 when there is anything to do.")
@click.option(
    "--rehearse", "is_rehearsed", is_flag=True, help="Carry it out on a simulated router of the same version."
)
@json_option
@click.pass_context
def plan(
    context: click.Context,
    /,
    *,
    routers: tuple[str, ...],
    output: Path | None,
    check: bool,
    is_rehearsed: bool,
    as_json: bool,
    **options: Any,  # Any: what an order is made of
) -> None:
    """Compare billing with the routers and say what would be written, row by row and field by field."""
    order = order_of(options, cause="plan")
    wanted = (*routers, *options["more_routers"])
    plans, failures, rehearsals = anyio.run(_plan, loaded_config(context), wanted, order, is_rehearsed)
    made = document(plans, order, now=clock.utc_now())
    if output is not None:
        _keep(output, json.dumps(made, ensure_ascii=False, indent=1))
    if as_json:
        unread = [{"router": error.router, "error": type(error).__name__, "text": str(error)} for error in failures]
        tried = [rehearsal.to_json() for rehearsal in rehearsals]
        echo_document(json.dumps(made | {"unread": unread, "rehearsals": tried}, ensure_ascii=False, indent=2))
    else:
        for each in plans:
            show_plan(each)
        for rehearsal in rehearsals:
            echo(rehearsal.in_words())
    for error in failures:
        complain(error)
    context.exit(_code(plans, failures, rehearsals, check=check))


async def _plan(
    loaded: LoadedConfig, names: tuple[str, ...], order: Order, is_rehearsed: bool
) -> tuple[list[Plan], list[RouterError], list[Rehearsal]]:
    plans: list[Plan] = []
    failures: list[RouterError] = []
    rehearsals: list[Rehearsal] = []
    trouble: list[BillingError] = []
    with open_log() as on_event:
        async with open_configured(loaded, names=names, on_event=told(on_event)) as fleet:

            async def one(name: str) -> None:
                try:
                    plans.append(await fleet.plan(name, order))
                    if is_rehearsed:
                        rehearsals.append(await rehearse(fleet, name, order))
                except RouterError as error:
                    failures.append(error)
                except BillingError as error:
                    trouble.append(error)

            async with anyio.create_task_group() as tasks:
                for name in fleet.names:
                    tasks.start_soon(one, name)
            order_of_names = {name: index for index, name in enumerate(fleet.names)}
    if trouble:  # one billing for all routers: its trouble is said once
        raise trouble[0]
    plans.sort(key=lambda each: order_of_names[each.router])
    failures.sort(key=lambda each: order_of_names[each.router])
    rehearsals.sort(key=lambda each: order_of_names[each.report.router])
    return plans, failures, rehearsals


def _keep(path: Path, text: str) -> None:
    """Write a plan: who may connect, and at which rate, is nobody else's business."""
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8", errors="backslashreplace") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # /dev/stdout and /dev/null stay everybody's
                os.fchmod(file.fileno(), 0o600)
            file.write(text + "\n")
    except OSError as error:
        fail(ExitCode.USAGE, f"{path}: the plan cannot be kept there: {(error.strerror or 'unknown').lower()}")


def _code(plans: list[Plan], failures: list[RouterError], rehearsals: list[Rehearsal], *, check: bool) -> ExitCode:
    if failures:
        return ExitCode.PARTLY if plans else code_of(failures[0])
    if any(not rehearsal.is_fine for rehearsal in rehearsals):
        return ExitCode.NO
    return code_of_plans(plans, check=check)
