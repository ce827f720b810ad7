"""``mktui keys``: every action with its keys, and whether an operator's own are right. Loads no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.options import config_path, json_option, loaded_config
from mktui.cli.output import echo, print_json, print_table, say
from mktui.config.lines import LineFinder
from mktui.config.load import read
from mktui.tui.actions import EVERYWHERE, help_of
from mktui.tui.keymap import Keymap, keymap_of, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mktui.config.load import LoadedConfig
    from mktui.tui.actions import Action

_EPILOG = """\b
Examples:
  mktui keys             every action: its id, its keys, where, what it does
  mktui keys --check     are those of [keys] right? exit code 0 or 2
\b
In the configuration:
  [keys]
  test = "T"
  pause = ["p", "f8"]
"""


@click.command(epilog=_EPILOG)
@click.option("--check", is_flag=True, help="Say only whether [keys] can be used.")
@json_option
@click.pass_context
def keys(context: click.Context, *, check: bool, as_json: bool) -> None:
    """List what can be done on the screen, by which key. Your own keys go to [keys] of the configuration."""
    is_there = config_path(context).exists()
    keymap = keymap_in(loaded_config(context)) if is_there else Keymap()
    if check and keymap.problems:
        fail(ExitCode.USAGE, *map(str, keymap.problems))
    if as_json:
        found = [_record(action, keymap.actions) for action in keymap.actions]
        print_json("mktui.keys/1", keys=found, problems=[str(problem) for problem in keymap.problems])
    elif check:
        echo(f"{config_path(context)}: its keys can be used")
    else:
        print_table(("ACTION", "KEYS", "WHERE", "DOES"), [_row(action, keymap.actions) for action in keymap.actions])
    if not check:
        for problem in keymap.problems:
            say(f"your keys are not used: {problem}")


def keymap_in(loaded: LoadedConfig) -> Keymap:
    """Return the keys that a configuration asks for. Blocks."""
    given = loaded.config.keys
    return keymap_of(given, loaded.file, LineFinder(read(loaded.file))) if given != {} else Keymap()


def _record(action: Action, known: Sequence[Action]) -> dict[str, object]:
    return {
        "action": action.id, "keys": action.keys.split(","), "title": action.title, "help": help_of(action, known),
        "where": sorted(place.value for place in action.where), "danger": action.danger.value,
    }  # fmt: skip


def _row(action: Action, known: Sequence[Action]) -> tuple[str, ...]:
    places = "everywhere" if action.where == EVERYWHERE else " ".join(sorted(place.value for place in action.where))
    return action.id, " ".join(map(shown, action.keys.split(","))), places, help_of(action, known)
