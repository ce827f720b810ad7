"""Standard output that cannot be written: the one place where that is noticed, for every command.

The stream itself notes it, so that it is known however deep in tasks the error began, whoever caught it on the way, and
an error of another file is not taken for one of this. A command that only reads ends with it. One that changes
something goes on to its end: what is written to a router does not hang on who reads about it.
"""

from __future__ import annotations

import io
import os
import select
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import ReadableBuffer

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


class OutputLost(Exception):
    """Standard output cannot be written. ``is_closed_pipe``: nobody reads it any more (``| head``), no failure."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"standard output: {(error.strerror or 'cannot be written').lower()}")
        self.is_closed_pipe = isinstance(error, BrokenPipeError)


@contextmanager
def lost_output_noticed() -> Iterator[None]:
    """Raise what is wrong with standard output in the place of what came of it.

    Raises:
        OutputLost: It cannot be written.
    """
    try:
        yield
    except (OSError, BaseExceptionGroup):  # of a group only its tasks know what is in it
        check_output()
        raise


def check_output() -> None:
    """See that everything which was printed has left, in a command that ends when it has not.

    Raises:
        OutputLost: It cannot be written.
    """
    if (lost := lost_output()) is not None and not is_outlasted():
        raise lost from None


def lost_output() -> OutputLost | None:
    """Return what is wrong with standard output; None: all that was printed has left."""
    file = _noting(sys.stdout)
    return None if file is None or file.lost is None else OutputLost(file.lost)


def outlast_output() -> None:
    """From here on nothing that cannot be printed holds the program up: what it changes does not hang on who reads.

    ``lost_output`` says afterwards whether somebody has missed something.
    """
    for stream in (sys.stdout, sys.stderr):
        if (file := _noting(stream)) is not None:
            file.is_outlasted = True


def is_outlasted() -> bool:
    """Say whether the program goes on though standard output is lost."""
    file = _noting(sys.stdout)
    return file is not None and file.is_outlasted


def _noting(stream: TextIO) -> _Noting | None:
    file = getattr(getattr(stream, "buffer", None), "raw", None)
    return file if isinstance(file, _Noting) else None


class _Noting(io.FileIO):
    """A file that remembers why it could not be written. ``is_outlasted``: then it takes everything, and drops it."""

    lost: OSError | None = None
    is_outlasted = False

    def write(self, data: ReadableBuffer) -> int:
        if self.lost is None or not self.is_outlasted:  # behind a gap nothing more is written
            try:
                return self._write(data)
            except OSError as error:
                self.lost = error
                if not self.is_outlasted:
                    raise
        return memoryview(data).nbytes

    def _write(self, data: ReadableBuffer) -> int:
        while (count := super().write(data)) is None:  # somebody has made it one that does not wait
            select.select([], [self], [])
        return count


def prepare_streams() -> None:
    """Make both outputs note their troubles; a router's bytes need not be text, and are written as escapes."""
    _take_closed_streams()
    sys.stdout, sys.stderr = _prepared(sys.stdout), _prepared(sys.stderr)


def _prepared(plain: TextIO) -> TextIO:
    if isinstance(plain, io.TextIOWrapper):
        plain.reconfigure(errors="backslashreplace")
    if type(plain) is not io.TextIOWrapper:  # a stand-in of a test's
        return plain
    plain.flush()
    file = io.BufferedWriter(_Noting(plain.fileno(), "w", closefd=False))
    return io.TextIOWrapper(
        file, plain.encoding, plain.errors, line_buffering=plain.line_buffering, write_through=plain.write_through
    )


def _take_closed_streams() -> None:
    """Put something in the place of a standard stream that was closed (``>&-``): the next file would have its number.

    What is written there fails as it would have.
    """
    for number, (name, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDONLY)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def forget_output() -> None:
    """Let what cannot leave go: nothing more is tried with it at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
