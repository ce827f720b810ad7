"""``[find NAME=VALUE]`` in a line of a batch: the rows are read just before, and only so many may be written to.

What is found is written to by its row ids, in the same life of the router: after a reboot they mean other rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui.core.pool.job import Priority
from mktui.core.protocol.sentences import Command
from mktui.errors import CircuitOpen, WrongUse
from mktui.services.command_words import find_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mktui.cli.batch.script import Step
    from mktui.core.client.client import Client


def resolved(step: Step, row_ids: Sequence[str], most: int) -> Command:
    """Return the command for the rows that were found. Pure.

    Raises:
        WrongUse: There is none, or there are more than ``most``.
    """
    count, asked = len(row_ids), find_in_words(step.command.menu, step.find)
    if not count:
        raise WrongUse(f"{step.router}: {asked} finds no row: nothing was written")
    if count > most:
        allowed = f"more than {most}: nothing was written (--most {count} allows it)"
        raise WrongUse(f"{step.router}: {asked} finds {count} rows, {allowed}")
    return Command(step.command.path, {".id": ",".join(row_ids), **step.command.attributes})


async def find(client: Client, step: Step, most: int, timeout: float | None) -> tuple[Command, int | None, int]:
    """Read which rows a line is for; return its command, the router's life that it is meant in, and their number.

    Raises:
        WrongUse: There is none, or there are more than ``most``.
        RouterError, CommandTrapped, CircuitOpen: They cannot be read.
    """
    before = client.epoch
    try:
        rows = await client.get(
            step.command.menu, (".id",), where=step.find, max_age=0, priority=Priority.HIGH, timeout=timeout
        )
    except CircuitOpen as error:  # say what happened, not what the breaker makes of it
        raise client.last_error or error from None
    life = client.epoch
    if before not in {None, life}:
        raise WrongUse(f"{step.router}: it was restarted while its rows were read: nothing was written")
    row_ids = [row[".id"] for row in rows]
    return resolved(step, row_ids, most), life, len(row_ids)
