"""Recorded exchanges: ``>`` a client, ``<`` a router, word by word, with holes where a value was left out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio

from mktui.core.protocol.framing import WordReader, encode

if TYPE_CHECKING:
    from anyio.abc import ByteStream

_FILE: Final = Path(__file__).parent.parent / "data" / "wire-transcripts.json"
_HOLE: Final = re.compile(r"<[^<>]*>|\.\.")
CHALLENGE: Final = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Transcript:
    """``exchanges``: what the client says, and the sentences with which it is answered. ``closes``: the router does."""

    name: str
    exchanges: tuple[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]], ...]
    closes: bool

    @property
    def is_login(self) -> bool:
        return self.exchanges[0][0][0] == "/login"


def transcripts() -> list[Transcript]:
    return [_read(each) for each in json.loads(_FILE.read_text(encoding="utf-8"))]


def _read(recorded: dict[str, object]) -> Transcript:
    exchanges: list[tuple[tuple[str, ...], list[tuple[str, ...]]]] = []
    closes = False
    steps = recorded["steps"]
    assert isinstance(steps, list)
    for who, *words in steps:
        if who == ">":
            exchanges.append((tuple(words), []))
        elif who == "<":
            exchanges[-1][1].append(tuple(words))
        else:
            closes = True
    return Transcript(str(recorded["name"]), tuple((said, tuple(heard)) for said, heard in exchanges), closes)


def matches(pattern: str, word: str) -> bool:
    """Say whether a word is as recorded, where a hole is any text."""
    parts = _HOLE.split(pattern)
    return re.fullmatch(".+".join(re.escape(part) for part in parts), word, re.DOTALL) is not None


def filled(word: str) -> str:
    """Return a recorded word with something in its holes: a challenge must be one, a count a number."""
    return _HOLE.sub(CHALLENGE if "hex" in word or word == "=ret=.." else "7", word)


async def play_router(transcript: Transcript, stream: ByteStream, cut_at: int, heard: list[tuple[str, ...]]) -> None:
    """Be the router of a transcript, and note what the client says.

    What is sent goes in two pieces, cut after ``cut_at`` bytes of the whole; negative: the connection ends there.
    Replies carry the tag that the command carried, as a router's do.
    """
    reader = WordReader()
    sent = 0
    async with stream:
        for _, replies in transcript.exchanges:
            sentences: list[tuple[bytes, ...]] = []
            while not sentences:
                sentences = reader.feed(await stream.receive())
            said = tuple(word.decode() for word in sentences[0])
            heard.append(said)
            tag = [word for word in said if word.startswith(".tag=")]
            for reply in replies:
                words = [filled(word) for word in reply if not word.startswith(".tag=")]
                framed = encode(words + tag if words[0] != "!fatal" else words)
                at = abs(cut_at) - sent
                sent += len(framed)
                if not 0 <= at < len(framed):
                    await stream.send(framed)
                    continue
                if at:
                    await stream.send(framed[:at])
                if cut_at < 0:
                    return
                await anyio.sleep(0.01)
                await stream.send(framed[at:])
        if not transcript.closes:
            await anyio.sleep(60)


def answer_bytes(transcript: Transcript) -> int:
    """Return about how many bytes the router of a transcript sends: tags are short."""
    return sum(
        len(encode([filled(word) for word in reply])) + 6 for _, replies in transcript.exchanges for reply in replies
    )
