"""The control socket beside a screen: a convenience there, so that what keeps it from being opened is only said."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from mktui.background import background
from mktui.errors import ControlError, ServedAlready
from mktui.services.control.place import claimed
from mktui.services.control.server import ControlServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mktui.services.control.events import EventRow
    from mktui.services.fleet import Fleet


@asynccontextmanager
async def served_beside(fleet: Fleet, socket: Path, events: EventRow, *, may_write: bool) -> AsyncIterator[str]:
    """Serve a fleet at a socket for the block; gives why that cannot be, "" when it can."""
    problem = ""
    async with background() as tasks:
        try:
            server = ControlServer(fleet, socket, events, may_write=may_write)
            await tasks.start(_claim_and_serve, server, socket)
        except ServedAlready as error:
            problem = (
                f"{error.problem}: this screen opens router sessions of its own; mktui --attach would show that one"
            )
        except ControlError as error:
            problem = f"mktui reset and mktui --attach will not find this screen: {error}"
        yield problem


async def _claim_and_serve(
    server: ControlServer, socket: Path, *, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    with claimed(socket):
        await server.run(task_status=task_status)
