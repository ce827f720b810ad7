"""``mktui serve`` over HTTP, as a process: what its tokens may, over the API and before a terminal in a browser."""

from __future__ import annotations

import signal
import socket as sockets
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.headless.shops import open_shop
from tests.headless.test_serve import serving
from tests.web.serving import ADMIN, OPERATOR, SECRETS, VIEWER
from tests.web.tabs import log_in, open_tab

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.headless.shops import Shop
    from tests.headless.test_serve import Served

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
TOKENS = "".join(
    f"[[http.tokens]]\nname = 'the-{role}'\nrole = '{role}'\ntoken = '{secret}'\n" for role, secret in SECRETS.items()
)


@dataclass(frozen=True)
class Site:
    """What a test holds."""

    url: str
    http: aiohttp.ClientSession

    async def post(self, what: str, token: str, **order: str) -> tuple[int, Any]:  # Any: JSON
        """Order something."""
        headers = {"Authorization": f"Bearer {token}"}
        async with self.http.post(f"{self.url}/api/{what}", json=order, headers=headers) as response:
            return response.status, await response.json(content_type=None)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path, count=2, more=f"[http]\nport = 0\n{TOKENS}") as opened:
        text = opened.config.read_text(encoding="utf-8")
        opened.config.write_text(text.replace("password = 'secret'", "password = 'secret'\nprotected = true"))
        yield opened


def audit_of(shop: Shop) -> list[dict[str, str]]:
    """Return what was done, and what was tried."""
    changes: list[dict[str, str]] = shop.run("errors", "audit", "--json").document["changes"]
    return changes


@asynccontextmanager
async def site(served: Served) -> AsyncIterator[Site]:
    url = next(line["address"] for line in served.lines() if line["event"] == "http")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        yield Site(url, http)


async def test_an_operator_before_a_browser_is_refused_what_the_api_refuses_him_and_the_audit_has_his_name(
    shop: Shop,
) -> None:
    text = shop.config.read_text(encoding="utf-8")
    with serving(shop) as served:
        async with site(served) as here:
            status, problem = await here.post("reset-connection-pool", OPERATOR, router="edge-1", confirm="edge-1")
            words = "edge-1 is protected: this needs the role admin; the-operator is operator"
            assert (status, problem["detail"]) == (403, words)
            await log_in(here, OPERATOR)
            async with open_tab(here) as tab:
                await tab.until("edge-1")
                await tab.press("R")
                await tab.until("type its name")
                await tab.press(*"edge-1", "\r")
                await tab.until("edge-1 is protected")
                await tab.press("6")
                await tab.until("config: this needs the role admin")
        assert served.end(signal.SIGTERM) == 0
    changes = audit_of(shop)
    assert {(each["who"], each["from"], each["what"]) for each in changes} >= {
        ("the-operator", "browser 127.0.0.1", "reset"),
        ("the-operator", "browser 127.0.0.1", "config"),
    }
    assert all(each["outcome"].startswith("refused: ") for each in changes)
    assert shop.config.read_text(encoding="utf-8") == text


async def test_a_viewer_before_a_browser_is_told_of_each_screen_what_he_may_not(shop: Shop) -> None:
    with serving(shop) as served:
        async with site(served) as here:
            await log_in(here, VIEWER)
            async with open_tab(here) as tab:
                await tab.until("edge-1")
                await tab.press("t")
                await tab.until("this needs the role operator")
                await tab.press("6")
                await tab.until("config: refused, this is read-only")
        assert served.end(signal.SIGTERM) == 0
    assert {(each["who"], each["what"]) for each in audit_of(shop)} == {
        ("the-viewer", "test"),
        ("the-viewer", "config"),
    }


def test_an_address_that_is_taken_is_said_with_2_before_a_router_is_asked(shop: Shop) -> None:
    with sockets.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        text = shop.config.read_text(encoding="utf-8")
        shop.config.write_text(text.replace("port = 0", f"port = {port}"), encoding="utf-8")
        ended = shop.start("serve")
    assert ended.code == 2
    assert f"http.port: cannot listen at 127.0.0.1:{port}: " in ended.complaint
    assert "address already in use" in ended.complaint
    logins = [line for line in shop.ask("/log/print") if "logged in" in line["message"]]
    assert len(logins) == 1, "nobody but who asks this has ever been in"


async def test_a_serve_that_is_read_only_resets_nothing_over_http_and_logs_who_was_refused(shop: Shop) -> None:
    order = {"router": "edge-1", "confirm": "edge-1"}
    with serving(shop, "--read-only") as served:
        async with site(served) as here:
            assert (await here.post("reset-connection-pool", "nobody's token, but long", **order))[0] == 401
            status, problem = await here.post("reset-connection-pool", ADMIN, **order)
        assert (status, problem["detail"]) == (403, "this mktui is read-only")
        assert shop.start("reset", "edge-1").code == 6
        assert served.end(signal.SIGTERM) == 0
        told = [line for line in served.lines() if line["event"] == "refused"]
    assert [(each["level"], each["who"], each["address"], each["status"]) for each in told] == [
        ("warning", "", "127.0.0.1", 401),
        ("warning", "the-admin", "127.0.0.1", 403),
    ]
    assert "nobody's token" not in served.log.read_text(encoding="utf-8")
    over_http, over_socket = sorted(audit_of(shop), key=lambda each: each["who"] != "the-admin")
    assert (over_http["what"], over_http["router"]) == (over_socket["what"], over_socket["router"])
