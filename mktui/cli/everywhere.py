"""Options that mean the same for every command, and may stand before it or behind it."""

from __future__ import annotations

import os
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import click

from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.lost_output import outlast_output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_META: Final = "mktui.{}"


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> Any:  # Any: click's
    """Note a wish for the whole run; what was said before the command stands when nothing is said behind it."""
    if value:
        context.find_root().meta[_META.format(parameter.name)] = value
        if parameter.name == "no_color":
            context.color = context.find_root().color = False
            os.environ["NO_COLOR"] = "1"  # the screen is told so as any program is
    return value


def options(*, is_hidden: bool = True) -> list[click.Option]:
    """Return the options; only the program's own help lists them."""
    made = [
        click.Option(["--config", "config_file"], type=click.Path(),
                     help="Configuration file; default: mktui config path."),
        click.Option(["--read-only"], is_flag=True, help="Refuse whatever would change something."),
        click.Option(["--no-color"], is_flag=True, help="No colours; NO_COLOR in the environment does the same."),
        click.Option(["-q", "--quiet"], is_flag=True, help="On stderr nothing but errors."),
        click.Option(["-v", "--verbose"], is_flag=True, help="On stderr also what happens to connections."),
    ]  # fmt: skip
    for each in made:
        each.callback, each.expose_value, each.hidden = _keep, False, is_hidden
    return made


def add_options(command: click.Command) -> None:
    """Let a command, and what is under it, take them; one that has an option of its own of that name keeps it."""
    taken = {name for parameter in command.params for name in parameter.opts}
    command.params += [each for each in options() if taken.isdisjoint(each.opts)]
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        add_options(each)


def wish(name: str) -> Any:  # Any: an option's value
    """Return what was said for one of them: config_file, read_only, no_color, quiet, verbose; None: nothing."""
    context = click.get_current_context(silent=True)
    return None if context is None else wish_of(context, name)


def wish_of(context: click.Context, name: str) -> Any:  # Any: an option's value
    """Do so for a context that is not the present one, as while a shell completes."""
    return context.find_root().meta.get(_META.format(name))


def begin_to_change(what: str) -> None:
    """End the program when nothing may be changed; from here on it goes on to its end, though its output be lost."""
    if wish("read_only"):
        fail(ExitCode.REFUSED, f"{what} would change something: --read-only")
    outlast_output()


def guard(command: click.Command, name: str) -> None:
    """Refuse a command under ``--read-only``, and have it outlast its output."""
    if (carry_out := command.callback) is None:
        return

    @wraps(carry_out)
    def guarded(*arguments: Any, **options: Any) -> Any:  # Any: a command's own
        begin_to_change(name)
        return carry_out(*arguments, **options)

    command.callback = guarded


def both(hearers: Iterable[Callable[[Any], None]]) -> Callable[[Any], None]:  # Any: an event
    """Return one hearer for several."""
    listed = tuple(hearers)

    def hear(event: Any) -> None:  # Any: an event
        for each in listed:
            each(event)

    return hear
