"""How far syncs are, for the progress bar: rows planned, settled and failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui.cli import progress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager

    from mktui.services.fleet import Fleet


def shown_progress(fleet: Fleet, names: Sequence[str]) -> AbstractAsyncContextManager[None]:
    """Show how far the syncs of these routers are, for the block."""

    def counts() -> tuple[int, int, int]:
        states = [fleet.service(name).syncs.state for name in names]
        planned, settled = sum(state.planned for state in states), sum(state.settled for state in states)
        return planned, settled, sum(state.failed for state in states)

    return progress.shown_progress(counts, before="reading billing and the routers …")
