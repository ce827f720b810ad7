"""A group whose commands are imported when they are called: a headless one never loads what another one needs."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, ClassVar

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class LazyGroup(click.Group):
    """Finds the command ``name`` as ``name`` (dashes as underscores) in the module of that name in ``package``.

    ``elsewhere`` names the modules of commands whose names Python has another use for; the attribute is called so too.
    """

    package: ClassVar[str]
    listed: ClassVar[Mapping[str, str]]
    """The commands and what they do, in the order of the help."""
    elsewhere: ClassVar[Mapping[str, str]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the help."""
        del ctx
        return list(self.listed)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        del ctx
        if cmd_name not in self.listed:
            return None
        attribute = self.elsewhere.get(cmd_name, cmd_name.replace("-", "_"))
        module = importlib.import_module(f"{self.package}.{attribute}")
        command: click.Command = module.__dict__[attribute]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(self.listed.items()))
