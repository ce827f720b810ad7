"""Gives routers back what a program before has seen of them: their charts and trends, out of the history's file.

In the background, some seconds after the first picture, and some routers at a time: nobody waits for it. What has been
seen meanwhile stays; a file that cannot be read is tried again later.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.errors import HistoryUnavailable
from mktui.monitor.steps import Past, past_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mktui.monitor.history import Connection, History
    from mktui.services.chronicle import Chronicle
    from mktui.services.router import RouterService

AFTER: Final = 4.0
"""Seconds after the start, or after a router has come: a screen has been painted by then."""
AGAIN_AFTER: Final = 60.0
"""Seconds until a file that could not be read is tried again."""
AT_ONCE: Final = 20
"""Routers of one question."""


class Recalling:
    """Looks for routers that have not got their past yet. Run ``run`` beside them."""

    def __init__(self, history: History, chronicle: Chronicle, routers: Mapping[str, RouterService]) -> None:
        self._history = history
        self._chronicle = chronicle
        self._routers = routers

    async def run(self) -> None:
        """Give each router its past once, also those that come later, until cancelled."""
        while True:
            await anyio.sleep(AFTER)
            waiting = [each for each in self._routers.values() if not each.has_past]
            try:
                doubted = [await self._recall(waiting[at : at + AT_ONCE]) for at in range(0, len(waiting), AT_ONCE)]
            except HistoryUnavailable:
                await anyio.sleep(AGAIN_AFTER)  # the history has said why
            else:
                self._tell(sum(doubted))

    async def _recall(self, routers: Sequence[RouterService]) -> int:
        """Return how many steps of these routers were left out."""
        question = partial(_read, names=[each.name for each in routers])
        past = await anyio.to_thread.run_sync(self._history.ask(question).result, abandon_on_cancel=True)
        for router in routers:
            router.recall(past.of(router.name, clock.utc_now().timestamp()))
            await anyio.lowlevel.checkpoint()  # pools come first
        return past.doubted

    def _tell(self, doubted: int) -> None:
        if doubted:
            text = f"{doubted} points of charts and trends are left out: by their time this machine's clock was wrong"
            self._chronicle.doubted(text)
            self._history.tell(f"history: {text}")


def _read(connection: Connection, *, names: list[str]) -> Past:
    from mktui.monitor import database  # noqa: PLC0415 - loads the database

    now = clock.utc_now()
    return past_of(database.read_steps(connection, names, now), now.timestamp())
