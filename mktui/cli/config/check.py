"""``mktui config check``."""

from __future__ import annotations

import click

from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.keys import keymap_in
from mktui.cli.options import loaded_config
from mktui.cli.output import echo, say
from mktui.config.themes import theme_names, theme_problem

_EPILOG = """\b
Examples:
  mktui config check && mktui test
  mktui --config new.toml config check
"""


@click.command(epilog=_EPILOG)
@click.pass_context
def check(context: click.Context) -> None:
    """Check the configuration: exit code 0 when it is right, 2 with every problem on stderr when not.

    Says where each password comes from; whether it can be fetched there, mktui test and mktui doctor find out.
    """
    loaded = loaded_config(context)
    for warning in loaded.warnings:
        say(f"{warning}")
    theme = theme_problem({"ui": {"theme": loaded.config.ui.theme}}, theme_names(), loaded.file)
    if problems := [*filter(None, [theme]), *keymap_in(loaded).problems]:
        fail(ExitCode.USAGE, *map(str, problems))
    count = len(loaded.config.routers)
    echo(f"{loaded.file}: right, {count} router{'' if count == 1 else 's'}")
    for router in loaded.config.routers:
        echo(f"  {router.name}: password {router.password.described()}")
