"""``mktui breaker``: isolates a router, or lets it back in, in the mktui that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import click

from mktui.cli.exit_codes import ExitCode
from mktui.cli.options import loaded_config
from mktui.cli.output import echo
from mktui.cli.running import running
from mktui.errors import NobodyServes
from mktui.services.control.place import SOCKET, place_of
from mktui.services.start import chosen_routers

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig

_EPILOG = """\b
Examples:
  mktui breaker edge-1 isolate     ask it nothing more, until somebody lets it back in
  mktui breaker edge-1 probe       ask it once now; when it answers, its circuit closes

Exit code: 0 done, 2 unknown router or wrong configuration, 3 nobody serves.
"""
_DONE = {"isolate": "isolated: nothing more is asked of it until mktui breaker {router} probe", "probe": "probed"}


@click.command(epilog=_EPILOG)
@click.argument("router")
@click.argument("what", type=click.Choice(["isolate", "probe"]))
@click.pass_context
def breaker(context: click.Context, *, router: str, what: str) -> None:
    """Open or try a router's circuit by hand, in the mktui serve, or the screen, that runs this configuration."""
    context.exit(anyio.run(_breaker, loaded_config(context), router, what))


async def _breaker(loaded: LoadedConfig, router: str, what: str) -> int:
    chosen_routers(loaded, [router])
    async with running(loaded) as link:
        if link is not None:
            await link.ask(what, router=router)
            echo(f"{router}: {_DONE[what].format(router=router)}")
            return ExitCode.DONE
    raise NobodyServes(
        "nobody serves here, and a circuit is that of the mktui that runs",
        place=str(place_of(loaded.file, loaded.config.serve.socket)),
        remedy=f"mktui serve or mktui starts one; of one at another socket, {SOCKET} or [serve] socket says where",
    )
