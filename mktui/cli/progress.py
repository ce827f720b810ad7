"""A progress bar on stderr: how much, how fast, how long yet. Only where somebody can see it."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.background import background
from mktui.cli.everywhere import wish
from mktui.cli.output import shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    Counts = Callable[[], tuple[int, int, int]]
    """Returns how many there are, are settled, and have failed."""

WIDTH: Final = 28
_EVERY: Final = 0.2


@asynccontextmanager
async def shown_progress(counts: Counts, *, before: str = "") -> AsyncIterator[None]:
    """Show a bar for the block; ``before``: what is said while nothing is counted yet."""
    begun_at = clock.now()

    def line() -> str:
        planned, settled, failed = counts()
        return bar(planned, settled, failed, clock.now() - begun_at) if planned else before

    async with shown_line(line):
        yield


@asynccontextmanager
async def shown_line(line: Callable[[], str]) -> AsyncIterator[None]:
    """Show a line on stderr for the block, ever anew, where somebody can see it."""
    if not sys.stderr.isatty() or wish("quiet"):
        yield
        return
    try:
        async with background() as tasks:
            tasks.start_soon(_show, line)
            yield
    finally:
        _write("")


async def _show(line: Callable[[], str]) -> None:
    while True:
        _write(line())
        await anyio.sleep(_EVERY)


def _write(line: str) -> None:
    sys.stderr.write(f"\r\x1b[K{shown(line)}")
    sys.stderr.flush()


def bar(planned: int, settled: int, failed: int, seconds: float) -> str:
    """Return a bar of one line, of 79 columns at most."""
    rate = settled / seconds if seconds > 0 else 0.0
    left = f"{(planned - settled) / rate:.0f} s left" if rate else "–"
    return f"{blocks(settled / planned)} {settled:,} of {planned:,}  {rate:.0f}/s  {left}  {failed} failed"


def blocks(share: float) -> str:
    """Return a share, 0 to 1, as a picture."""
    full = int(WIDTH * share + 1e-9)
    return f"▕{'█' * full}{'░' * (WIDTH - full)}▏"
