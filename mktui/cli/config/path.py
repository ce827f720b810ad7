"""``mktui config path``."""

from __future__ import annotations

import click

from mktui.cli.options import config_path
from mktui.cli.output import echo_document

_EPILOG = """\b
Examples:
  cd "$(dirname "$(mktui config path)")"
"""


@click.command(epilog=_EPILOG)
@click.pass_context
def path(context: click.Context) -> None:
    """Print the path of the configuration file, whether it is there or not."""
    echo_document(str(config_path(context)))
