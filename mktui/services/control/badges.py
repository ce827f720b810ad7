"""Who sits before a terminal in a browser, and what he may do: told by a badge that only his terminal's program has.

That program runs as the user who serves, so that the kernel's word for it says nothing of him. It shows the badge when
it greets; what stands on it is kept here and not with whoever shows it, and it is void when his terminal ends.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mktui.config.http import Role
    from mktui.monitor.audit import Actor

BADGE: Final = "MKTUI_BADGE"
"""The environment's word for it: arguments are seen by everybody on a machine, an environment by its owner alone."""


@dataclass(frozen=True, slots=True)
class Badge:
    """Who he is, from where, and his role."""

    actor: Actor
    role: Role


class Badges:
    """Those that are worn now. They are found by digest: time tells nothing of them."""

    def __init__(self) -> None:
        self._worn: dict[bytes, Badge] = {}

    @contextmanager
    def issued(self, badge: Badge) -> Iterator[str]:
        """Give what is to be shown, for the block."""
        word = secrets.token_urlsafe(32)
        self._worn[_digest(word)] = badge
        try:
            yield word
        finally:
            del self._worn[_digest(word)]

    def find(self, word: str) -> Badge | None:
        """Return the badge that is shown; None: it is void, or none."""
        return self._worn.get(_digest(word))


def _digest(word: str) -> bytes:
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
