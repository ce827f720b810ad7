"""One question to whoever sits at the terminal, while everything else goes on."""

from __future__ import annotations

from contextlib import aclosing

import click

from mktui.cli.stdin import lines


async def confirmed(question: str) -> bool:
    """Ask on stderr, and wait for the answer; who interrupts the program need not answer first.

    Raises:
        click.Abort: The terminal has nothing more to say.
    """
    while True:
        click.echo(f"{question} [y/N]: ", err=True, nl=False)
        async with aclosing(lines()) as typed:
            answer = await anext(typed, None)
        if answer is None:
            raise click.Abort
        word = answer.strip().lower()
        if word in {"y", "yes"}:
            return True
        if word in {"", "n", "no"}:
            return False
        click.echo("say y or n", err=True)
