"""A group whose commands are imported when they are called: a headless one never loads what another one needs."""

from __future__ import annotations

import difflib
import importlib
from functools import cache
from typing import TYPE_CHECKING, ClassVar

import click
from click.shell_completion import CompletionItem

from mktui.cli.everywhere import add_options, guard
from mktui.quick import without_collection

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
    changing: ClassVar[frozenset[str]] = frozenset()
    """Those that ``--read-only`` refuses, and that go on to their end though their output is lost."""
    unlisted: ClassVar[frozenset[str]] = frozenset()
    """Commands for programs, of which people need not know."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the help."""
        del ctx
        return list(self.listed)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        del ctx
        if cmd_name not in self.listed and cmd_name not in self.unlisted:
            return None
        attribute = self.elsewhere.get(cmd_name, cmd_name.replace("-", "_"))
        return _command(self.package, attribute, cmd_name if cmd_name in self.changing else "")

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names.

        Raises:
            UsageError: There is none; what is nearly called so is said.
        """
        if args and args[0] not in (*self.listed, *self.unlisted) and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.listed, n=1)
            ctx.fail(f"no command is called {args[0]!r}{f': did you mean {near[0]}?' if near else ''}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer commands without importing them, and options."""
        named = [CompletionItem(name, help=text) for name, text in self.listed.items() if name.startswith(incomplete)]
        return named + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(self.listed.items()))


@cache
def _command(package: str, attribute: str, changes: str) -> click.Command:
    """Import a command, with the options that stand everywhere. ``changes``: its name, when it changes something."""
    with without_collection():
        module = importlib.import_module(f"{package}.{attribute}")
    command: click.Command = module.__dict__[attribute]
    add_options(command)
    if changes:
        guard(command, changes)
    return command
