"""A client that knows nothing: words in, sentences out, over a stream in memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from mktui.core.protocol.framing import WordReader, encode
from mktui.simulator.streams import byte_stream_pair

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from anyio.abc import ByteStream

    from mktui.simulator.router import SimulatedRouter

Steps = Sequence[tuple[str, ...]]
LOGIN = ("/login", "=name=admin", "=password=secret")


class Talk:
    """Says words and hears sentences."""

    def __init__(self, stream: ByteStream) -> None:
        self.stream = stream
        self._reader = WordReader()
        self._heard: list[tuple[str, ...]] = []

    async def say(self, *words: str, chunk_bytes: int = 10_000) -> None:
        framed = encode(words)
        for at in range(0, len(framed), chunk_bytes):
            await self.stream.send(framed[at : at + chunk_bytes])

    async def hear(self) -> tuple[str, ...]:
        while not self._heard:
            sentences = self._reader.feed(await self.stream.receive())
            self._heard += [tuple(word.decode("utf-8", "surrogateescape") for word in each) for each in sentences]
        return self._heard.pop(0)

    async def ask(self, *words: str, chunk_bytes: int = 10_000) -> list[tuple[str, ...]]:
        """Say one command and hear up to its end."""
        await self.say(*words, chunk_bytes=chunk_bytes)
        heard = [await self.hear()]
        while heard[-1][0] not in {"!done", "!fatal"}:
            heard.append(await self.hear())
        return heard


@asynccontextmanager
async def talking(router: SimulatedRouter, *, within: float = 10) -> AsyncIterator[Talk]:
    """Hold a session for the block, which may take so many seconds."""
    ours, theirs = byte_stream_pair()
    with anyio.fail_after(within):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(router.serve, theirs)
            async with ours:
                yield Talk(ours)
            tasks.cancel_scope.cancel()
