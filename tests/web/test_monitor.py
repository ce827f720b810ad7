"""The terminal in a browser, from its socket: who gets one, with which role, and that its program ends with it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import aiohttp
import pytest

from mktui.web import tab
from mktui.web.monitor import HOME
from tests.web.serving import ADMIN, OPERATOR, VIEWER, Site, eventually, running, settings, site
from tests.web.tab_app import DEEDS
from tests.web.tabs import log_in, open_tab
from tests.wiring import until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]


@pytest.fixture
def deeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that gets what the tab's program did."""
    monkeypatch.setenv(DEEDS, str(tmp_path / "deeds"))
    return tmp_path / "deeds"


def done_in(deeds: Path) -> str:
    """Return what the tab's program did."""
    return deeds.read_text(encoding="utf-8") if deeds.exists() else ""


def is_running(pid: int) -> bool:
    """Say whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def refused(here: Site, **headers: str) -> int:
    """Ask for a terminal that is refused; return the status."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as failure:
        async with open_tab(here, **headers):
            raise AssertionError("it was opened")
    return failure.value.status


async def test_a_token_opens_a_terminal_that_hears_keys(deeds: Path) -> None:
    async with site() as here:
        answer = await log_in(here, OPERATOR)
        assert (answer.status, answer.headers["Location"]) == (303, HOME)
        async with open_tab(here) as tab:
            await tab.until("hotspot-plaza")
            await tab.press("j", "j", "R")
            await tab.until("hotspot-plaza?")
            await tab.press("y")
            await until(lambda: done_in(deeds) == "reset hotspot-plaza for the-operator (browser 127.0.0.1)")


async def test_a_viewers_terminal_changes_nothing(deeds: Path) -> None:
    async with site() as here:
        await log_in(here, VIEWER)
        async with open_tab(here) as tab:
            await tab.until("RO")
            await tab.until("hotspot-plaza")
            await tab.press("j", "j", "R", "y", "\r")
            await tab.until("read-only")
            await tab.press("?")
            await tab.until("What every key does.")
    assert not done_in(deeds)


async def test_page_and_socket_want_a_session_and_a_page_of_ours() -> None:
    async with site() as here:
        page = await here.ask(HOME, ADMIN)
        assert page.status == 401
        assert b'name="token"' in page.body
        assert b"data-session-websocket-url" not in page.body
        assert await refused(here) == 401
        assert await refused(here, Authorization=f"Bearer {ADMIN}") == 401
        assert await refused(here, Cookie="mktui=stolen") == 401
        wrong = await log_in(here, "nobody's token at all")
        assert wrong.status == 401
        assert "Set-Cookie" not in wrong.headers
        assert "nobody&#x27;s" not in await wrong.text()
        assert (await log_in(here, ADMIN, Origin="http://evil.example")).status == 403
        await log_in(here, ADMIN)
        assert (await here.ask(HOME, "")).status == 200
        for origin in ("http://evil.example", "null", here.url.replace("127.0.0.1", "localhost")):
            assert await refused(here, Origin=origin) == 403
        assert await refused(here, Host="evil.example") == 403
        async with here.http.get(f"{here.url}{HOME}/ws", headers={"Connection": "Upgrade"}) as plain:
            assert plain.status == 403, "a browser always says its Origin"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"token=\xff%ff", "application/x-www-form-urlencoded; charset=klingon", 401),
        (b"", "application/x-www-form-urlencoded", 401),
        (b"token=&token=&" + b"&" * 9000, "application/x-www-form-urlencoded", 401),
        (b"token=x", "multipart/form-data; boundary=x", 415), (b"{}", "application/json", 415),
        (b"token=" + b"x" * 20_000, "application/x-www-form-urlencoded", 413),
    ],
)  # fmt: skip
async def test_a_form_that_is_none_opens_nothing(body: bytes, kind: str, status: int) -> None:
    async with site() as here:
        headers = {"Origin": here.url, "Content-Type": kind}
        answer = await here.ask(f"{HOME}/login", "", "POST", data=body, headers=headers)
        assert answer.status == status
        assert "Set-Cookie" not in answer.headers


async def test_the_cookie_is_read_by_no_script_sent_by_no_other_site_and_opens_no_api() -> None:
    async with site() as here:
        cookie = (await log_in(here, ADMIN)).headers["Set-Cookie"]
        assert {"HttpOnly", "SameSite=Strict", f"Path={HOME}", "Max-Age=43200"} <= set(cookie.split("; "))
        assert ADMIN not in cookie
        assert "Secure" not in cookie, "without TLS no browser would keep it"
        pair = cookie.partition(";")[0]
        assert (await here.ask("/api/network-stats", "", headers={"Cookie": pair})).status == 401
        behind_a_proxy = await log_in(here, ADMIN, Origin=here.url.replace("http:", "https:"))
        assert "Secure" in behind_a_proxy.headers["Set-Cookie"]


