"""One question to whoever sits at the terminal, while everything else goes on."""

from __future__ import annotations

from functools import partial

import anyio
import click


async def confirmed(question: str) -> bool:
    """Ask on stderr, and wait for the answer; who interrupts the program need not answer first."""
    ask = partial(click.confirm, question, err=True)
    return await anyio.to_thread.run_sync(ask, abandon_on_cancel=True)
