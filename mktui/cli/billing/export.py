"""``mktui billing export``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mktui.billing import ledger
from mktui.billing.sources.csv_export import export_profiles, export_subscribers
from mktui.cli.output import echo_document
from mktui.cli.sync.upkeep import in_office

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.sync.run import Office

_EPILOG = """\b
Examples:
  mktui billing export profiles > profiles.csv
  mktui billing export subscribers --passwords > customers.csv     mind who can read it
"""


@click.command(epilog=_EPILOG)
@click.argument("what", type=click.Choice(["subscribers", "profiles"]), default="subscribers")
@click.option("--passwords", is_flag=True, help="Passwords too: whoever has the file has them all.")
@click.pass_context
def export(context: click.Context, *, what: str, passwords: bool) -> None:
    """Write billing as CSV on stdout; mktui billing import reads it back."""

    async def work(office: Office, _loaded: LoadedConfig) -> str:
        if what == "profiles":
            return export_profiles(await office.store.run(ledger.read_profiles))
        return export_subscribers(await office.store.run(ledger.read_subscribers), passwords=passwords)

    echo_document(in_office(context, work), nl=False)
