"""From a byte stream to a session that is logged in; and how many of those may be under way in one loop."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio
from anyio.lowlevel import RunVar

from mktui.core.protocol.session import Phase
from mktui.errors import ConnectFailed, ConnectionLost, NotRouterOs, ProtocolError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from anyio.abc import TaskGroup

    from mktui.core.connection.connection import Connection
    from mktui.core.connection.options import RouterOptions

AT_ONCE: Final = 16
"""Connects under way at once, over all routers: a hundred that come back together do not stall the loop."""

_limiter: Final[RunVar[anyio.CapacityLimiter]] = RunVar("mktui_connects")


@asynccontextmanager
async def connects_at_once() -> AsyncIterator[None]:
    """Hold one of the loop's connects."""
    limiter = _limiter.get(None)
    if limiter is None:
        limiter = anyio.CapacityLimiter(AT_ONCE)
        _limiter.set(limiter)
    async with limiter:
        yield


async def open_connection(router: RouterOptions, connection: Connection, tasks: TaskGroup) -> None:
    """Start a connection's tasks and log in; the caller bounds it in time.

    Raises:
        NotRouterOs, ConnectFailed, LoginRefused: As they say; the connection is closed then.
    """
    await tasks.start(connection.run)
    try:
        await connection.log_in(router.username, router.password.get_secret_value())
    except ConnectionLost as error:
        if connection.fault is not None:
            raise NotRouterOs(router.name, address=router.address, reason=str(connection.fault)) from error
        reason = f"{error.reason} before the login was answered (session limit reached, or no API port?)"
        raise ConnectFailed(router.name, address=router.address, reason=reason, hung_up=True) from error
    except ProtocolError as error:
        raise ConnectFailed(router.name, address=router.address, reason=str(error)) from error
    finally:
        if connection.session.phase is not Phase.READY:
            connection.close()
