"""The way before there was a pool, as it was in 2024: one librouteros connection behind a lock, and blind retries.

librouteros itself speaks here, over the same wire in memory that the pool has.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import anyio
from librouteros.api import AsyncApi
from librouteros.exceptions import LibRouterosError
from librouteros.login import async_plain
from librouteros.protocol import AsyncApiProtocol

from mktui import clock
from mktui.errors import CommandTimeout, ConnectFailed, MktuiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anyio.abc import ByteStream

    from mktui.core.connection.options import RouterOptions
    from mktui.core.connection.transport import Connect

ATTEMPTS: Final = 3
PAUSE: Final = 1.0
"""Seconds between two attempts, always the same."""
SOCKET_TIMEOUT: Final = 10.0
"""Seconds: librouteros' own."""
_BROKEN: Final = (
    LibRouterosError, anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, TimeoutError,
)  # fmt: skip


class _Transport:
    """What librouteros reads from and writes to."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._held = b""

    async def write(self, data: bytes) -> None:
        await self._stream.send(data)

    async def read(self, length: int) -> bytes:
        while len(self._held) < length:
            self._held += await self._stream.receive()
        piece, self._held = self._held[:length], self._held[length:]
        return piece

    async def close(self) -> None:
        await self._stream.aclose()


class OldWay:
    """One router, one connection, one command at a time. Who waits for his turn longer than ``patience`` leaves."""

    def __init__(self, router: RouterOptions, connect: Connect, *, patience: float) -> None:
        self._router, self._connect, self._patience = router, connect, patience
        self._lock = anyio.Lock()
        self._api: AsyncApi | None = None

    async def ask(self, path: str, values: Mapping[str, str]) -> float:
        """Ask, and return how many seconds it waited for its turn.

        Raises:
            CommandTimeout: Its turn did not come in time.
            ConnectFailed: Three attempts failed.
        """
        begun = clock.now()
        with anyio.move_on_after(self._patience):
            await self._lock.acquire()
        if self._lock.statistics().owner != anyio.get_current_task():
            after = clock.now() - begun
            raise CommandTimeout(self._router.name, path=path, after=after, phase="the lock", maybe_executed=False)
        try:
            waited = clock.now() - begun
            with anyio.CancelScope(shield=True):  # a thread that waits for a socket cannot be cancelled
                await self._ask(path, values)
            return waited
        finally:
            self._lock.release()

    async def aclose(self) -> None:
        """Close the connection."""
        api, self._api = self._api, None
        if api is not None:
            with suppress(*_BROKEN):
                await api.close()

    async def _ask(self, path: str, values: Mapping[str, str]) -> None:
        reason = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                await anyio.sleep(PAUSE)
            try:
                if self._api is None:
                    self._api = await self._opened()
                [_ async for _ in self._api(path, **values)]
            except (*_BROKEN, MktuiError) as error:
                reason = str(error) or type(error).__name__
                await self.aclose()
            else:
                return
        raise ConnectFailed(self._router.name, address=self._router.address, reason=reason)

    async def _opened(self) -> AsyncApi:
        stream = await self._connect(self._router)
        api = AsyncApi(AsyncApiProtocol(_Transport(stream), self._router.encoding, SOCKET_TIMEOUT))
        try:
            await async_plain(api, self._router.username, self._router.password.get_secret_value())
        except BaseException:
            await anyio.aclose_forcefully(stream)
            raise
        return api
