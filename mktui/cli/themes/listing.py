"""``mktui themes list``."""

from __future__ import annotations

import click

from mktui.cli.options import json_option
from mktui.cli.output import echo, print_json, print_table


@click.command("list", epilog="\b\nExample:\n  mktui themes list --json\n")
@json_option
def listing(*, as_json: bool) -> None:
    """List the themes; a file that cannot be used is told."""
    from mktui.config.themes import own_folder, theme_files  # noqa: PLC0415 - only this command
    from mktui.tui.themes import load_themes  # noqa: PLC0415 - loads the terminal

    themes, problems = load_themes()
    files = {file.stem: str(file) for file in theme_files()}
    rows = [(each.name, "dark" if each.dark else "light", files.get(each.name, "–")) for each in themes]
    if as_json:
        found = [{"name": name, "kind": kind, "file": file} for name, kind, file in rows]
        print_json("mktui.themes/1", themes=found, problems=problems, own_folder=str(own_folder()))
    else:
        print_table(("NAME", "KIND", "FILE"), rows)
        echo(f"your own go to {own_folder()}")
    for problem in problems:
        echo(f"mktui: {problem}", err=True)
