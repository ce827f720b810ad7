"""The way out of a program that hangs: its terminal is given back, and nothing else is waited for.

Nothing here needs the program's loop: it is called by the thread that reads keys, or by a signal.
"""

from __future__ import annotations

import os
import signal
import sys
import termios
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

QUITS: Final = "ctrl+backslash"
"""The key; where the terminal is not ours, it is what a shell's user sends SIGQUIT with."""
CODE: Final = 128 + signal.SIGQUIT
"""The exit code."""

Modes: TypeAlias = "list[int | list[bytes | int]]"

_PATIENCE: Final = 0.5
"""Seconds that a terminal has to take what gives it back."""
_BY_HAND: Final = ("2026", "2004", "2048", "1000", "1003", "1015", "1006", "1016", "1004")
"""Modes that Textual sets: whole frames, pastes, sizes, the mouse, the focus."""
_GIVES_BACK: Final = (
    "\x1b\\" + "".join(f"\x1b[?{mode}l" for mode in _BY_HAND) + "\x1b[?7h\x1b[<u\x1b[?1049l\x1b[?25h\x1b[0m"
)
"""It begins with the end of whatever was half written."""
_SAID: Final = "mktui: ended at once: nothing was closed in order; of what was under way nobody knows what became\r\n"


def modes_of_terminal() -> Modes | None:
    """Return how the terminal is set now; None: there is none."""
    with suppress(termios.error, OSError, ValueError):
        return termios.tcgetattr(sys.__stdin__.fileno()) if sys.__stdin__ is not None else None
    return None


def leave_at_once(modes: Modes | None) -> NoReturn:
    """End the process, with exit code 131; ``modes``: its terminal's before it was taken over, None: it is not."""
    if modes is not None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})  # in the background too it gives back what it took
        with suppress(termios.error, OSError, ValueError):
            termios.tcsetattr(0, termios.TCSANOW, modes)
    with suppress(termios.error, OSError):
        _write((_GIVES_BACK if modes is not None else "") + _SAID)
    os._exit(CODE)


def _write(text: str) -> None:
    """Write to the terminal; what it has not taken before is dropped rather than waited for."""
    left = text.encode()
    # opened afresh: the one that is open may wait, and belongs to the shell too
    terminal = os.open(os.ttyname(2), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    for _ in _moments():
        try:
            left = left[os.write(terminal, left) :]
        except BlockingIOError:
            termios.tcflush(terminal, termios.TCOFLUSH)
        if not left:
            return


def _moments() -> Iterator[None]:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        yield
        time.sleep(0.01)
