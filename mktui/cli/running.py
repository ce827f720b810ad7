"""The mktui that runs already, when there is one: commands that can ask it do, and open no router session."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from mktui.errors import NobodyServes
from mktui.monitor.audit import present_actor
from mktui.services.control.place import place_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mktui.config.load import LoadedConfig
    from mktui.services.control.client import ControlLink


@asynccontextmanager
async def running(loaded: LoadedConfig) -> AsyncIterator[ControlLink | None]:
    """Hold a connection to who runs this configuration for the block; None: nobody does.

    Raises:
        ControlError: Somebody does, and cannot be asked.
    """
    socket = place_of(loaded.file, loaded.config.serve.socket)
    if not _is_there(socket):
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


def _is_there(socket: Path) -> bool:
    """Who may not look into the folder is told so when he connects."""
    try:
        return socket.exists()
    except PermissionError:
        return True
