"""One HTTP server in the loop of whoever starts it: JSON, metrics, and the terminal in a browser."""

from __future__ import annotations

import asyncio
import errno
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio
from aiohttp import web

from mktui.errors import ConfigError
from mktui.web.answers import Answers
from mktui.web.api import Api
from mktui.web.bodies import BODY_BYTES
from mktui.web.door import Door
from mktui.web.gate import Gate, give_headers
from mktui.web.metrics import Metrics, Served
from mktui.web.monitor import Monitor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from anyio.abc import TaskStatus

    from mktui.config.http import HttpConfig
    from mktui.web.options import HttpOptions, Watched

_FAREWELL: Final = 10.0
"""Seconds that tabs and answers under way have at the end."""


class Place:
    """An address that is held, and at which nobody is answered yet. Use ``listening``."""

    def __init__(self, server: asyncio.Server, door: Door, options: HttpOptions) -> None:
        self.address = _address(server, options)
        self.door = door
        self._server = server
        self._settings = options.settings

    async def open(self) -> None:
        """Let people in.

        Raises:
            ConfigError: Somebody else was quicker.
        """
        try:
            await self._server.start_serving()
        except OSError as error:
            raise _cannot_listen(self._settings, error) from None


@asynccontextmanager
async def listening(options: HttpOptions) -> AsyncIterator[Place]:
    """Hold the address of the settings for the block.

    Raises:
        ConfigError: It cannot be had.
    """
    settings = options.settings
    door = Door(settings.max_connections, Served(), options.tls)
    try:
        server = await asyncio.get_running_loop().create_server(
            door, settings.host, settings.port, reuse_address=True, backlog=128, start_serving=False,
        )  # fmt: skip
    except OSError as error:
        raise _cannot_listen(settings, error) from None
    try:
        yield Place(server, door, options)
    finally:
        server.close()


async def serve_http(
    fleet: Watched, options: HttpOptions, place: Place, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Serve a fleet at a place until cancelled. At its end every tab's program has ended too.

    Raises:
        ConfigError: It cannot listen there.
    """
    app = _application(fleet, options, place.door.served)
    runner = web.AppRunner(app, shutdown_timeout=_FAREWELL)
    await runner.setup()
    try:
        assert runner.server is not None
        place.door.lead_to(runner.server)
        await place.open()
        task_status.started()
        await anyio.sleep_forever()
    finally:
        with anyio.CancelScope(shield=True):
            await runner.cleanup()


def _application(fleet: Watched, options: HttpOptions, served: Served) -> web.Application:
    gate = Gate(options, served, fleet.chronicle)
    answers = Answers(fleet.snapshot)
    app = web.Application(middlewares=[gate.middleware], client_max_size=BODY_BYTES)
    app.on_response_prepare.append(give_headers)
    app.add_routes(Api(fleet, gate, answers, Metrics(served), may_write=options.may_write).routes())
    if options.terminal is not None and options.settings.tabs:
        monitor = Monitor(options, options.terminal, gate, served, lambda: answers.snapshot().title)
        app.add_routes(monitor.routes())
        app.on_shutdown.append(monitor.end)
    return app


def _cannot_listen(settings: HttpConfig, error: OSError) -> ConfigError:
    key = "http.port" if error.errno in {errno.EADDRINUSE, errno.EACCES} else "http.host"
    reason = (error.strerror or str(error)).lower()
    return ConfigError(f"cannot listen at {settings.host}:{settings.port}: {reason}", key=key)


def _address(server: asyncio.Server, options: HttpOptions) -> str:
    host, port = server.sockets[0].getsockname()[:2]
    return f"{'https' if options.tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
