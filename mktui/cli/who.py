"""``mktui who``: one answer to the call at 3 a.m."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import click

from mktui.cli import completing
from mktui.cli.events import open_log
from mktui.cli.exit_codes import ExitCode
from mktui.cli.options import json_option, loaded_config
from mktui.cli.output import echo, print_json, print_table, styled, use_colour
from mktui.services import customer_words
from mktui.services.customer import find_customer
from mktui.services.start import open_configured

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.services.customer import Customer

_EPILOG = """\b
Examples:
  mktui who ana
  mktui who ana --router edge-1 --json

Exit code: 0 found, 1 nobody of that name, 3 not found, and not everybody could be asked, 5 found where it could be
asked.
"""


@click.command(epilog=_EPILOG)
@click.argument("name")
@click.option(
    "--router",
    "routers",
    multiple=True,
    metavar="NAME",
    shell_complete=completing.routers,
    help="Ask only this router; may be repeated.",
)
@json_option
@click.pass_context
def who(context: click.Context, *, name: str, routers: tuple[str, ...], as_json: bool) -> None:
    """Is he paid, where is he online, at which rate, when was he last seen, what did the last syncs do to him."""
    customer = anyio.run(_find, loaded_config(context), name, routers)
    if as_json:
        print_json("mktui.who/1", **_record(customer))
    else:
        _show(customer)
    if customer.billing_problem:
        echo(f"mktui: {customer.billing_problem}", err=True)
    for router, why in sorted(customer.unknown.items()):
        echo(f"mktui: {router} could not be asked: {why}", err=True)
    if not customer.is_known:
        is_asked = not customer.unknown and not customer.billing_problem
        context.exit(ExitCode.NO if is_asked else ExitCode.UNREACHABLE)
    context.exit(ExitCode.PARTLY if customer.unknown or customer.billing_problem else ExitCode.DONE)


async def _find(loaded: LoadedConfig, name: str, routers: tuple[str, ...]) -> Customer:
    with open_log() as on_event:
        async with open_configured(loaded, names=routers, on_event=on_event) as fleet:
            return await find_customer(fleet, name)


def _show(customer: Customer) -> None:
    echo(styled(f"{customer.name}  {customer.verdict()}", bold=use_colour()))
    for subscriber in customer.subscribers:
        echo(f"  billing  {customer_words.in_billing(customer, subscriber)}")
        if warning := customer.source_warning(subscriber):
            echo(f"           {warning}")
    for session in customer.sessions:
        echo(f"  online   {customer_words.online(session)}")
    for each in customer.rows:
        echo(f"  row      {each.router} {each.menu} · {customer_words.on_router(each)}")
    if customer.history:
        echo()
        print_table(
            ("WHEN", "RUN", "ROUTER", "ACTION", "STATE", "TEXT"),
            [(f"{each.at:%Y-%m-%d %H:%M:%S}", str(each.run), each.router, each.action, each.state, each.text or "–")
             for each in customer.history],
        )  # fmt: skip


def _record(customer: Customer) -> dict[str, Any]:  # Any: JSON
    return {
        "name": customer.name, "verdict": customer.verdict(),
        "subscribers": [
            each.model_dump(mode="json", exclude={"password"})
            | {"source": customer.sources.get(each.external_id, "")} for each in customer.subscribers
        ],
        "sessions": [
            {"router": each.router, "kind": each.kind, "address": each.address, "device": each.device,
             "uptime": each.uptime, "down_bytes": each.down_bytes, "up_bytes": each.up_bytes, "rate": each.rate,
             "is_radius": each.is_radius}
            for each in customer.sessions
        ],
        "rows": [{"router": each.router, "menu": each.menu, "is_ours": each.is_ours, **each.row}
                 for each in customer.rows],
        "history": [
            {"run": each.run, "router": each.router, "menu": each.menu, "name": each.name, "action": each.action,
             "state": each.state, "text": each.text, "at": each.at.isoformat()}
            for each in customer.history
        ],
        "unknown": customer.unknown, "billing_problem": customer.billing_problem,
    }  # fmt: skip
