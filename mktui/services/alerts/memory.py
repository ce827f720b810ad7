"""The file of alerts for whoever must not wait for a disk: in threads, within a time, one writing after the other."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

import anyio

from mktui.services.alerts.keeping import Kept

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.monitor.silences import Silence
    from mktui.services.alerts.keeping import AlertFile

T = TypeVar("T")
U = TypeVar("U")
DISK: Final = 5.0
"""Seconds after which a disk that does not answer is given up, for now."""
SILENT: Final = "the disk does not answer"


class Memory:
    """``problem``: why nothing is kept now; "": it is. ``make`` says what is to be kept."""

    def __init__(self, file: AlertFile, make: Callable[[], Kept], say: Callable[[str], None]) -> None:
        self.problem = ""
        self._file = file
        self._make = make
        self._say = say
        self._last: Kept | None = None
        self._turn = anyio.Lock()
        self._threads = anyio.CapacityLimiter(2)
        self._pen = threading.Lock()
        self._begun = self._newest = 0
        """A writing that was given up may still begin, and end: it must not put what is older in the place of newer."""

    async def claim(self) -> str:
        """Become the one who tells; returns who does already, "" when it is us from now on."""
        return await self._done(self._file.claim, SILENT)

    async def release(self) -> None:
        """Let another one tell."""
        await self._done(self._file.release, None)

    async def read(self) -> tuple[Kept, str] | None:
        """Return what was kept, and what is wrong with it; None: the disk does not answer."""
        return await self._done(self._file.read, None)

    async def of_another(self) -> Kept:
        """Return what somebody else keeps."""
        return await self._done(self._file.look, Kept())

    async def silences(self, before: tuple[Silence, ...]) -> tuple[Silence, ...]:
        """Return every silence; those that were known ``before`` when the disk does not answer."""
        return await self._done(self._file.silences, before)

    async def keep(self) -> None:
        """Return when what is known now is kept, or cannot be."""
        async with self._turn:
            kept = self._make()
            if kept == self._last:
                return
            self._begun += 1
            problem = await self._done(partial(self._written, kept, self._begun), SILENT)
            if not problem:
                self._last = kept
            if problem and not self.problem:
                self._say(f"alerts cannot be kept: {problem}; they are told all the same")
            self.problem = problem

    def _written(self, kept: Kept, number: int) -> str:
        if not self._pen.acquire(blocking=False):
            return SILENT
        try:
            if number > self._newest:
                self._file.write(kept)
                self._newest = number
        except OSError as error:
            return f"{self._file.path}: {(error.strerror or 'cannot be written').lower()}"
        finally:
            self._pen.release()
        return ""

    async def _done(self, work: Callable[[], T], otherwise: U) -> T | U:
        with anyio.move_on_after(DISK):
            return await anyio.to_thread.run_sync(work, limiter=self._threads, abandon_on_cancel=True)
        return otherwise
