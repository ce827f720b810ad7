"""Who was refused, for the log: with name, address and reason, and never so much that a flood fills a disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mktui import clock
from mktui.services.rate import Sparing, neighbourhood

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from mktui.monitor.audit import Actor

TOLD: Final = frozenset({401, 403, 429})
"""Statuses that say that somebody may not; others say that something is wrong with what he asked."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A change that somebody who is known was refused."""

    actor: Actor
    deed: str
    router: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was refused; ``who`` is "" when nobody knows. ``untold``: so many before it were not told."""

    who: str
    address: str
    request: str
    status: int
    why: str
    untold: int


class Refusals:
    """Tells of refusals: ten of an address at once, then one a minute; of all addresses one every two seconds."""

    def __init__(self, tell: Callable[[Refusal], None]) -> None:
        self._tell = tell
        self._by_address = Sparing(burst=10, every=60.0)
        self._of_all = Sparing(burst=60, every=2.0)

    def heard(self, request: web.Request, status: int, why: str, *, who: str = "") -> None:
        """Take in a refusal. Of the address that was asked only what is ours is said: a token may stand in it."""
        now = clock.now()
        untold = self._by_address.told(neighbourhood(request.remote or ""), now)
        if untold is None:
            return
        untold = self._of_all.told("", now, more=untold)
        if untold is not None:
            resource = request.match_info.route.resource
            path = resource.canonical if resource is not None else "elsewhere"
            self._tell(Refusal(who, request.remote or "nowhere", f"{request.method} {path}", status, why, untold))
