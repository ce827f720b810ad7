"""``mktui config diff``: the file against the defaults."""

from __future__ import annotations

import click

from mktui.cli.options import config_path
from mktui.cli.output import echo
from mktui.config.draft import differences
from mktui.config.load import check_text, parse, read

_EPILOG = """\b
Examples:
  mktui config diff
"""


@click.command(epilog=_EPILOG)
@click.pass_context
def diff(context: click.Context) -> None:
    """Show what the file says that is not the default; secrets stay hidden."""
    path = config_path(context)
    text = read(path)
    check_text(text, path)
    for each in differences({}, parse(text, path)):
        if each.before.removesuffix(" (default)") != each.after:
            echo(str(each))
