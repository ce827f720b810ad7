"""Textual's driver for Linux, sending only cells that have changed, and never waiting for a slow terminal.

Either driver of ours hears the key that ends a program that hangs.

It reaches into parts of Textual that are private: hence the pin in ``pyproject.toml``, and ``--driver stock``.
"""

from __future__ import annotations

import os
import threading
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, Any, Final

from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key

from mktui.tui.cell_diff import CellDiff
from mktui.tui.way_out import QUITS, leave_at_once

if TYPE_CHECKING:
    from textual.driver import Driver
    from textual.message import Message

BACKLOG_BYTES: Final = 16_384
"""More than this not yet taken by the terminal: the link is slow, and frames are passed over until it has caught up."""


_PATIENCE: Final = 1.0
"""Seconds that the end of the program waits for the terminal."""


class PatientWriter(WriterThread):
    """Writes in its own thread, as Textual's does, and takes any number of pieces without making the loop wait."""

    def __init__(self, file: IO[str]) -> None:
        super().__init__(file)
        self._queue = SimpleQueue()  # type: ignore[assignment]  # unbounded; what may enter is the driver's to decide
        self._waiting = 0
        self._counting = threading.Lock()

    @property
    def backlog(self) -> int:
        """Letters that the terminal has not taken yet."""
        return self._waiting

    def write(self, text: str) -> None:
        """Queue a piece; returns at once."""
        with self._counting:
            self._waiting += len(text)
        super().write(text)

    def stop(self) -> None:
        """Let what is queued out, but do not wait for a terminal that takes nothing."""
        self._queue.put(None)
        self.join(_PATIENCE)

    def run(self) -> None:
        """Write until stopped. A terminal that is gone takes nothing more."""
        while (text := self._queue.get()) is not None:
            try:
                self._file.write(text)
                self._file.flush()
            except (OSError, ValueError):
                pass
            with self._counting:
                self._waiting -= len(text)


class QuittableDriver(LinuxDriver):
    """Textual's own, and one key that needs nobody but the thread that reads keys."""

    def process_message(self, message: Message) -> None:
        """Pass on what was typed; the way out is taken here, since the program may hang."""
        if isinstance(message, Key) and message.key == QUITS:
            leave_at_once(self.attrs_before)
        super().process_message(message)


class ThriftyDriver(QuittableDriver):
    """Few bytes, and no waiting."""

    def __init__(self, *arguments: Any, **more: Any) -> None:  # Any: whatever Textual passes
        super().__init__(*arguments, **more)
        self._diff = CellDiff()
        self._size_seen: tuple[int, int] | None = None
        self._has_skipped = False

    @property
    def backlog(self) -> int:
        """Letters that the terminal has not taken yet."""
        writer = self._writer_thread
        return writer.backlog if isinstance(writer, PatientWriter) else 0

    def caught_up(self) -> bool:
        """Say, once, that frames were passed over and the terminal has caught up: everything must be drawn again."""
        if not self._has_skipped or self.backlog:
            return False
        self._has_skipped = False
        return True

    def forget(self) -> None:
        """Draw everything afresh from now on: somebody else has written on the terminal."""
        self._diff.forget()

    def start_application_mode(self) -> None:
        """Take the terminal over; what stands on it is not known."""
        self._diff.forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's own has no types

    def write(self, data: str) -> None:
        """Write what the terminal does not show already."""
        size = self._get_terminal_size()
        if size != self._size_seen:  # the signal of it comes later than the fact
            self._size_seen = size
            self._diff.resize(*size)
        writer = self._writer()
        if writer.backlog > BACKLOG_BYTES and _is_a_picture(data):
            self._has_skipped = True
            return
        self.send(self._diff.feed(data))

    def send(self, data: str) -> None:
        """Hand the terminal what it needs."""
        if data:
            self._writer().write(data)

    def _writer(self) -> PatientWriter:
        """Return our writer; Textual has started its own, which has written nothing yet."""
        writer = self._writer_thread
        if isinstance(writer, PatientWriter):
            return writer
        if writer is not None:
            writer.stop()
        assert self._file is not None
        patient = PatientWriter(self._file)
        patient.start()
        self._writer_thread = patient
        return patient


def driver_class(name: str) -> type[Driver] | None:
    """Return the driver of a name; None: the one that the environment names, for a browser."""
    if "TEXTUAL_DRIVER" in os.environ:
        return None
    return ThriftyDriver if name == "thrifty" else QuittableDriver


def backlog_of(driver: Driver | None) -> int:
    """Return what a driver's terminal has not taken yet; drivers of other kinds do not say."""
    return driver.backlog if isinstance(driver, ThriftyDriver) else 0


def has_caught_up(driver: Driver | None) -> bool:
    """Say, once, that everything must be drawn again: the terminal was slow, and frames were passed over."""
    return isinstance(driver, ThriftyDriver) and driver.caught_up()


def forget_screen(driver: Driver | None) -> None:
    """Believe nothing of what the terminal shows."""
    if isinstance(driver, ThriftyDriver):
        driver.forget()


def _is_a_picture(data: str) -> bool:
    """Say whether data paints cells; modes, questions, goodbyes and what is copied always go through."""
    return "\x1b[?1049" not in data and "\x1b]" not in data and ("H" in data or "\x1b[?2026" in data)
