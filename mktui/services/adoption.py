"""Takes over what is on a router: rows that billing has not become billing's, and then they are marked as ours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mktui import clock
from mktui.errors import CircuitOpen
from mktui.services import deeds
from mktui.sync.order import Order
from mktui.sync.plan import Action

if TYPE_CHECKING:
    from mktui.billing.sources.adopting import Adoption
    from mktui.billing.sources.importing import ImportOutcome
    from mktui.billing.sources.preview import ImportPreview
    from mktui.billing.sources.rows import SourceRows
    from mktui.services.fleet import Fleet
    from mktui.sync.report import Report


@dataclass(frozen=True, slots=True)
class AdoptionPreview:
    """What adopting would do: ``shown`` to billing; ``adoption.clashes`` are rows that billing has already."""

    router: str
    adoption: Adoption
    shown: ImportPreview
    names: frozenset[str]


async def preview_adoption(fleet: Fleet, router: str, names: frozenset[str], timezone: str) -> AdoptionPreview:
    """Say which rows of a router would become billing's. ``names`` empty: all of them.

    Raises:
        RouterError: It cannot be read.
        BillingError: Billing cannot be read.
    """
    from mktui.billing import ledger  # noqa: PLC0415 - loads the database
    from mktui.billing.sources.adopting import adopt  # noqa: PLC0415 - with it
    from mktui.billing.sources.importing import preview_in  # noqa: PLC0415 - with it
    from mktui.billing.sources.zones import zone  # noqa: PLC0415 - with it
    from mktui.sync.mapping import MANAGED_MENUS  # noqa: PLC0415 - with it
    from mktui.sync.mirror import read_live  # noqa: PLC0415 - with it

    office = await fleet.office.get()
    client = fleet.service(router).client
    try:
        live = await read_live(client, MANAGED_MENUS)
    except CircuitOpen as error:
        raise client.last_error or error from None
    profiles = await office.store.run(ledger.read_profiles)
    subscribers = await office.store.run(ledger.read_subscribers)
    sees = any("password" in row for menu in ("/ppp/secret", "/ip/hotspot/user") for row in live.rows.get(menu, ()))
    adoption = adopt(router, live.rows, profiles, subscribers, local=zone(timezone), sees_passwords=sees)
    if names:
        adoption = replace(
            adoption, rows=_named(adoption.rows, names),
            clashes=tuple(each for each in adoption.clashes if each.name in names),
        )  # fmt: skip
    return AdoptionPreview(router, adoption, await office.store.run(preview_in, adoption.rows), names)


def _named(rows: SourceRows, names: frozenset[str]) -> SourceRows:
    """Return the rows of these names, with the profiles that they need."""
    subscribers = tuple(each for each in rows.subscribers if each.username in names)
    needed = {(each.kind, each.profile) for each in subscribers}
    profiles = tuple(each for each in rows.profiles if each.name in names or (each.kind, each.name) in needed)
    errors = tuple(each for each in rows.errors if any(name in each.where or name == each.value for name in names))
    return replace(rows, complete=False, subscribers=subscribers, profiles=profiles, errors=errors)


async def carry_out_adoption(fleet: Fleet, preview: AdoptionPreview) -> tuple[ImportOutcome, Report]:
    """Write the rows into billing, then mark them on the router. Nothing else of them is changed."""
    from mktui.billing.sources.importing import write  # noqa: PLC0415 - loads the database

    office = await fleet.office.get()
    words = deeds.of_rows((*preview.shown.added, *preview.shown.changed))
    with fleet.chronicle.audited(f"adopt: {words}", preview.router):
        outcome = await office.store.run(write, preview.shown, now=clock.utc_now())
    taken = {each.name for each in (*preview.shown.added, *preview.shown.changed)}
    taken |= {each.name for each in preview.adoption.clashes if each.same or each.name in preview.names}
    order = Order(cause="adopt", adopt=frozenset(taken), names=frozenset(taken), only=frozenset({Action.ADOPT}))
    return outcome, await fleet.sync(preview.router, order)
