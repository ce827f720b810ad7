"""A progress bar on stderr while syncs run: rows, rate, time left. Only where somebody can see it."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.cli.everywhere import wish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from mktui.services.fleet import Fleet

_WIDTH: Final = 28
_EVERY: Final = 0.2


@asynccontextmanager
async def shown_progress(fleet: Fleet, names: Sequence[str]) -> AsyncIterator[None]:
    """Show how far the syncs of these routers are, for the block."""
    if not sys.stderr.isatty() or wish("quiet"):
        yield
        return
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_show, fleet, names)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


async def _show(fleet: Fleet, names: Sequence[str]) -> None:
    begun_at = clock.now()
    while True:
        states = [fleet.service(name).syncs.state for name in names]
        planned, settled = sum(state.planned for state in states), sum(state.settled for state in states)
        failed = sum(state.failed for state in states)
        sys.stderr.write("\r\x1b[K" + bar(planned, settled, failed, clock.now() - begun_at))
        sys.stderr.flush()
        await anyio.sleep(_EVERY)


def bar(planned: int, settled: int, failed: int, seconds: float) -> str:
    """Return a bar of one line, of 79 columns at most."""
    if not planned:
        return "reading billing and the routers …"
    full = _WIDTH * settled // planned
    rate = settled / seconds if seconds > 0 else 0.0
    left = f"{(planned - settled) / rate:.0f} s left" if rate else "–"
    return f"▕{'█' * full}{'░' * (_WIDTH - full)}▏ {settled:,} of {planned:,}  {rate:.0f}/s  {left}  {failed} failed"
