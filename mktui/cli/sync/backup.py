"""``mktui sync backup``: an export on the router itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import click

from mktui.cli import completing
from mktui.cli.events import open_log
from mktui.cli.exit_codes import ExitCode, code_of
from mktui.cli.options import json_option, loaded_config
from mktui.cli.output import complain, echo, print_json, say
from mktui.errors import RouterError
from mktui.services.start import open_configured

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig


@click.command(epilog="\b\nExample:\n  mktui sync backup edge-1\n")
@click.argument("routers", nargs=-1, required=True, shell_complete=completing.routers)
@json_option
@click.pass_context
def backup(context: click.Context, *, routers: tuple[str, ...], as_json: bool) -> None:
    """Have routers write an /export of their configuration to a file of their own (without passwords)."""
    made, failed = anyio.run(_backup, loaded_config(context), routers)
    if as_json:
        print_json("mktui.sync.backup/1", backups=[{"router": name, "file": file} for name, file in made.items()])
    else:
        for name, file in made.items():
            echo(f"{name}: {file}")
    for error in failed:
        complain(error)
    if failed:
        context.exit(ExitCode.PARTLY if made else code_of(failed[0]))


async def _backup(loaded: LoadedConfig, names: tuple[str, ...]) -> tuple[dict[str, str], list[RouterError]]:
    made: dict[str, str] = {}
    failed: list[RouterError] = []
    with open_log() as on_event:
        async with open_configured(loaded, names=names, on_event=on_event, keeps_history=True, say=say) as fleet:
            for name in fleet.names:
                try:
                    made[name] = await fleet.service(name).syncs.backup()
                except RouterError as error:
                    failed.append(error)
    return made, failed
