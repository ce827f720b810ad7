"""One question to whoever sits at the terminal, while everything else goes on."""

from __future__ import annotations

from contextlib import aclosing

import click

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
    """
    echo(f"{question}: ", err=True, nl=False)
    async with aclosing(lines()) as came:
        answer = await anext(came, None)
    if answer is None:
        raise click.Abort
    return answer.strip()
