"""``mktui billing add``."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from mktui.billing import ledger
from mktui.billing.history import named
from mktui.billing.model import SubscriberStatus
from mktui.cli.billing.editing import (
    cells_of,
    fields_argument,
    password_option,
    show_change,
    what_argument,
    write_row,
)
from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.output import say
from mktui.cli.sync.upkeep import changing_office

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mktui.billing.model import Subscriber
    from mktui.billing.sources.preview import RowChange
    from mktui.billing.sources.rows import What
    from mktui.config.load import LoadedConfig
    from mktui.services.chronicle import Chronicle
    from mktui.sync.run import Office

_EPILOG = """\b
Examples:
  mktui billing add profile gold rate_down_bps=40M rate_up_bps=10M pool=pppoe-pool
  mktui billing add profile hour kind=hotspot session_timeout_s=1h
  mktui billing add subscriber ana profile=gold valid_until=2026-12-31 --password-stdin
"""


@click.command(epilog=_EPILOG)
@what_argument
@click.argument("name")
@fields_argument
@password_option
@click.pass_context
def add(context: click.Context, *, what: str, name: str, fields: tuple[str, ...], password_stdin: bool) -> None:
    """Add a profile or a subscriber to billing."""
    kind = cast("What", what)
    cells = cells_of(kind, fields, password_stdin=password_stdin)
    cells["name" if kind == "profile" else "username"] = name

    async def work(office: Office, loaded: LoadedConfig, chronicle: Chronicle) -> RowChange | None:
        if cells.get("external_id") and kind == "subscriber":
            known = await office.store.run(ledger.find_subscriber, cells["external_id"])
            if known is not None:
                fail(ExitCode.USAGE, f"external_id {known.external_id} is {known.username}'s: mktui billing set")
        if kind == "subscriber":
            _refuse_deleted(name, (await office.store.run(named, name)).subscribers)
        return await write_row(office, loaded, chronicle, kind, cells)

    change = changing_office(context, work)
    if change is not None and change.before is not None:
        say("it was there already and was changed")
    show_change(change, name)


def _refuse_deleted(name: str, known: Iterable[Subscriber]) -> None:
    """A customer who was deleted keeps his name: whoever adds him again must not believe that he is served."""
    if any(each.status is SubscriberStatus.DELETED for each in known):
        remedy = (
            f"mktui billing enable {name} takes him back, mktui billing set subscriber {name} username=... frees it"
        )
        fail(ExitCode.USAGE, f"{name} was deleted, and still has this name: {remedy}")
