"""What ``suspend``, ``enable`` and ``delete`` share: one subscriber's status, by his name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui import clock
from mktui.billing import ledger
from mktui.cli.billing.editing import warn_of_source
from mktui.cli.output import echo
from mktui.cli.sync.upkeep import changing_office
from mktui.services import deeds

if TYPE_CHECKING:
    import click

    from mktui.billing.model import Subscriber, SubscriberStatus
    from mktui.config.load import LoadedConfig
    from mktui.services.chronicle import Chronicle
    from mktui.sync.run import Office


def set_standing(context: click.Context, names: tuple[str, ...], status: SubscriberStatus) -> None:
    """Give subscribers a status and print it."""

    async def work(office: Office, loaded: LoadedConfig, chronicle: Chronicle) -> list[Subscriber]:
        changed = []
        for name in names:
            with chronicle.audited(deeds.of_status(status, name), ""):
                changed.append(await office.store.run(ledger.set_status, name, status, now=clock.utc_now()))
            await warn_of_source(office, loaded, "subscriber", changed[-1].external_id)
        return changed

    for subscriber in changing_office(context, work):
        until = f", paid until {subscriber.valid_until:%Y-%m-%d %H:%M}" if subscriber.valid_until else ""
        echo(f"{subscriber.username}: {subscriber.status.value}{until}")
