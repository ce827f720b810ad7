"""``mktui billing suspend``."""

from __future__ import annotations

import click

from mktui.billing.model import SubscriberStatus
from mktui.cli.billing.standing import set_standing


@click.command(epilog="\b\nExample:\n  mktui billing suspend ana\n")
@click.argument("names", nargs=-1, required=True)
@click.pass_context
def suspend(context: click.Context, *, names: tuple[str, ...]) -> None:
    """He may not connect any more, from the next sync on."""
    set_standing(context, names, SubscriberStatus.SUSPENDED)
