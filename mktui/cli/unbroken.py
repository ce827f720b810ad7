"""A write that is interrupted is not cut off in the middle: its answer has a moment to come, if it has left at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.background import background
from mktui.core.pool.actions import CommandSettled
from mktui.core.pool.job import Status

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mktui.core.client.client import Client
    from mktui.core.pool.actions import PoolEvent

GRACE: Final = 3.0
"""Seconds that whoever interrupts waits for the answer to a write."""


def moment_left(client: Client) -> float:
    """Return how long an interrupted write may go on: not at all, when nothing has left for the router."""
    return GRACE if any(each.in_flight for each in client.connection_stats().pool.connections) else 0.0


async def unbroken(client: Client, write: Callable[[], Awaitable[None]]) -> None:
    """Do a write; a cancellation takes effect when its answer has come, or the moment for that is over."""
    over = anyio.Event()
    scope = anyio.CancelScope(shield=True)

    async def shielded() -> None:
        with scope:
            await write()
        over.set()

    async with background() as tasks:
        tasks.start_soon(shielded)
        try:
            await over.wait()
        except anyio.get_cancelled_exc_class():
            scope.deadline = clock.now() + moment_left(client)
            raise


def was_withdrawn(event: PoolEvent) -> bool:
    """Say whether a write has ended without having been done: of one that was interrupted, that is all one knows."""
    return _status(event) is Status.NOT_APPLIED


def was_done(event: PoolEvent) -> bool:
    """Say whether a write has been done: its answer may come in the very moment in which its sender is interrupted."""
    return _status(event) is Status.APPLIED


def _status(event: PoolEvent) -> Status | None:
    outcome = event.outcome if isinstance(event, CommandSettled) else None
    return outcome.status if outcome is not None else None
