"""A server over the demo's fleet, in the loop of the test; tabs run the control room over the recorded fleet."""

from __future__ import annotations

import json
import os
import sys
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import anyio

from mktui.config.http import HttpConfig, Role
from mktui.services.chronicle import Chronicle
from mktui.services.demo import open_demo
from mktui.web.options import Launch, http_options
from mktui.web.server import listening, serve_http
from tests.web.tab_app import WHO

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from mktui.monitor.audit import Actor
    from mktui.services.fleet import Fleet
    from mktui.web.options import Terminal, Watched
    from tests.terminal.recorded import RecordedServices

SECRETS: Final = {role: f"{role}-token-that-is-long" for role in Role}
VIEWER, OPERATOR, ADMIN = SECRETS.values()


@dataclass(frozen=True)
class Site:
    """A server that runs, and a client of it."""

    url: str
    http: aiohttp.ClientSession
    fleet: Fleet

    def tabs(self) -> list[int]:
        """The programs of tabs: this process' children that are one."""
        mine = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="utf-8").split()
        return [int(each) for each in mine if b"tab_app" in _command_of(each)]

    async def ask(self, path: str, token: str = VIEWER, method: str = "GET", **more: Any) -> Answer:
        """Ask with a token; "": without."""
        headers = ({"Authorization": f"Bearer {token}"} if token else {}) | more.pop("headers", {})
        async with self.http.request(
            method, self.url + path, headers=headers, allow_redirects=False, **more
        ) as response:
            return Answer(response.status, response.headers, await response.read())


def _command_of(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Any  # Any: multidict
    body: bytes

    @property
    def json(self) -> Any:  # Any: JSON
        """The body."""
        return json.loads(self.body)


async def eventually(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Ask until it is so, 20 s at most."""
    with anyio.fail_after(20):
        while not await is_so():  # noqa: ASYNC110 - another process answers: it has no event of ours
            await anyio.sleep(0.1)


def settings(**more: Any) -> HttpConfig:
    """Three tokens, one of each role, at a free port."""
    tokens = [{"name": f"the-{role}", "role": role.value, "token": secret} for role, secret in SECRETS.items()]
    return HttpConfig.model_validate({"port": 0, "tokens": tokens, "requests_per_second": 10_000} | more)


class _Named:
    """Recorded services with what a fleet has besides: its routers' names."""

    def __init__(self, services: RecordedServices) -> None:
        self.snapshot, self.test, self.reset = services.snapshot, services.test, services.reset
        self.chronicle = Chronicle()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(router.name for router in self.snapshot().routers)


def watched(services: RecordedServices) -> Watched:
    """Return recorded services as the server wants them."""
    return _Named(services)


@contextmanager
def tab_program(actor: Actor, role: Role) -> Iterator[Launch]:
    """What a tab runs."""
    words = [sys.executable, "-m", "tests.web.tab_app", *(["--read-only"] if role is Role.VIEWER else [])]
    yield Launch(words, {WHO: str(actor)})


def running(*words: str) -> Terminal:
    """Let a tab run something else."""
    return contextmanager(lambda _actor, _role: iter([Launch(words)]))


@asynccontextmanager
async def serving(fleet: Watched, configured: HttpConfig | None = None, **more: Any) -> AsyncIterator[str]:
    """Serve for the block."""
    options = replace(await http_options(configured or settings()), **{"terminal": tab_program} | more)
    async with listening(options) as place, anyio.create_task_group() as tasks:
        await tasks.start(serve_http, fleet, options, place)
        yield place.address
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def site(configured: HttpConfig | None = None, **more: Any) -> AsyncIterator[Site]:
    """The demo, served."""
    async with (
        open_demo() as fleet,
        serving(fleet, configured, **more) as url,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        yield Site(url, http, fleet)
