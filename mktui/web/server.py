"""One HTTP server in the loop of whoever starts it: JSON, metrics, and the terminal in a browser."""

from __future__ import annotations

import asyncio
import errno
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
    from anyio.abc import TaskStatus

    from mktui.web.options import HttpOptions, Watched

_FAREWELL: Final = 10.0
"""Seconds that tabs and answers under way have at the end."""


async def serve_http(
    fleet: Watched, options: HttpOptions, *, task_status: TaskStatus[str] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Serve until cancelled; ``await tasks.start(serve_http, fleet, options)`` returns the address once it listens.

    At its end every tab's program has ended too.

    Raises:
        ConfigError: It cannot listen there.
    """
    served = Served()
    app = _application(fleet, options, served)
    runner = web.AppRunner(app, shutdown_timeout=_FAREWELL)
    await runner.setup()
    try:
        assert runner.server is not None
        door = Door(runner.server, options.settings.max_connections, served)
        server = await _listen(door, options)
        try:
            task_status.started(_address(server, options))
            await anyio.sleep_forever()
        finally:
            server.close()
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


async def _listen(door: Door, options: HttpOptions) -> asyncio.Server:
    settings = options.settings
    try:
        return await asyncio.get_running_loop().create_server(
            door, settings.host, settings.port, ssl=options.tls, ssl_handshake_timeout=10 if options.tls else None,
            reuse_address=True, backlog=128,
        )  # fmt: skip
    except OSError as error:
        key = "http.port" if error.errno in {errno.EADDRINUSE, errno.EACCES} else "http.host"
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(f"cannot listen at {settings.host}:{settings.port}: {reason}", key=key) from None


def _address(server: asyncio.Server, options: HttpOptions) -> str:
    host, port = server.sockets[0].getsockname()[:2]
    return f"{'https' if options.tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
