"""``mktui sync pause``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mktui import clock
from mktui.billing import registry
from mktui.cli import completing
from mktui.cli.options import loaded_config
from mktui.cli.output import say
from mktui.cli.sync.upkeep import in_office
from mktui.services.by_hand import kept_chronicle
from mktui.services.start import chosen_routers

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.sync.run import Office


@click.command(epilog="\b\nExample:\n  mktui sync pause edge-1 --reason 'being replaced'\n")
@click.argument("routers", nargs=-1, required=True, shell_complete=completing.routers)
@click.option("--reason", default="by hand", show_default=True, help="Shown to whoever asks.")
@click.pass_context
def pause(context: click.Context, *, routers: tuple[str, ...], reason: str) -> None:
    """Let no automatic sync touch routers until they are resumed. A sync by hand still works."""
    with kept_chronicle(loaded_config(context).config.monitor, say) as chronicle:

        async def work(office: Office, loaded: LoadedConfig) -> None:
            for router in chosen_routers(loaded, routers):
                with chronicle.audited(f"hold automatic syncs: {reason}", router.name):
                    await office.store.run(registry.pause, router.name, reason, now=clock.utc_now())

        in_office(context, work)
    click.echo(f"paused: {', '.join(routers)}")
