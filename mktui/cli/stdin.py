"""Standard input a line at a time, beside everything else that runs."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_READ_BYTES: Final = 65536


async def lines() -> AsyncGenerator[str]:
    """Yield the lines of standard input until its end; in the background of a terminal there are none."""
    try:
        descriptor = sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # there is no standard input
        return
    held = b""
    while piece := await _read(descriptor):
        *whole, held = (held + piece).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace")
    if held:
        yield held.decode("utf-8", "replace")


async def _read(descriptor: int) -> bytes:
    """Return the next bytes; empty at the end."""
    while True:
        try:
            await anyio.wait_readable(descriptor)
        except OSError:  # a plain file cannot be waited for, and needs not
            return os.read(descriptor, _READ_BYTES)
        if not os.isatty(descriptor) or os.tcgetpgrp(descriptor) == os.getpgrp():
            try:
                return os.read(descriptor, _READ_BYTES)
            except OSError:
                return b""
        await anyio.sleep(1)  # the terminal is somebody else's: to read would stop us
