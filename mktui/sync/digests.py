"""What stands for a password wherever one would be kept: an HMAC under a key that never leaves this machine."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING, Final

from mktui.folders import make_private

if TYPE_CHECKING:
    from pathlib import Path

_PREFIX: Final = "hmac:"


class Digests:
    """Digests under one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, secret: str) -> str:
        """Return what stands for a password; the same for the same."""
        mac = hmac.new(self._key, secret.encode("utf-8", "surrogateescape"), hashlib.sha256)
        return _PREFIX + mac.hexdigest()[:32]

    def agrees(self, digest: str, secret: str) -> bool:
        """Say whether a digest stands for this password."""
        return hmac.compare_digest(digest, self(secret))


def open_key(path: Path) -> Digests:
    """Return the digests of the key in a file, made there when there is none (0600).

    Raises:
        OSError: It cannot be read or made.
    """
    if not path.exists():
        make_private(path.parent)
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "wb") as file:
            file.write(secrets.token_bytes(32))
    return Digests(path.read_bytes())
