"""Standard output that cannot be written: the one place where that is noticed, for every command.

The stream itself notes it, so that it is known however deep in tasks the error began, whoever caught it on the way, and
an error of another file is not taken for one of this.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

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
    """See that everything which was printed has left.

    Raises:
        OutputLost: It cannot be written.
    """
    file = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(file, _Noting) and file.lost is not None:
        raise OutputLost(file.lost) from None


class _Noting(io.FileIO):
    """A file that remembers why it could not be written."""

    lost: OSError | None = None

    def write(self, data: ReadableBuffer) -> int | None:  # type: ignore[override]  # None: it would block
        try:
            return super().write(data)
        except OSError as error:
            self.lost = error
            raise


def prepare_streams() -> None:
    """Make standard output note its troubles; a router's bytes need not be text, and are written as escapes."""
    _take_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    plain = sys.stdout
    if type(plain) is io.TextIOWrapper:  # no stand-in of a test's
        plain.flush()
        file = io.BufferedWriter(_Noting(plain.fileno(), "w", closefd=False))
        sys.stdout = io.TextIOWrapper(
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
