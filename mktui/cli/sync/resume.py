"""``mktui sync resume``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mktui.billing import registry
from mktui.cli import completing
from mktui.cli.output import echo
from mktui.cli.sync.upkeep import changing_office
from mktui.services.start import chosen_routers

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.services.chronicle import Chronicle
    from mktui.sync.run import Office


@click.command(epilog="\b\nExample:\n  mktui sync resume edge-1\n")
@click.argument("routers", nargs=-1, required=True, shell_complete=completing.routers)
@click.pass_context
def resume(context: click.Context, *, routers: tuple[str, ...]) -> None:
    """Let automatic syncs of routers go on."""

    async def work(office: Office, loaded: LoadedConfig, chronicle: Chronicle) -> list[str]:
        resumed: list[str] = []
        for router in chosen_routers(loaded, routers):
            with chronicle.audited("let automatic syncs go on", router.name):
                resumed += [router.name] if await office.store.run(registry.resume, router.name) else []
        return resumed

    was_paused = changing_office(context, work)
    for router in routers:
        echo(f"{router}: {'resumed' if router in was_paused else 'was not paused'}")
