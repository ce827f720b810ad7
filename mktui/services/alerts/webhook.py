"""Tells somebody over HTTP: one POST, one answer, within one deadline. Secrets are fetched for each message.

A redirect is not followed: whoever stands behind it was not given the token. Of an answer only its head is read.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, unquote

import anyio
import h11

from mktui.background import background
from mktui.config.alerts import check_url
from mktui.config.secrets import resolve
from mktui.errors import ConfigError
from mktui.services.alerts.telling import NotTold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anyio.abc import ByteStream

    from mktui.config.alerts import WebhookConfig
    from mktui.monitor.alerts import Notice

_ADDRESSES: Final = 4
"""Of one name; more are not tried."""
_PIECE: Final = 16 * 1024
_LOST: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream)


class Webhook:
    """One ``[[alerts.webhooks]]``."""

    kind: Final = "webhook"

    def __init__(self, settings: WebhookConfig) -> None:
        self.name = settings.name
        self._settings = settings
        self._lookups = anyio.CapacityLimiter(1)
        """A name server that hangs takes none of the threads that routers' names are looked up by."""
        self._trust: ssl.SSLContext | None = None

    async def tell(self, body: dict[str, Any], notices: Sequence[Notice]) -> None:  # Any: JSON
        """Send a message.

        Raises:
            NotTold: It was not taken in time.
        """
        del notices
        try:
            with anyio.fail_after(self._settings.timeout):
                status, reason = await self._told(json.dumps(body).encode())
        except TimeoutError:
            raise self._problem(f"no answer within {self._settings.timeout:g} s") from None
        except ConfigError as error:
            raise self._problem(error.problem) from None
        except _LOST:
            raise self._problem("it hung up before it answered") from None
        except h11.ProtocolError:
            raise self._problem("what it answers is no HTTP") from None
        except ssl.SSLError as error:
            raise self._problem(f"TLS: {_words_of(error)}") from None
        except OSError as error:
            raise self._problem(_in_words(error)) from None
        if not 200 <= status < 300:
            raise self._problem(_answered(status, reason))

    async def _told(self, content: bytes) -> tuple[int, str]:
        settings, key = self._settings, f"alerts.webhooks.{self.name}"
        url = (await resolve(settings.url, key=f"{key}.url")).get_secret_value()
        token = (await resolve(settings.token, key=f"{key}.token")).get_secret_value()
        try:
            parts = check_url(url)
        except ValueError as error:
            raise ConfigError(f"its url {error}") from None
        request = h11.Request(method="POST", target=_target(parts), headers=self._headers(parts, token, content))
        stream = await self._connected(parts)
        try:
            return await _exchange(stream, request, content)
        finally:
            await anyio.aclose_forcefully(stream)

    def _headers(self, parts: SplitResult, token: str, content: bytes) -> list[tuple[str, str]]:
        if not (token.isascii() and token.isprintable()):
            raise ConfigError("its token has letters that no header can have")
        headers = [
            ("Host", parts.netloc.rpartition("@")[2]), ("User-Agent", "mktui"),
            ("Content-Type", "application/json"), ("Content-Length", str(len(content))), ("Connection", "close"),
        ]  # fmt: skip
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers.append(("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))
        if token:
            name = self._settings.token_header
            is_usual = name.lower() == "authorization"
            headers = [each for each in headers if each[0].lower() != name.lower()]
            headers.append((name, f"Bearer {token}" if is_usual else token))
        return headers

    async def _connected(self, parts: SplitResult) -> ByteStream:
        host, is_secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if is_secure else 80)
        found = await anyio.to_thread.run_sync(_addresses, host, port, limiter=self._lookups, abandon_on_cancel=True)
        trust = await self._trusted() if is_secure else None
        problem: OSError | None = None
        for address in found:
            try:
                if trust is not None:
                    return await anyio.connect_tcp(address, port, ssl_context=trust, tls_hostname=host)
                return await anyio.connect_tcp(address, port)
            except ssl.SSLError:
                raise
            except OSError as error:
                problem = error
        raise problem or OSError("the name stands for no address")

    async def _trusted(self) -> ssl.SSLContext:
        if self._trust is None:
            file = self._settings.ca_file or None
            try:
                self._trust = await anyio.to_thread.run_sync(lambda: ssl.create_default_context(cafile=file))
            except OSError:  # of which SSLError is one
                raise ConfigError(f"its ca_file cannot be used: {file}") from None
        return self._trust

    def _problem(self, words: str) -> NotTold:
        return NotTold(self.name, words)


async def _exchange(stream: ByteStream, request: h11.Request, content: bytes) -> tuple[int, str]:
    """Send a request and return the status of the answer, and its reason."""
    http = h11.Connection(h11.CLIENT)
    sent = (http.send(request), http.send(h11.Data(data=content)), http.send(h11.EndOfMessage()))
    async with background() as tasks:
        tasks.start_soon(_send, stream, b"".join(each or b"" for each in sent))  # an early answer is an answer
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await stream.receive(_PIECE))
            elif isinstance(event, h11.Response):
                return event.status_code, event.reason.decode("ascii", "replace")
            elif not isinstance(event, h11.InformationalResponse):
                raise h11.RemoteProtocolError("no answer to a request")


async def _send(stream: ByteStream, data: bytes) -> None:
    try:
        await stream.send(data)
    except _LOST:
        return  # it may have answered before it hung up


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))[:_ADDRESSES]


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _answered(status: int, reason: str) -> str:
    if 300 <= status < 400:
        return f"it answered {status}: it is somewhere else now, and that is not followed"
    shown = "".join(letter for letter in reason if letter.isprintable())[:40]
    return f"it answered {status} {shown}".rstrip()


def _words_of(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message.lower()
    return (error.reason or "it is none").replace("_", " ").lower()


def _in_words(error: OSError) -> str:
    cause = error.__cause__
    first = cause.exceptions[0] if isinstance(cause, ExceptionGroup) else cause
    shown = first if isinstance(first, OSError) else error
    if isinstance(shown, socket.gaierror):
        return "its name cannot be resolved"
    return (os.strerror(shown.errno) if shown.errno else str(shown) or "it cannot be reached").lower()
