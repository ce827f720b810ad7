"""``mktui themes``: the screen's colours."""

from __future__ import annotations

from typing import ClassVar

import click

from mktui.cli.lazy import LazyGroup


class ThemeCommands(LazyGroup):
    """What can be done about themes."""

    package = __name__
    listed: ClassVar = {
        "list": "Which themes there are, and where their files are.",
        "check": "Whether files are themes that can be used.",
    }
    elsewhere: ClassVar = {"list": "listing"}


@click.group(cls=ThemeCommands, epilog="\b\nExamples:\n  mktui themes list\n  mktui themes check my-colours.toml\n")
def themes() -> None:
    """Themes of the screen. Your own are *.toml files in themes/ beside the configuration, read whenever you save."""
