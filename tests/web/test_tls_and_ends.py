"""TLS from the server's own certificate; and a server that is killed leaves nothing behind."""

from __future__ import annotations

import signal
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING

import aiohttp
import anyio
import pytest
import trustme

from mktui.web.monitor import HOME
from mktui.web.options import http_options
from tests.terminal.recorded import RecordedServices
from tests.web.serving import OPERATOR, VIEWER, serving, settings, watched
from tests.web.tab_app import DEEDS
from tests.wiring import until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]


@pytest.fixture
def authority() -> trustme.CA:
    """Somebody who signs certificates."""
    return trustme.CA()


def certificate(authority: trustme.CA, folder: Path) -> dict[str, str]:
    """Put a certificate and its key into files, and return the settings that name them."""
    issued = authority.issue_cert("127.0.0.1", "localhost")
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    return {"certificate": str(folder / "cert.pem"), "private_key": str(folder / "key.pem")}


async def test_with_a_certificate_it_speaks_tls_alone_and_its_cookie_travels_no_other_way(
    authority: trustme.CA, tmp_path: Path
) -> None:
    configured = settings(host="0.0.0.0", **certificate(authority, tmp_path))  # noqa: S104 - with TLS it may
    tls = (await http_options(configured)).tls
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    async with serving(watched(RecordedServices()), configured, tls=tls) as address:
        port = address.rpartition(":")[2]
        assert address.startswith("https://")
        url = f"https://127.0.0.1:{port}"
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted)) as http:
            bearer = {"Authorization": f"Bearer {VIEWER}"}
            async with http.get(f"{url}/api/network-health", headers=bearer) as answer:
                assert answer.status == 200
            form = {"token": OPERATOR}
            async with http.post(
                f"{url}{HOME}/login", data=form, headers={"Origin": url}, allow_redirects=False
            ) as answer:
                assert "Secure" in answer.headers["Set-Cookie"]
                cookie = answer.headers["Set-Cookie"].partition(";")[0]
            async with http.get(f"{url}{HOME}", headers={"Cookie": cookie}) as answer:
                assert f"wss://127.0.0.1:{port}{HOME}/ws" in await answer.text()
            with pytest.raises(aiohttp.ClientError):
                await http.get(f"http://127.0.0.1:{port}/-/healthy")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_server_that_is_killed_leaves_no_terminals_behind(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DEEDS, str(tmp_path / "deeds"))
    command = [sys.executable, "-m", "tests.web.serve_app"]
    async with await anyio.open_process(command, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        url = (await server.stdout.receive()).decode().strip()
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            await http.post(f"{url}{HOME}/login", data={"token": OPERATOR}, headers={"Origin": url})
            async with http.ws_connect(f"{url}{HOME}/ws", headers={"Origin": url}) as socket:
                await socket.receive_bytes()
                pid = int((tmp_path / "deeds.pid").read_text(encoding="utf-8"))
                server.send_signal(number)
                await server.wait()
                await until(lambda: not is_running(pid))


def is_running(pid: int) -> bool:
    """Say whether a process is there, and no zombie that only waits to be read."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:  # noqa: PTH123 - gone at any moment
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
