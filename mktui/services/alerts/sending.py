"""Tells one receiver what its outbox holds, in order, again and again until it is taken. A task of its own.

That it is sent is kept before, and that it was taken after: a restart in between tells again, and never forgets.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.monitor.outbox import message
from mktui.monitor.snapshot import ReceiverState
from mktui.services.alerts.telling import NotTold
from mktui.services.log import write_crash

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Sequence

    from mktui.monitor.alerts import Notice
    from mktui.monitor.outbox import Outbox
    from mktui.services.alerts.telling import Receiver

FIRST_WAIT: Final = 2.0
LONGEST_WAIT: Final = 300.0


def wait_after(failures: int, chance: random.Random = clock.RANDOM) -> float:
    """Return the seconds until the next try: doubled each time, and never the same for all."""
    wait: float = min(FIRST_WAIT * 2 ** min(failures - 1, 20), LONGEST_WAIT)
    return wait * chance.uniform(0.75, 1.25)


class Courier:
    """``keep`` returns when everything that is known now is kept; ``say`` hears when a receiver fails, and is back."""

    def __init__(
        self, receiver: Receiver, outbox: Outbox, *, keep: Callable[[], Awaitable[None]], say: Callable[[str], None],
        external_url: str = "", told: int = 0,
    ) -> None:  # fmt: skip
        self.name = receiver.name
        self.outbox = outbox
        self.told = told
        self._receiver = receiver
        self._keep = keep
        self._say = say
        self._external_url = external_url
        self._failures = 0
        self._problem = ""
        self._told_at: dt.datetime | None = None
        self._next_at: dt.datetime | None = None
        self._news = anyio.Event()
        self._end = anyio.Event()
        self._woken = anyio.Event()

    @property
    def state(self) -> ReceiverState:
        """How it stands."""
        return ReceiverState(
            self.name, self._receiver.kind, len(self.outbox.waiting), self.outbox.left_out, self.told,
            self._told_at, self._failures, self._problem, self._next_at,
        )  # fmt: skip

    def put(self, notices: Sequence[Notice]) -> None:
        """Let it be told more. Never blocks."""
        for notice in notices:
            self.outbox.put(notice)
        self._news.set()

    def turn_to(self, receiver: Receiver, limit: int, external_url: str) -> None:
        """Tell it so from now on: what waits, waits for it. One that failed is tried again at once."""
        self._receiver, self._external_url, self.outbox.limit = receiver, external_url, limit
        self._woken.set()

    def finish(self) -> None:
        """Try what waits once more, and end; a receiver that has failed already is not tried again."""
        self._end.set()
        self._news.set()
        self._woken.set()

    async def run(self) -> None:
        """Tell until ``finish``."""
        while True:
            if not self.outbox.waiting:
                if self._end.is_set():
                    return
                self._news = anyio.Event()
                await self._news.wait()
            elif not await self._told_one():
                if self._end.is_set():
                    return
                await self._rest()

    async def _rest(self) -> None:
        wait = wait_after(self._failures)
        self._next_at = clock.utc_now() + dt.timedelta(seconds=wait)
        self._woken = anyio.Event()
        with anyio.move_on_after(wait):
            await self._woken.wait()
        self._next_at = None

    async def _told_one(self) -> bool:
        if self._failures and self._end.is_set():
            return False
        notices = self.outbox.take()
        await self._keep()  # that he may have heard it must be known before he has
        try:
            await self._receiver.tell(message(notices, self.name, self._external_url), notices)
        except NotTold as error:
            self._failed(error.problem)
            return False
        except Exception as error:  # noqa: BLE001 - a bug in one receiver must end neither the others nor the fleet
            self._failed(f"a bug in mktui: {type(error).__name__}; please report {write_crash(error)}")
            return False
        self.outbox.done()
        self.told += len(notices)
        self._told_at = clock.utc_now()
        if self._failures:
            self._say(f"{self.name} is told again, after {self._failures} in vain")
        self._failures, self._problem = 0, ""
        await self._keep()
        return True

    def _failed(self, problem: str) -> None:
        self.outbox.back()
        self._failures += 1
        self._problem = problem
        if self._failures == 1:
            self._say(f"{self.name} was not told: {problem}; it is tried again and again")
