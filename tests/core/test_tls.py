"""TLS over real sockets, in its three modes: each lets in what it should and nothing else."""

from __future__ import annotations

import hashlib
import socket
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import pytest
import trustme
from anyio.abc import SocketAttribute
from pydantic import SecretStr, ValidationError

from mktui.core import RouterOptions, open_client
from mktui.core.connection import tls, transport
from mktui.errors import ConnectFailed
from mktui.simulator.profile import RouterProfile
from mktui.simulator.router import SimulatedRouter
from mktui.simulator.tls import anonymous_context

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mktui.core.connection.options import TlsMode

pytestmark = [pytest.mark.realtime, pytest.mark.anyio]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def _server(authority: trustme.CA, name: str) -> tuple[ssl.SSLContext, str]:
    """Return a server's context and its certificate's SHA-256."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued = authority.issue_cert(name)
    issued.configure_cert(context)
    der = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
    return context, hashlib.sha256(der).hexdigest()


@asynccontextmanager
async def _serving(context: ssl.SSLContext | None) -> AsyncIterator[int]:
    router = SimulatedRouter(RouterProfile(secrets=5))
    async with anyio.create_task_group() as tasks:

        async def serve(*, task_status: anyio.abc.TaskStatus[int]) -> None:
            await router.serve_tcp(context=context, task_status=task_status)

        yield await tasks.start(serve)
        tasks.cancel_scope.cancel()


def _router(
    port: int, tls: TlsMode, *, host: str = "localhost", fingerprint: str = "", ca_file: str = ""
) -> RouterOptions:
    return RouterOptions(
        name="edge-1", host=host, port=port, password=SecretStr("secret"), tls=tls, fingerprint=fingerprint,
        ca_file=ca_file,
    )  # fmt: skip


async def _why_not(router: RouterOptions) -> str:
    with pytest.raises(ConnectFailed) as refused, anyio.fail_after(10):
        await transport.connect(router)
    return str(refused.value)


async def test_verify_takes_a_certificate_of_the_authority_for_this_name(authority: trustme.CA, ca_file: str) -> None:
    context, _ = _server(authority, "localhost")
    async with (
        _serving(context) as port,
        open_client(_router(port, "verify", ca_file=ca_file)) as client,
    ):
        assert len(await client.get("/ppp/secret", ("name",))) == 5
        report = await client.test_connection()
        assert [step.name for step in report.steps[:4]] == ["resolve", "connect", "TLS", "login"]
        assert "certificate was checked" in report.steps[2].text


async def test_verify_refuses_another_name_another_authority_and_no_certificate(
    authority: trustme.CA, ca_file: str
) -> None:
    context, _ = _server(authority, "somewhere-else.example")
    async with _serving(context) as port:
        assert "localhost" in await _why_not(_router(port, "verify", ca_file=ca_file))
    context, _ = _server(trustme.CA(), "localhost")
    async with _serving(context) as port:
        assert "certificate was refused" in await _why_not(_router(port, "verify", ca_file=ca_file))
    async with _serving(anonymous_context()) as port:
        assert "no TLS there, or none in the way of tls = 'verify'" in await _why_not(
            _router(port, "verify", ca_file=ca_file)
        )


async def test_pin_takes_this_one_certificate_whatever_its_name_and_no_other(authority: trustme.CA) -> None:
    context, fingerprint = _server(authority, "whatever.example")
    written = ":".join(fingerprint[at : at + 2].upper() for at in range(0, 64, 2))
    async with _serving(context) as port:
        async with open_client(_router(port, "pin", fingerprint=written)) as client:
            assert await client.run("/system/identity/print")
        assert fingerprint in await _why_not(_router(port, "pin", fingerprint="ab" * 32))
    async with _serving(anonymous_context()) as port:
        assert "no TLS there" in await _why_not(_router(port, "pin", fingerprint=fingerprint))


async def test_the_fingerprint_of_whoever_answers_can_be_read_without_trusting_him(authority: trustme.CA) -> None:
    context, fingerprint = _server(authority, "whatever.example")
    async with _serving(context) as port:
        options = _router(port, "verify")
        assert "certificate was refused" in await _why_not(options)
        with anyio.fail_after(5):
            assert await tls.peer_fingerprint(await transport.open_tcp(options), options) == fingerprint
    async with _serving(None) as port:
        options = _router(port, "verify")
        with anyio.fail_after(10), pytest.raises(ConnectFailed, match="no TLS there"):
            await tls.peer_fingerprint(await transport.open_tcp(options), options)


async def test_anonymous_takes_a_router_without_a_certificate_and_says_what_it_proves() -> None:
    async with _serving(anonymous_context()) as port, open_client(_router(port, "anonymous")) as client:
        assert len(await client.get("/ppp/secret", ("name",))) == 5
        report = await client.test_connection()
        assert "nobody's identity is proved" in next(step.text for step in report.steps if step.name == "TLS")


async def test_tls_where_there_is_none_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "HANDSHAKE", 0.3)
    async with _serving(None) as port:
        assert "no TLS there" in await _why_not(_router(port, "anonymous"))


def test_a_pin_needs_its_fingerprint() -> None:
    with pytest.raises(ValidationError, match="64 hex digits"):
        _router(8729, "pin", fingerprint="abc")


async def test_a_dead_peer_is_noticed_by_the_kernel(authority: trustme.CA) -> None:
    del authority
    async with _serving(None) as port:
        stream = await transport.open_tcp(_router(port, "off", host="127.0.0.1"))
        raw = stream.extra(SocketAttribute.raw_socket)  # noqa: S610 - a stream's attribute, not Django's
        assert raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
        assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
        assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        await stream.aclose()
