"""``mktui config``: where the configuration is, what it says, and how it is changed."""

from __future__ import annotations

from typing import ClassVar

import click

from mktui.cli.lazy import LazyGroup

_EPILOG = """\b
Examples:
  mktui config show                                 every setting, where it is not the default marked *
  mktui config set pool.max_size 8 ui.theme ansi    shows the difference and asks
  mktui config set routers.edge-2.host 10.0.0.2     a router that is not there yet is added
  mktui config set --unset routers.edge-2 --yes     and removed
  mktui config schema > mktui.schema.json           for an editor that completes
"""


class ConfigCommands(LazyGroup):
    """What can be done about the configuration."""

    package = __name__
    changing: ClassVar = frozenset({"set"})
    listed: ClassVar = {
        "path": "Print the path of the configuration file, whether it is there or not.",
        "check": "Is it right? Every problem with its line.",
        "show": "Every setting with its value; secrets stay hidden.",
        "set": "Change settings; comments and order stay.",
        "diff": "What the file says that is not the default.",
        "schema": "The JSON schema of the file.",
    }
    elsewhere: ClassVar = {"set": "setting"}


@click.group(cls=ConfigCommands, epilog=_EPILOG)
def config() -> None:
    """Where the configuration is, what it says, and how it is changed."""
