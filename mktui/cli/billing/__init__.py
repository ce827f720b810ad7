"""``mktui billing``: who pays for what."""

from __future__ import annotations

from typing import ClassVar

import click

from mktui.cli.lazy import LazyGroup

_EPILOG = """\b
Examples:
  mktui billing add profile gold rate_down_bps=40M rate_up_bps=10M
  mktui billing add subscriber ana profile=gold --password-stdin < secret
  mktui billing set subscriber ana valid_until=2026-12-31
  mktui billing suspend ana
  mktui billing import subscribers customers.csv        shows what would change, then asks
  mktui billing export subscribers > customers.csv

A field is called as in the header of an export. Nothing here reaches a router: mktui sync does.
Each change is kept with who made it, from where, and how it ended: mktui errors audit.
"""


class BillingCommands(LazyGroup):
    """What can be done to billing."""

    package = __name__
    changing: ClassVar = frozenset({"add", "set", "suspend", "enable", "delete", "import", "pull"})
    listed: ClassVar = {
        "list": "Profiles or subscribers.",
        "add": "A new profile or subscriber.",
        "set": "Change fields of one.",
        "suspend": "He may not connect any more, until he is enabled.",
        "enable": "He may connect (again).",
        "delete": "He is no customer any more; a sync takes his row away.",
        "import": "Profiles or subscribers from a CSV file.",
        "export": "Profiles or subscribers as CSV.",
        "pull": "Read the databases of [[billing.sources]] now.",
    }
    elsewhere: ClassVar = {"list": "listing", "set": "setting", "import": "importing"}


@click.group(cls=BillingCommands, epilog=_EPILOG)
def billing() -> None:
    """Profiles and subscribers: the source of truth that syncs bring to the routers."""
