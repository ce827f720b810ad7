"""``mktui billing enable``."""

from __future__ import annotations

import click

from mktui.billing.model import SubscriberStatus
from mktui.cli.billing.standing import set_standing


@click.command(epilog="\b\nExample:\n  mktui billing enable ana\n")
@click.argument("names", nargs=-1, required=True)
@click.pass_context
def enable(context: click.Context, *, names: tuple[str, ...]) -> None:
    """He may connect again, from the next sync on, as long as he is paid."""
    set_standing(context, names, SubscriberStatus.ACTIVE)
