"""Where the screen is shown, with what is opened before it and closed after it; and how it is left when it is told to.

The first signal ends it in order, wherever it is by then: its pools may be opening, it may be shown, or its pools may
be closing already. Told again it goes on closing: only SIGQUIT cuts that short, the one way out of what hangs.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import anyio

from mktui.background import background
from mktui.tui.way_out import leave_at_once, modes_of_terminal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from types import FrameType

    from mktui.tui.app import ControlRoom

_ENDING: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_CODE: Final = 128
"""A shell's code for an end by a signal is this and the signal's number."""
_CLOSING: Final = "mktui: it closes what it has opened; Ctrl+\\ ends it at once\n"


class Stage:
    """One showing of the screen, in the task that has made it."""

    def __init__(self) -> None:
        self.told: int | None = None
        """The exit code that the first signal stands for."""
        self._task = asyncio.current_task()
        self._app: ControlRoom | None = None
        self._is_left = False

    async def show(self, app: ControlRoom) -> None:
        """Run the screen; returns when it is left."""
        if self.told is not None:
            return
        self._app = app
        try:
            await app.run_async()
        finally:
            self._app, self._is_left = None, True

    @property
    def has_terminal(self) -> bool:
        """Whether the terminal may be the screen's now."""
        return self._app is not None

    def tell(self, number: signal.Signals) -> None:
        """End what is there; told again, or while it closes already, it only says what it is doing."""
        is_first = self.told is None
        self.told = told = self.told or _CODE + number
        if self._app is not None:
            self._app.exit(return_code=told)
        elif is_first and not self._is_left:
            assert self._task is not None
            self._task.cancel()  # it alone: what it has opened is closed from the top down, as always
        else:
            with suppress(OSError, ValueError):  # a terminal that is gone is no reason not to close
                sys.stderr.write(_CLOSING)
                sys.stderr.flush()

    async def listen(self, signals: AsyncIterator[signal.Signals]) -> None:
        """Obey signals until cancelled."""
        async for received in signals:
            self.tell(received)


def run_on_stage(perform: Callable[[Stage], Awaitable[int]]) -> int:
    """Run what opens pools, shows the screen and closes them; return its exit code, or that of the first signal."""
    return anyio.run(_perform, perform)


async def _perform(perform: Callable[[Stage], Awaitable[int]]) -> int:
    stage = Stage()
    _open_way_out(stage)
    code = 0
    try:
        with anyio.open_signal_receiver(*_ENDING) as signals:
            async with background() as tasks:
                tasks.start_soon(stage.listen, signals)
                code = await perform(stage)
    except asyncio.CancelledError:
        if stage.told is None:
            raise
    finally:
        for each in _ENDING:
            signal.signal(each, signal.SIG_IGN)  # all is closed: the last moments of the process need no telling
    return code if stage.told is None else stage.told


def _open_way_out(stage: Stage) -> None:
    """From now on to the end of the process, SIGQUIT ends it at once, and gives back a terminal that the screen has."""
    modes = modes_of_terminal()

    def leave(_number: int, _frame: FrameType | None) -> None:
        leave_at_once(modes if stage.has_terminal else None)

    signal.signal(signal.SIGQUIT, leave)
