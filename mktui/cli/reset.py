"""``mktui reset``: replaces a router's connections, in the mktui that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import click

from mktui.cli.exit_codes import ExitCode, code_of, worst
from mktui.cli.options import loaded_config
from mktui.cli.output import echo, say
from mktui.cli.running import running
from mktui.errors import ControlRefused, RouterError
from mktui.services.start import chosen_routers, open_configured

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mktui.config.load import LoadedConfig

_EPILOG = """\b
Examples:
  mktui reset edge-1            in the mktui serve, or the screen, that runs this configuration
  mktui reset edge-1 edge-2

With another address or login, one session is tried first: when it cannot be opened, connections that work stay.

Exit code: 0 reset and it answers, 2 unknown router or wrong configuration, 3 it does not answer.
"""


@click.command(epilog=_EPILOG)
@click.argument("routers", nargs=-1, required=True, metavar="ROUTER...")
@click.pass_context
def reset(context: click.Context, *, routers: tuple[str, ...]) -> None:
    """Read a router's settings afresh, its address and login too, and replace its connections, one at a time.

    Commands under way go on to their end. It ends when a new connection is ready, or none can be opened. Without an
    mktui that runs, a pool is opened for it, and closed again.
    """
    context.exit(anyio.run(_reset, loaded_config(context), routers))


async def _reset(loaded: LoadedConfig, routers: tuple[str, ...]) -> int:
    chosen_routers(loaded, routers)
    async with running(loaded) as link:
        if link is not None:

            async def ask(name: str) -> None:
                await link.ask("reset", router=name)

            return await _each(routers, ask, f" (pid {link.greeting.get('pid', '?')})")
    say("nobody serves here: this resets a pool of its own, which ends with this command")
    async with open_configured(loaded, names=routers, keeps_history=True, say=say) as fleet:
        return await _each(routers, fleet.reset, "")


async def _each(routers: tuple[str, ...], reset: Callable[[str], Awaitable[None]], by_whom: str) -> ExitCode:
    """Reset one after the other, and tell of each; one that does not answer keeps none from its turn."""
    codes = []
    for name in routers:
        try:
            await reset(name)
        except (RouterError, ControlRefused) as error:
            codes.append(code_of(error))
            if codes[-1] is not ExitCode.UNREACHABLE:
                raise
            say(str(error))
        else:
            echo(f"{name}: reset{by_whom}")
    return worst(codes)
