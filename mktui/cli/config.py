"""``mktui config``: where the configuration is, and whether it is right."""

from __future__ import annotations

from pathlib import Path

import click

from mktui.cli.options import loaded_config
from mktui.config.load import default_path


@click.group()
def config() -> None:
    """Where the configuration is, and whether it is right."""


@config.command()
@click.pass_context
def path(context: click.Context) -> None:
    """Print the path of the configuration file, whether it is there or not."""
    given = context.find_root().obj
    click.echo(Path(given) if given else default_path())


@config.command()
@click.pass_context
def check(context: click.Context) -> None:
    """Check the configuration: exit code 0 when it is right, 2 with every problem on stderr when not."""
    loaded = loaded_config(context)
    for warning in loaded.warnings:
        click.echo(f"mktui: {warning}", err=True)
    count = len(loaded.config.routers)
    click.echo(f"{loaded.file}: right, {count} router{'' if count == 1 else 's'}")
