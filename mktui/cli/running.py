"""The mktui that runs already, when there is one: commands that can ask it do, and open no router session."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from mktui.errors import NobodyServes
from mktui.monitor.audit import present_actor
from mktui.services.control.place import socket_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mktui.services.control.client import ControlLink


@asynccontextmanager
async def running(config_file: Path) -> AsyncIterator[ControlLink | None]:
    """Hold a connection to who runs this configuration for the block; None: nobody does.

    Raises:
        ControlError: Somebody does, and cannot be asked.
    """
    socket = socket_of(config_file)
    if not socket.exists():
        yield None
        return
    from mktui.services.control.client import open_link  # noqa: PLC0415 - only who has somebody to ask
    from mktui.services.control.dialling import Target  # noqa: PLC0415 - as above

    target = Target(socket)
    async with AsyncExitStack() as stack:
        try:
            stream = await stack.enter_async_context(target.dial(first=True))
        except NobodyServes:
            yield None
            return
        yield await stack.enter_async_context(open_link(stream, str(target), origin=present_actor().origin))
