"""The HTTP side of ``mktui serve``: its address is taken, and its tokens are fetched, before a router is asked."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import anyio

from mktui.background import background
from mktui.cli.everywhere import wish
from mktui.config.http import Role
from mktui.errors import ConfigError
from mktui.services.control.badges import BADGE, Badge, Badges

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from anyio.abc import TaskStatus

    from mktui.config.http import HttpConfig
    from mktui.monitor.audit import Actor
    from mktui.services.fleet import Fleet
    from mktui.services.serve_log import ServeLog
    from mktui.services.serving import FrontEnd
    from mktui.web.options import Launch, Terminal
    from mktui.web.refusals import Refusal


@asynccontextmanager
async def over_http(settings: HttpConfig, socket: Path, log: ServeLog, badges: Badges) -> AsyncIterator[list[FrontEnd]]:
    """Hold the address for the block, and give what shows the fleet there: nothing when nobody has a token.

    Raises:
        ConfigError: The address or a token cannot be had, or the extra that it needs is not installed.
    """
    if not settings.tokens:
        yield []
        return
    try:
        from mktui.web.options import http_options  # noqa: PLC0415 - an extra
        from mktui.web.server import listening, serve_http  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            f"HTTP needs {error.name}", key="http.tokens", remedy="pip install 'mktui[serve]', or take the tokens out"
        ) from None

    def on_refused(refusal: Refusal) -> None:
        log.warning("refused", **asdict(refusal))

    fetched, may_write = await http_options(settings), not wish("read_only")
    options = replace(fetched, terminal=_terminals(socket, badges), may_write=may_write, on_refused=on_refused)
    async with listening(options) as place:

        async def http(fleet: Fleet, *, task_status: TaskStatus[None]) -> None:
            async with background() as tasks:
                await tasks.start(serve_http, fleet, options, place)
                log.info("http", address=place.address)
                task_status.started()
                await anyio.sleep_forever()

        yield [http]


def _terminals(socket: Path, badges: Badges) -> Terminal:
    """Return what runs in a browser's tab: one more screen attached to this mktui, with the badge of who sits there."""
    from mktui.web.options import Launch  # noqa: PLC0415 - an extra

    @contextmanager
    def terminal(actor: Actor, role: Role) -> Iterator[Launch]:
        may_only_look = ["--read-only"] if role is Role.VIEWER or wish("read_only") else []
        with badges.issued(Badge(actor, role)) as badge:
            yield Launch([sys.executable, "-m", "mktui", *may_only_look, "--attach", str(socket)], {BADGE: badge})

    return terminal
