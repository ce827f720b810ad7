"""``mktui reset``: replaces a router's connections, in the mktui that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import click

from mktui.cli.exit_codes import ExitCode
from mktui.cli.options import loaded_config
from mktui.cli.output import echo, say
from mktui.cli.running import running
from mktui.core.pool.health import HealthStatus
from mktui.services.start import chosen_routers, open_configured

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig

_EPILOG = """\b
Examples:
  mktui reset edge-1            in the mktui serve, or the screen, that runs this configuration
  mktui reset edge-1 edge-2

Exit code: 0 reset, 2 unknown router or wrong configuration, 3 it does not answer.
"""


@click.command(epilog=_EPILOG)
@click.argument("routers", nargs=-1, required=True, metavar="ROUTER...")
@click.pass_context
def reset(context: click.Context, *, routers: tuple[str, ...]) -> None:
    """Read a router's settings afresh, its address and login too, and replace its connections, one at a time.

    Commands under way go on to their end. Without an mktui that runs, a pool is opened for it, and closed again.
    """
    context.exit(anyio.run(_reset, loaded_config(context), routers))


async def _reset(loaded: LoadedConfig, routers: tuple[str, ...]) -> int:
    chosen_routers(loaded, routers)
    async with running(loaded) as link:
        if link is not None:
            for name in routers:
                await link.ask("reset", router=name)
                echo(f"{name}: reset (pid {link.greeting.get('pid', '?')})")
            return ExitCode.DONE
    say("nobody serves here: this resets a pool of its own, which ends with this command")
    async with open_configured(loaded, names=routers, keeps_history=True, say=say) as fleet:
        worst = ExitCode.DONE
        for name in routers:
            await fleet.reset(name)
            client = fleet.service(name).client
            with anyio.move_on_after(client.options.connection_timeout + 1):
                while client.health().status is HealthStatus.OFFLINE and client.last_error is None:  # noqa: ASYNC110 - a look
                    await anyio.sleep(0.05)
            if client.health().status is HealthStatus.OFFLINE:
                say(str(client.last_error or f"{name}: it does not answer"))
                worst = ExitCode.UNREACHABLE
            else:
                echo(f"{name}: reset")
        return worst
