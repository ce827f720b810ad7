"""argv -> services -> stdout. stdout is for results only; stderr is for people. No traceback reaches a user.

Commands are imported when they are called: a headless one never loads the terminal.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Final, NoReturn

import click

from mktui.cli.exit_codes import ExitCode, Failure, code_of, lines_of
from mktui.errors import MktuiError
from mktui.services.log import write_crash

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMANDS: Final = {
    "demo": "Three simulated routers on screen: no configuration, no router, no network needed.",
    "status": "How every router is, once.",
    "test": "Test routers step by step, past the pool.",
    "run": "Run one command on a router.",
    "simulate": "Simulated routers for scripts and training.",
    "config": "Where the configuration is, and whether it is right.",
}
"""The commands, in the order of the help."""


class LazyGroup(click.Group):
    """Imports a command's module when the command is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the help."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"mktui.cli.{cmd_name}")
        command: click.Command = module.__dict__[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


_EPILOG = """\b
Examples:
  mktui demo                                   look around
  mktui                                        the control room
  mktui status --json                          for scripts
  mktui run edge-1 /ppp/secret/print .proplist=name '?profile=gold'
"""


@click.group(cls=LazyGroup, invoke_without_command=True, epilog=_EPILOG)
@click.option("--config", "config_file", type=click.Path(), help="Configuration file; default: mktui config path.")
@click.option("--read-only", is_flag=True, help="Nothing can be changed from the screen.")
@click.version_option(package_name="mktui")
@click.pass_context
def cli(context: click.Context, config_file: str | None, *, read_only: bool) -> None:
    """Control room for MikroTik RouterOS networks. Without a command: the terminal screen."""
    context.obj = config_file
    if context.invoked_subcommand is not None:
        return
    if sys.stdout.isatty() and sys.stdin.isatty():
        from mktui.cli.screen import run_screen  # noqa: PLC0415 - loads the terminal

        context.exit(run_screen(config_file, read_only=read_only))
    click.echo("mktui: no terminal here, so this is one status; see mktui --help", err=True)
    status = cli.get_command(context, "status")
    assert status is not None
    context.invoke(status)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program and exit with its code."""
    try:
        result = cli.main(args=arguments, standalone_mode=False)
        code = result if isinstance(result, int) else 0
    except Failure as failure:
        code = _say(failure.code, *failure.lines)
    except MktuiError as error:
        code = _say(code_of(error), *lines_of(error))
    except click.Abort:
        code = ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        code = _closed_pipe()
    except Exception as error:  # noqa: BLE001 - the last wall: a bug is told in one line, its traceback goes to a file
        code = _say(ExitCode.BUG, f"a bug in mktui: {type(error).__name__}; please report {write_crash(error)}")
    sys.exit(int(code))


def _say(code: ExitCode, *lines: str) -> ExitCode:
    for line in lines:
        click.echo(f"mktui: {line}", err=True)
    return code


def _closed_pipe() -> ExitCode:
    """Nobody reads our output any more (``| head``): that is no failure."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.DONE
