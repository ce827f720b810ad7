"""``mktui themes check``."""

from __future__ import annotations

from pathlib import Path

import click

from mktui.cli.exit_codes import ExitCode
from mktui.cli.output import echo


@click.command(epilog="\b\nExample:\n  mktui themes check ~/.config/mktui/themes/*.toml\n")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_context
def check(context: click.Context, *, files: tuple[Path, ...]) -> None:
    """Say of each file whether it is a theme that can be used. Exit code: 0 all are, 2 one is not."""
    from mktui.tui.themes import load_themes  # noqa: PLC0415 - loads the terminal

    is_fine = True
    for file in files:
        themes, problems = load_themes([file])
        for theme in themes:
            echo(f"{file}: {theme.name}, {'dark' if theme.dark else 'light'}: can be used")
        for problem in problems:
            echo(f"mktui: {problem}", err=True)
        is_fine = is_fine and not problems
    context.exit(ExitCode.DONE if is_fine else ExitCode.USAGE)
