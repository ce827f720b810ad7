"""``mktui config path``."""

from __future__ import annotations

import click

from mktui.cli.options import config_path


@click.command()
@click.pass_context
def path(context: click.Context) -> None:
    """Print the path of the configuration file, whether it is there or not."""
    click.echo(config_path(context))
