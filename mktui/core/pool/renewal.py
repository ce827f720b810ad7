"""After a reset: whether a connection of the new settings is ready, may still come, or cannot. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui.core.pool.link import LinkState
from mktui.errors import CircuitOpen, ConnectTimeout

if TYPE_CHECKING:
    from mktui.core.pool.lifecycle import Lifecycle
    from mktui.errors import RouterError


def is_under_way(pool: Lifecycle) -> bool:
    """Say whether nobody knows yet: none is ready, and one is being tried, or will be."""
    if pool.closed or pool.roster.newest(LinkState.READY):
        return False
    if pool.roster.newest(LinkState.CONNECTING):
        return True
    error = pool.openings.last_error
    is_at_its_limit = getattr(error, "hung_up", False)  # perhaps by sessions of ours that are just ending
    return pool.breaker.allows and (error is None or is_at_its_limit)


def why_none(pool: Lifecycle, address: str, now: float) -> RouterError | None:
    """Return why no new connection is ready; None: one is."""
    if pool.roster.newest(LinkState.READY):
        return None
    if not pool.breaker.allows:
        return CircuitOpen(pool.router, retry_after=pool.breaker.retry_after(now), reason=pool.breaker.reason)
    none_came = ConnectTimeout(pool.router, address=address, after=pool.options.connection_timeout)
    return pool.openings.last_error or none_came
