"""argv -> services -> stdout. stdout is for results only; stderr is for people. No traceback reaches a user.

Commands are imported when they are called: a headless one never loads the terminal.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from mktui.cli import everywhere
from mktui.cli.everywhere import wish
from mktui.cli.exit_codes import ExitCode, Failure, code_of, fail, lines_of, worst
from mktui.cli.lazy import LazyGroup
from mktui.cli.lost_output import (
    OutputLost,
    forget_output,
    is_outlasted,
    lost_output,
    lost_output_noticed,
    prepare_streams,
)
from mktui.cli.options import default_config_path, driver_option, has_screen
from mktui.cli.output import echo, say
from mktui.cli.signals import heard_signals
from mktui.errors import MktuiError
from mktui.services.log import write_crash

if TYPE_CHECKING:
    from collections.abc import Sequence


class Commands(LazyGroup):
    """What mktui can do."""

    package = __name__
    changing: ClassVar = frozenset({"init", "reset", "breaker"})
    listed: ClassVar = {
        "init": "A starter configuration, and what the router must be told.",
        "demo": "Three simulated routers on screen: no configuration, no router, no network needed.",
        "serve": "Pools and syncs without a screen; --attach shows them.",
        "status": "How every router is, once.",
        "reset": "Replace a router's connections, in the mktui that runs.",
        "breaker": "Isolate a router, or let it back in, in the mktui that runs.",
        "test": "Test routers step by step, past the pool.",
        "doctor": "What is wrong with the routers, why, and what to do.",
        "alerts": "What is worth waking somebody for, and who is told.",
        "errors": "What went wrong lately, and who changed what.",
        "review": "What the last weeks say about the settings, and who is near a limit.",
        "run": "Run one command on a router.",
        "batch": "Run commands from a file, one a line.",
        "who": "One customer: is he paid, where is he online, what was done to him.",
        "sync": "Billing to routers: plan, apply, report, roll back.",
        "billing": "Profiles and subscribers: list, change, import, export.",
        "capture": "Record a router for mktui simulate --from, without anybody's name in it.",
        "stability-test": "What a router and its pool bear: scenarios, limits, verdicts.",
        "simulate": "Simulated routers for scripts and training.",
        "record": "What is seen, kept in a file.",
        "replay": "What was seen, on the same screens.",
        "keys": "The screen's keys: what each does, and whether your own are right.",
        "themes": "The screen's colours: which there are, and whether a file is right.",
        "completion": "Completion for bash, zsh and fish.",
        "config": "The configuration: where it is, what it says, check it, change it.",
    }
    unlisted: ClassVar = frozenset({"control-relay"})

    @lost_output_noticed()
    def make_context(self, *arguments: Any, **options: Any) -> click.Context:  # Any: click's
        """Read the arguments; ``--help`` is printed here."""
        return super().make_context(*arguments, **options)

    @lost_output_noticed()
    def invoke(self, ctx: click.Context) -> Any:  # Any: click's
        """Carry a command out."""
        return super().invoke(ctx)


_SHELL_SIGNAL: Final = 128
"""A shell's code for an end by a signal is this and the signal's number."""
_WHAT_CHANGED: Final = "what was changed is in mktui errors audit"
_EPILOG = """\b
Examples:
  mktui demo                                   look around
  mktui                                        the control room
  mktui --attach                               the same, of the mktui serve that runs
  mktui status --json                          for scripts
  mktui run edge-1 /ppp/secret/print .proplist=name '?profile=gold'
"""


@click.group(cls=Commands, invoke_without_command=True, epilog=_EPILOG)
@driver_option
@click.option(
    "--attach",
    is_flag=False,
    flag_value="",
    metavar="[SOCKET | ssh://USER@HOST]",
    help="Show what an mktui that runs already holds, here or over ssh; no router session is opened.",
)
@click.version_option(package_name="mktui")
@click.pass_context
def cli(context: click.Context, *, attach: str | None, driver: str) -> None:
    """Control room for MikroTik RouterOS networks. Without a command: the terminal screen.

    --config, --read-only, --no-color, -q and -v may also stand behind any command.
    """
    if context.invoked_subcommand is not None:
        if attach is not None:
            raise click.UsageError("--attach is for the screen; a command asks the mktui that runs by itself")
        return
    file, is_read_only = wish("config_file"), bool(wish("read_only"))
    if attach is not None:
        if not has_screen():
            raise click.UsageError("--attach needs a terminal; mktui status --json asks the mktui that runs")
        from mktui.cli.screen import run_attached_screen  # noqa: PLC0415 - loads the terminal

        context.exit(run_attached_screen(file, attach, read_only=is_read_only, driver=driver))
    if has_screen():
        from mktui.cli.screen import run_screen  # noqa: PLC0415 - loads the terminal

        context.exit(run_screen(file, read_only=is_read_only, driver=driver))
    if file is None and not default_config_path().exists():
        fail(ExitCode.USAGE, f"there is no configuration yet, {default_config_path()}: start mktui in a terminal, "
                             "or mktui init")  # fmt: skip
    say("no terminal here, so this is one status; see mktui --help")
    status = cli.get_command(context, "status")
    assert status is not None
    context.invoke(status)


cli.params[:0] = everywhere.options(is_hidden=False)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program and exit with its code."""
    with heard_signals() as heard:
        code = _run(arguments)
    if code is ExitCode.INTERRUPTED and heard:
        code = ExitCode(_SHELL_SIGNAL + heard[0])
    sys.exit(int(code))


def _run(arguments: Sequence[str] | None) -> int:
    """Return the exit code; why it is none of the good ones stands on stderr."""
    prepare_streams()
    try:
        result = cli.main(args=arguments, prog_name="mktui", standalone_mode=False)
        code = result if isinstance(result, int) else ExitCode.DONE
    except Failure as failure:
        code = _say(failure.code, *failure.lines)
    except MktuiError as error:
        code = _say(code_of(error), *lines_of(error))
    except click.ClickException as error:
        code = _usage(error)
    except (click.Abort, KeyboardInterrupt):
        code = ExitCode.INTERRUPTED
    except OutputLost:
        code = ExitCode.DONE
    except Exception as error:  # noqa: BLE001 - the last wall: a bug is told in one line, its traceback goes to a file
        code = _say(ExitCode.BUG, f"a bug in mktui: {type(error).__name__}; please report {write_crash(error)}")
    lost = lost_output()
    return code if lost is None else _without_output(ExitCode(code), lost)


def _without_output(code: ExitCode, lost: OutputLost) -> ExitCode:
    """Say that somebody has missed something; who did not want to read on of a command that only reads knows it."""
    forget_output()
    if is_outlasted():
        _say(code, f"{lost}; {_WHAT_CHANGED}")
    elif not lost.is_closed_pipe:
        _say(code, str(lost))
    return code if lost.is_closed_pipe else worst([code, ExitCode.USAGE])


def _usage(error: click.ClickException) -> ExitCode:
    """Say what was wrong with the arguments, and where help is; of a group alone its help is the answer."""
    if isinstance(error, NoArgsIsHelpError):
        error.show()
        return ExitCode.USAGE
    words = " ".join(error.format_message().split()).removesuffix(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    return _say(ExitCode.USAGE, words if context is None else f"{words} (see {context.command_path} --help)")


def _say(code: ExitCode, *lines: str) -> ExitCode:
    with suppress(OSError):  # where nothing can be said, the code still can
        for line in lines:
            echo(f"mktui: {line}", err=True)
    return code
