"""Waiting for something to become so, and how long that took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK: Final = 0.01


async def seconds_until(is_so: Callable[[], bool], *, most: float) -> float | None:
    """Return how many seconds it took until something was so; None: it was not within ``most`` seconds."""
    begun = clock.now()
    while not is_so():
        if clock.now() - begun >= most:
            return None
        await anyio.sleep(_LOOK)
    return clock.now() - begun
