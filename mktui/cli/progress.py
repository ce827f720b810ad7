"""A progress bar on stderr: how much, how fast, how long yet. Only where somebody can see it."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.cli.everywhere import wish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    Counts = Callable[[], tuple[int, int, int]]
    """Returns how many there are, are settled, and have failed."""

_WIDTH: Final = 28
_EVERY: Final = 0.2


@asynccontextmanager
async def shown_progress(counts: Counts, *, before: str = "") -> AsyncIterator[None]:
    """Show a bar for the block; ``before``: what is said while nothing is counted yet."""
    if not sys.stderr.isatty() or wish("quiet"):
        yield
        return
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_show, counts, before)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


async def _show(counts: Counts, before: str) -> None:
    begun_at = clock.now()
    while True:
        planned, settled, failed = counts()
        sys.stderr.write("\r\x1b[K" + (bar(planned, settled, failed, clock.now() - begun_at) if planned else before))
        sys.stderr.flush()
        await anyio.sleep(_EVERY)


def bar(planned: int, settled: int, failed: int, seconds: float) -> str:
    """Return a bar of one line, of 79 columns at most."""
    full = _WIDTH * settled // planned
    rate = settled / seconds if seconds > 0 else 0.0
    left = f"{(planned - settled) / rate:.0f} s left" if rate else "–"
    return f"▕{'█' * full}{'░' * (_WIDTH - full)}▏ {settled:,} of {planned:,}  {rate:.0f}/s  {left}  {failed} failed"
