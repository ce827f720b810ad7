"""``mktui billing delete``."""

from __future__ import annotations

import click

from mktui.billing.model import SubscriberStatus
from mktui.cli.billing.standing import set_standing


@click.command(epilog="\b\nExample:\n  mktui billing delete ana\n")
@click.argument("names", nargs=-1, required=True)
@click.pass_context
def delete(context: click.Context, *, names: tuple[str, ...]) -> None:
    """He is no customer any more: the next sync takes his row away; billing keeps his entry."""
    set_standing(context, names, SubscriberStatus.DELETED)
