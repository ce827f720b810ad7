"""A router that is added from an attached screen: tried and saved where mktui runs. Its password is never kept here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mktui.config.load import check_text
from mktui.services.configuring import Saved
from mktui.services.control.forms import heard
from mktui.services.control.newcomer_messages import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.config.newcomer import Newcomer
    from mktui.config.save import Seen
    from mktui.core.client.connection_test import TestStep
    from mktui.core.pool.options import PoolOptions
    from mktui.services.control.attached import AttachedFleet
    from mktui.services.newcomers import Tried


class AttachedNewcomers:
    """Asks the other side."""

    def __init__(self, fleet: AttachedFleet) -> None:
        self._fleet = fleet

    async def look(self) -> Seen | None:
        """Return the file that it would be saved in, as it is there."""
        return await self._fleet.config_text()

    async def test(
        self, newcomer: Newcomer, pool: PoolOptions, *, on_step: Callable[[TestStep], None] | None = None
    ) -> Tried:
        """Test it as it was typed, from there, with the pool's settings that are there."""
        del pool

        def tell(step: Any) -> None:  # Any: JSON
            if on_step is not None:
                on_step(heard(step))

        tried: Tried = heard(await self._fleet.ask("try router", on_step=tell, newcomer=Wanted.sent(newcomer)))
        return tried

    async def save(self, seen: Seen, newcomer: Newcomer) -> Saved:
        """Save it there, and start it."""
        return saved_of(await self._fleet.ask("save router", newcomer=Wanted.sent(newcomer), **print_of(seen)))


def print_of(seen: Seen) -> dict[str, Any]:  # Any: JSON
    """Return by what a file is known again, as it is sent."""
    if seen.print is None:
        return {"digest": None, "modified_ns": 0}
    return {"digest": seen.print.digest, "modified_ns": seen.print.modified_ns}


def saved_of(told: Any) -> Saved:  # Any: JSON
    """Return what became of a save there."""
    seen: Seen = heard(told["seen"])
    live, later, came, went, problems = (tuple(told[name]) for name in ("live", "later", "came", "went", "problems"))
    return Saved(seen, check_text(seen.text, seen.file).config, live, later, came, went, problems)
