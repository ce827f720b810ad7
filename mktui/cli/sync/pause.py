"""``mktui sync pause``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mktui import clock
from mktui.billing import registry
from mktui.cli import completing
from mktui.cli.output import echo
from mktui.cli.sync.upkeep import changing_office
from mktui.services.start import chosen_routers

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.services.chronicle import Chronicle
    from mktui.sync.run import Office


@click.command(epilog="\b\nExample:\n  mktui sync pause edge-1 --reason 'being replaced'\n")
@click.argument("routers", nargs=-1, required=True, shell_complete=completing.routers)
@click.option("--reason", default="by hand", show_default=True, help="Shown to whoever asks.")
@click.pass_context
def pause(context: click.Context, *, routers: tuple[str, ...], reason: str) -> None:
    """Let no automatic sync touch routers until they are resumed. A sync by hand still works."""

    async def work(office: Office, loaded: LoadedConfig, chronicle: Chronicle) -> None:
        for router in chosen_routers(loaded, routers):
            with chronicle.audited(f"hold automatic syncs: {reason}", router.name):
                await office.store.run(registry.pause, router.name, reason, now=clock.utc_now())

    changing_office(context, work)
    echo(f"paused: {', '.join(routers)}")
