"""One question to whoever sits at the terminal, while everything else goes on."""

from __future__ import annotations

from contextlib import aclosing

import click

from mktui.cli.exit_codes import ExitCode, fail
from mktui.cli.lost_output import lost_output
from mktui.cli.output import echo
from mktui.cli.stdin import lines


async def confirmed(question: str) -> bool:
    """Ask on stderr, and wait for the answer; who interrupts the program need not answer first.

    Raises:
        click.Abort: The terminal has nothing more to say.
    """
    while True:
        word = (await typed(f"{question} [y/N]")).lower()
        if word in {"y", "yes"}:
            return True
        if word in {"", "n", "no"}:
            return False
        echo("say y or n", err=True)


async def typed(question: str) -> str:
    """Ask on stderr, and return what was typed.

    Raises:
        click.Abort: The terminal has nothing more to say.
        Failure: What this is about could not be shown.
    """
    refuse_unseen()
    echo(f"{question}: ", err=True, nl=False)
    async with aclosing(lines()) as came:
        answer = await anext(came, None)
    if answer is None:
        raise click.Abort
    return answer.strip()


def refuse_unseen() -> None:
    """End the program when what is to be asked about could not be printed: nobody can say yes to that."""
    if lost_output() is not None:
        fail(ExitCode.USAGE, "what is to be asked about could not be shown: nothing was done")
