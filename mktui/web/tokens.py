"""Who may ask: tokens, of which only digests are kept, and the sessions of browsers that showed one. Pure."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mktui.config.http import HASHED, TOKEN_LENGTH, Role, is_hashed, too_short
from mktui.config.secrets import resolve
from mktui.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mktui.config.http import TokenConfig

MOST_SESSIONS: Final = 256
"""Browsers that are logged in at once; the oldest session ends for a new one."""


@dataclass(frozen=True, slots=True)
class Token:
    """Somebody who may ask."""

    name: str
    role: Role
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that showed a token. ``expires_at``: of the clock that the sessions are asked with."""

    token: Token
    expires_at: float


def digest_of(secret: str) -> bytes:
    """Return what is kept of a secret: it has too many letters to be guessed, so a plain hash will do."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


async def fetch(configured: Iterable[TokenConfig]) -> tuple[Token, ...]:
    """Fetch the tokens of a configuration.

    Raises:
        ConfigError: One cannot be fetched, is too short, or is two persons' token.
    """
    found: list[Token] = []
    for each in configured:
        key = f"http.tokens.{each.name}.token"
        if is_hashed(each.token):
            digest = bytes.fromhex(str(each.token.value).removeprefix(HASHED))
        else:
            secret = (await resolve(each.token, key=key)).get_secret_value()
            if len(secret) < TOKEN_LENGTH:
                raise ConfigError(too_short(), key=key)
            digest = digest_of(secret)
        if twin := find(found, digest):
            raise ConfigError(f"it is the token of {twin.name} too", key=key, remedy="give each one of his own")
        found.append(Token(each.name, each.role, digest))
    return tuple(found)


def find(tokens: Iterable[Token], digest: bytes) -> Token | None:
    """Return whose token it is. Takes as long for a wrong one, and for one that is nearly right."""
    found = None
    for each in tokens:
        if hmac.compare_digest(each.digest, digest):
            found = each
    return found


class Sessions:
    """The browsers that are logged in. Kept in memory: a restart ends them all."""

    def __init__(self, lasting: float) -> None:
        self._lasting = lasting
        self._open: OrderedDict[bytes, Session] = OrderedDict()

    def begin(self, token: Token, now: float) -> str:
        """Return the secret of a new session."""
        secret = secrets.token_urlsafe(32)
        self._open[digest_of(secret)] = Session(token, now + self._lasting)
        if len(self._open) > MOST_SESSIONS:
            self._open.popitem(last=False)
        return secret

    def find(self, secret: str, now: float) -> Session | None:
        """Return a session that has not expired. Secrets are looked up by digest: time tells nothing of them."""
        session = self._open.get(digest_of(secret))
        return session if session is not None and now < session.expires_at else None

    def end(self, secret: str) -> Session | None:
        """End a session."""
        return self._open.pop(digest_of(secret), None)
