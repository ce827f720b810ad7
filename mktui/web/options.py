"""What a server is started with: settings, tokens fetched, and what runs in a tab."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import anyio

from mktui.errors import ConfigError
from mktui.web import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from mktui.config.http import HttpConfig, Role
    from mktui.core.client.connection_test import TestReport
    from mktui.monitor.audit import Actor
    from mktui.monitor.snapshot import Snapshot
    from mktui.services.chronicle import Chronicle
    from mktui.web.refusals import Refusal
    from mktui.web.tokens import Token

    Terminal = Callable[[Actor, Role], AbstractContextManager["Launch"]]
    """Gives, for as long as a tab lasts, what runs in it for who sits before it."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A Textual program: its command, and what its environment has beside the harmless part of ours."""

    words: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class Watched(Protocol):
    """What is shown and asked: a fleet."""

    @property
    def chronicle(self) -> Chronicle:
        """Where what was tried in vain is kept."""

    @property
    def names(self) -> tuple[str, ...]:
        """The routers' names."""

    def snapshot(self) -> Snapshot:
        """Return how everything is now."""

    async def test(self, name: str) -> TestReport:
        """Test a router over a session of its own."""

    async def reset(self, name: str) -> None:
        """Replace a router's connections."""


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """``terminal`` None: there is no terminal in the browser."""

    settings: HttpConfig
    tokens: tuple[Token, ...]
    tls: ssl.SSLContext | None = None
    terminal: Terminal | None = None
    may_write: bool = True
    """False: nothing is changed, whoever asks."""
    on_refused: Callable[[Refusal], None] = lambda _refusal: None


async def http_options(settings: HttpConfig) -> HttpOptions:
    """Fetch what the settings name: tokens, certificate and key.

    Raises:
        ConfigError: There is no token, or something cannot be fetched.
    """
    if not settings.tokens:
        raise ConfigError("nobody could ask", key="http.tokens", remedy="give at least one [[http.tokens]]")
    found = await tokens.fetch(settings.tokens)
    tls = await anyio.to_thread.run_sync(_tls, settings) if settings.certificate else None
    return HttpOptions(settings, found, tls)


def _tls(settings: HttpConfig) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate = Path(settings.certificate).expanduser()
    key = Path(settings.private_key).expanduser() if settings.private_key else certificate
    for name, path in (("certificate", certificate), ("private_key", key)):
        try:
            path.read_bytes()
        except OSError as error:
            raise ConfigError(f"cannot read {path}: {error.strerror}", key=f"http.{name}") from None
    try:
        context.load_cert_chain(certificate, key)
    except (ssl.SSLError, ValueError, OSError):
        raise ConfigError(
            f"{certificate} and {key} are no certificate and its key, as PEM", key="http.certificate"
        ) from None
    return context
