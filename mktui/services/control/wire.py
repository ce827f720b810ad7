"""Lines of JSON, as both ends write and read them. Light: ``mktui status`` loads it. No socket of its own, no clock.

A request is ``{"v": 1, "id": 7, "do": "reset", "router": "edge-1"}``. It is answered by a line with its ``id`` and
``done`` or ``error``; before that there may be lines with ``step``, and after a ``subscribe`` there are lines with
``news`` for as long as the connection lasts.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from anyio import DelimiterNotFound, IncompleteRead
from anyio.streams.buffered import BufferedByteReceiveStream

from mktui.errors import ControlRefused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from anyio.abc import ByteReceiveStream

VERSION: Final = 1
LONGEST_REQUEST: Final = 1024 * 1024
LONGEST_ANSWER: Final = 64 * 1024 * 1024
OTHER_VERSION: Final = "Version"
"""The kind of a refusal when one does not speak as the other does."""
Document = dict[str, Any]  # Any: JSON


def other_version(place: str = "") -> ControlRefused:
    """Return what is raised when the other side says what is not understood."""
    words = "the mktui that runs is of another version, and what it says is not understood; restart it"
    return ControlRefused(OTHER_VERSION, f"{place}: {words}" if place else words)


def line(document: Document) -> bytes:
    """Return a document as one line, its end included."""
    return json.dumps(document, separators=(",", ":")).encode("ascii") + b"\n"


def request(number: int, do: str, **facts: Any) -> bytes:  # Any: JSON
    """Return a request's line."""
    return line({"v": VERSION, "id": number, "do": do, **facts})


def answer(number: int | None, **what: Any) -> bytes:  # Any: JSON
    """Return an answer's line; ``what`` is one of ``done``, ``step``, ``news`` and ``error``."""
    return line({"v": VERSION, "id": number, **what})


async def lines(stream: ByteReceiveStream, longest: int) -> AsyncIterator[bytes]:
    """Yield each line without its end, until the other side has closed.

    Raises:
        ValueError: A line is longer than ``longest`` bytes; nothing more can be read then.
    """
    reader = BufferedByteReceiveStream(stream)
    while True:
        try:
            yield await reader.receive_until(b"\n", longest)
        except IncompleteRead:
            return
        except DelimiterNotFound:
            raise ValueError(f"a line has {longest} bytes at most") from None
