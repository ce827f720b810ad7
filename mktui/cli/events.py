"""Where a command's events go: into the log, and with ``-v`` to stderr too."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mktui.cli.everywhere import wish
from mktui.cli.output import echo
from mktui.services import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mktui.core.pool.actions import PoolEvent
    from mktui.monitor.snapshot import SeenEvent


@contextmanager
def open_log() -> Iterator[Callable[[SeenEvent], None]]:
    """Give what hears events, for the block."""
    with log.open_log() as keep:
        if not wish("verbose"):
            yield keep
            return

        def keep_and_tell(event: SeenEvent) -> None:
            keep(event)
            _tell(f"{event.router}: {event.kind}", event.text)

        yield keep_and_tell


def pool_events() -> Callable[[PoolEvent], None]:
    """Return what hears the events of a pool that has no log."""
    if not wish("verbose"):
        return lambda _event: None
    return lambda event: _tell(event.kind.value, event.text)


def _tell(kind: str, text: str) -> None:
    echo(f"mktui: {kind}: {' '.join(text.split())}" if text else f"mktui: {kind}", err=True)