async def test_logging_out_ends_the_session_and_its_terminals(deeds: Path) -> None:
    async with site() as here:
        await log_in(here, OPERATOR)
        async with open_tab(here) as tab:
            await tab.until("edge-1")
            pid = int(deeds.with_suffix(".pid").read_text())
            answer = await here.ask(f"{HOME}/logout", "", "POST", headers={"Origin": here.url})
            assert answer.status == 303
            await tab.until_closed()
            await until(lambda: not is_running(pid))
        assert (await here.ask(HOME, "")).status == 401


async def test_a_terminal_ends_with_its_session(deeds: Path) -> None:
    async with site(settings().model_copy(update={"session_hours": 4 / 3600})) as here:
        await log_in(here, OPERATOR)
        async with open_tab(here) as tab:
            await tab.until("edge-1")
            pid = int(deeds.with_suffix(".pid").read_text())
            await tab.until_closed()
        await until(lambda: not is_running(pid))
        assert (await here.ask(HOME, "")).status == 401


async def test_there_are_so_many_terminals_and_no_more() -> None:
    async with site(settings(tabs=1)) as here:
        await log_in(here, OPERATOR)
        async with open_tab(here) as tab:
            await tab.until("edge-1")
            assert await refused(here) == 503
            page = await here.ask(HOME, "")
            assert page.status == 503
            assert b"All terminals are taken" in page.body
            assert b"mktui_http_tabs 1.0" in (await here.ask("/metrics")).body

        async def is_free() -> bool:
            return (await here.ask(HOME, "")).status == 200

        await eventually(is_free)
        async with open_tab(here) as tab:
            await tab.until("edge-1")


@pytest.mark.parametrize("end", ["close", "abort", "server", "quit", "nonsense", "shout"])
async def test_the_program_ends_with_its_socket_however_that_ends(deeds: Path, end: str) -> None:
    async with site() as here:
        await log_in(here, OPERATOR)
        async with open_tab(here) as tab:
            await tab.until("edge-1")
            pid = int(deeds.with_suffix(".pid").read_text())
            assert is_running(pid)
            if end == "abort":
                tab.socket._response.connection.transport.abort()  # type: ignore[union-attr]  # it is connected
            elif end == "quit":
                await tab.press("q")
                await tab.until_closed()
            elif end == "nonsense":
                await tab.socket.send_str('{"stdin": []}')
                await tab.until_closed()
            elif end == "shout":
                await tab.socket.send_str('["stdin", "' + "x" * 300_000 + '"]')
                await tab.until_closed()
        if end != "server":
            await until(lambda: not is_running(pid))
    assert not is_running(pid), "none outlives the server"


async def test_a_program_that_does_not_want_to_end_is_made_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tab, "_MEANS_WELL", 0.2)
    stubborn = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('__GANGLION__', flush=True); print('D\\0\\0\\0\\1x', end='', flush=True); time.sleep(600)"
    )
    seen: list[tab.Program] = []
    opened = tab.Program.open

    async def remember(self: tab.Program, width: int, height: int) -> None:
        await opened(self, width, height)
        seen.append(self)

    monkeypatch.setattr(tab.Program, "open", remember)
    async with site(terminal=running("python3", "-c", stubborn)) as here:
        await log_in(here, OPERATOR)
        async with open_tab(here) as opened_tab:
            await opened_tab.until("x")
        process = seen[0].process
        assert process is not None
        await until(lambda: process.returncode is not None)
        assert process.returncode == -9


@pytest.mark.parametrize(
    "command",
    [
        ["/nowhere/mktui"], ["false"], ["echo", "no program of ours"],
        ["printf", r"__GANGLION__\nD\377\377\377\377"],
    ],
    ids=["absent", "fails", "says something else", "speaks nonsense"],
)  # fmt: skip
async def test_a_program_that_cannot_be_shown_closes_its_tab(command: list[str]) -> None:
    async with site(terminal=running(*command)) as here:
        await log_in(here, OPERATOR)
        async with open_tab(here) as tab:
            await tab.until_closed()
        assert (await here.ask("/-/healthy", "")).status == 200


async def test_the_programs_environment_holds_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EDGE1_PW", "hunter2")
    place = tmp_path / "env"
    script = f"import os; open({str(place)!r}, 'w').write(repr(dict(os.environ)))"
    async with site(terminal=running(sys.executable, "-c", script)) as here:
        await log_in(here, ADMIN)
        async with open_tab(here) as tab:
            await tab.until_closed()
    text = place.read_text()
    assert "hunter2" not in text
    assert ADMIN not in text
    assert "web_driver:WebDriver" in text


@pytest.mark.parametrize("name", ["..%2fserver.py", "x", "textual.js%00", "monitor.py", "login.html"])
async def test_no_other_file_is_served(name: str) -> None:
    async with site() as here:
        assert (await here.ask(f"{HOME}/static/{name}", "")).status == 404


async def test_without_terminals_there_is_no_page() -> None:
    async with site(settings(tabs=0)) as here:
        assert (await here.ask(HOME, "")).status == 404
        assert (await here.ask("/", "")).status == 404
