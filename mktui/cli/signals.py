"""How a command that is told to end does so: as if by Ctrl-C, in good order, with a code that says which signal it was.

Routers are let go, and what is known of rows under way is written down. Who was started with a signal ignored, as by
nohup, goes on ignoring it.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def heard_signals() -> Iterator[list[signal.Signals]]:
    """Turn SIGTERM and SIGHUP into interrupts for the block; gives a list of those that came."""
    heard: list[signal.Signals] = []

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(signal.Signals(number))
        interrupt = signal.getsignal(signal.SIGINT)
        if not callable(interrupt):  # a shell's background job ignores Ctrl-C, and is told to end all the same
            raise KeyboardInterrupt
        interrupt(signal.SIGINT, frame)

    replaced = [each for each in _ENDING if signal.getsignal(each) is signal.SIG_DFL]
    for each in replaced:
        signal.signal(each, hear)
    try:
        yield heard
    finally:
        for each in replaced:
            if signal.getsignal(each) is hear:  # what somebody has put in its place stays
                signal.signal(each, signal.SIG_DFL)
