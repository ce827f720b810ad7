"""The history's last answer to one question: given at once, and asked for again in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

import anyio

from mktui import clock
from mktui.errors import HistoryUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import TaskGroup

    from mktui.monitor.history import Connection, History

T = TypeVar("T")

EVERY: Final = 2.0
"""Seconds between two readings of the file."""
OLD: Final = 30.0
"""Seconds after which it is read although we have put nothing into it: others write into it too."""


class Reading(Generic[T]):
    """``question`` makes what the file is asked, each time afresh. ``answer`` is None until it has been read."""

    def __init__(self, history: History | None, question: Callable[[], Callable[[Connection], T]]) -> None:
        self.answer: T | None = None
        self._history = history
        self._question = question
        self._version = -1
        self._due_at = self._old_at = 0.0
        self._is_under_way = False

    def want(self, version: int, tasks: TaskGroup) -> None:
        """Begin to read when something may be new; ``version`` grows with what we put in. Never blocks."""
        now = clock.now()
        is_due = now >= self._due_at and (version != self._version or now >= self._old_at)
        if self._history is not None and is_due and not self._is_under_way:
            self._is_under_way = True
            tasks.start_soon(self._read, self._history, version, name="read history")

    async def _read(self, history: History, version: int) -> None:
        try:
            found = await anyio.to_thread.run_sync(history.ask(self._question()).result, abandon_on_cancel=True)
        except HistoryUnavailable:
            self.answer, self._version = None, -1
        else:
            self.answer = found if found != self.answer else self.answer  # nothing new: the same object
            self._version, self._old_at = version, clock.now() + OLD
        finally:
            self._due_at, self._is_under_way = clock.now() + EVERY, False
