"""The asking end: requests over a stream, answers matched by their number. Light: ``mktui status`` loads it."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import anyio

from mktui.background import background
from mktui.errors import ControlError, ControlRefused, NobodyServes
from mktui.services.control import wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from anyio.abc import ByteStream

    OnStep = Callable[[Any], None]  # Any: JSON
    OnNews = Callable[[Any], None]  # Any: JSON

CONNECT: Final = 5.0
"""Seconds for a connection to be there, and its first answer."""
_LOST: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, OSError)


_LOST_WORDS: Final = "the connection was lost, and nobody knows what became of what was asked last"


def _ignore(_what: Any) -> None:  # Any: JSON
    """Nobody listens."""


@dataclass(slots=True)
class _Waiting:
    on_step: OnStep
    is_there: anyio.Event = field(default_factory=anyio.Event)
    answer: wire.Document | None = None


class ControlLink:
    """One connection to a running mktui. Use ``open_link``."""

    def __init__(self, stream: ByteStream, place: str) -> None:
        self.place = place
        self.lost = anyio.Event()
        """The connection has ended."""
        self.greeting: wire.Document = {}
        self._failure: ControlError = NobodyServes(_LOST_WORDS, place=place)
        self._stream = stream
        self._turn = anyio.Lock()
        self._number = 0
        self._waiting: dict[int, _Waiting] = {}
        self._on_news: OnNews = _ignore

    async def ask(self, do: str, *, on_step: OnStep = _ignore, **facts: Any) -> Any:  # Any: JSON
        """Ask, and return what is answered.

        Raises:
            ControlRefused: It answered no, or is not asked: there is more than a request holds.
            ConfigError: It answered no, for the configuration's sake.
            NobodyServes: The connection ended before the answer.
            ControlRefused: What came is not understood.
        """
        self._number += 1
        number = self._number
        text = wire.request(number, do, **facts)
        if len(text) > wire.LONGEST_REQUEST:
            most = f"{wire.LONGEST_REQUEST // 1024} kB"
            raise ControlRefused("TooLong", f"{do}: {len(text) // 1024:,} kB are more than one request holds, {most}")
        waiting = self._waiting[number] = _Waiting(on_step)
        try:
            await self._send(text)
            await waiting.is_there.wait()
        finally:
            del self._waiting[number]
        if waiting.answer is None:
            raise self._gone()
        if "error" in waiting.answer:
            raise _raised(waiting.answer["error"])
        return waiting.answer.get("done")

    async def subscribe(self, on_news: OnNews, *, every: float, events: bool = False) -> None:
        """Be told, again and again, what has changed.

        Raises:
            NobodyServes: The connection has ended.
        """
        self._on_news = on_news
        self._number += 1
        await self._send(wire.request(self._number, "subscribe", every=every, events=events))

    async def _send(self, text: bytes) -> None:
        if self.lost.is_set():
            raise self._gone()
        async with self._turn:
            try:
                with anyio.CancelScope(shield=True):
                    await self._stream.send(text)
            except _LOST:
                raise self._gone() from None

    def _gone(self) -> ControlError:
        return self._failure.fresh()

    async def read(self) -> None:
        """Take what comes, until the connection ends."""
        try:
            async for text in wire.lines(self._stream, wire.LONGEST_ANSWER):
                self._take(json.loads(text))
        except _LOST:
            pass
        except ControlError as error:
            self._failure = error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self._failure = wire.other_version(self.place)
        finally:
            self.lost.set()
            for waiting in self._waiting.values():
                waiting.is_there.set()

    def _take(self, document: wire.Document) -> None:
        if document["v"] != wire.VERSION:
            raise wire.other_version(self.place)
        waiting = self._waiting.get(document.get("id") or -1)
        if "news" in document:
            self._on_news(document["news"])
        elif "step" in document:
            if waiting is not None:
                waiting.on_step(document["step"])
        elif waiting is not None:
            waiting.answer = document
            waiting.is_there.set()
        elif "error" in document:  # of no request: it says why it will end
            self._failure = NobodyServes(str(document["error"]["text"]), place=self.place)


def _raised(error: Any) -> Exception:  # Any: JSON
    if isinstance(error, dict) and error.get("kind") == "ConfigError":
        from mktui.services.control.forms import error_of  # noqa: PLC0415 - only then

        return error_of(error)
    return ControlRefused(str(error.get("kind")), str(error.get("text")))


@asynccontextmanager
async def open_link(
    stream: ByteStream, place: str, *, role: str = "admin", origin: str = "", screen: str = "",
    badge: str = "", within: float = CONNECT,
) -> AsyncIterator[ControlLink]:  # fmt: skip
    """Hold a connection for the block, and greet; ``origin``: where the person sits who asks.

    ``role``: what he wants to be allowed at most; ``screen``: the word by which he is known again; ``badge``: what says
    who he is.

    Raises:
        NobodyServes: Nobody answers there.
        ControlError: It is no mktui that we can speak to.
    """
    async with stream, background() as tasks:
        link = ControlLink(stream, place)
        tasks.start_soon(link.read, name="control answers")
        try:
            with anyio.fail_after(within):
                link.greeting = await link.ask("hello", role=role, origin=origin, screen=screen, badge=badge)
        except TimeoutError:
            raise NobodyServes(f"no answer within {within:.0f} s", place=place) from None
        yield link
