"""The fast reader of replies: bytes however they are cut -> ``(reply word, tag, attributes)``.

Two ideas make it fast and keep it plain. The chunk is decoded once as latin-1, so offsets in text and bytes stay the
same, and only values that are not ASCII are repaired. And rows repeat their keys in one order, so each key is guessed
from the key before it; a wrong guess costs one comparison.

Tuples instead of the classes of ``sentences``: an object per row makes the garbage collector stall a big reply.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from mktui.core.protocol.framing import MAX_SENTENCE_BYTES, Utf8Text, read_length
from mktui.errors import ProtocolError

RawReply: TypeAlias = tuple[str, str, dict[str, str]]
"""Reply word, tag ("" without one), attributes. The bare word of a ``!fatal`` stands under the empty key."""

_MAX_KNOWN_KEYS: Final = 4096
_NO_GUESS: Final = ("\0", 0, "")  # a prefix that no word has: a word cannot begin with its own end


class Decoder:
    """Incremental decoder of one session's replies. After a ProtocolError it must not be used again.

    ``encoding`` is how texts that are not UTF-8 are read; bytes it has no character for are kept as surrogates, so
    that writing the text back writes the same bytes.
    """

    def __init__(self, encoding: str = "utf-8") -> None:
        self._encoding = encoding
        self._tail = b""
        self._wanted = 0
        """Bytes from the tail's first on without which the sentence cannot go on."""
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._follow: dict[str, tuple[str, int, str]] = {}  # key -> (the prefix that came next, its length, its key)
        self._known: dict[str, tuple[str, int, str]] = {}

    @property
    def held_bytes(self) -> int:
        """How many bytes of an unfinished sentence are held; at most ``MAX_SENTENCE_BYTES``."""
        return len(self._tail) + self._waiting_bytes

    def feed(self, chunk: bytes) -> list[RawReply]:
        """Return the replies that ``chunk`` completes, in order.

        Raises:
            ProtocolError: The bytes cannot be a RouterOS router's.
        """
        if self._tail and not self._is_worth_a_look(chunk):
            return []
        buffer = b"".join((self._tail, *self._waiting, chunk)) if self._tail else chunk
        self._waiting, self._waiting_bytes, wanted = [], 0, 0
        text = buffer.decode("latin-1")
        replies: list[RawReply] = []
        at, size, is_ascii = 0, len(buffer), text.isascii()
        try:
            while at < size:
                if buffer[at] == 0:  # an empty sentence
                    at += 1
                    continue
                reply, at = self._sentence(buffer, text, at)
                replies.append(reply if is_ascii else self._repaired(reply))
        except IndexError as error:  # the rest of this sentence has not arrived
            wanted = error.args[0] if isinstance(error.args[0], int) else 0
        self._tail = buffer[at:]
        self._wanted = wanted - at + 1
        self._check_tail()
        return replies

    def _is_worth_a_look(self, chunk: bytes) -> bool:
        """Keep a piece of a long word until enough of it is there: looking at each time would cost its square."""
        if len(self._tail) + self._waiting_bytes + len(chunk) >= self._wanted:
            return True
        self._waiting.append(chunk)
        self._waiting_bytes += len(chunk)
        return False

    def _sentence(self, buffer: bytes, text: str, at: int) -> tuple[RawReply, int]:
        """Read one sentence; IndexError when it is not all there."""
        length, at = read_length(buffer, at)
        word, at = text[at : at + length], at + length
        starts, follow = text.startswith, self._follow
        attributes: dict[str, str] = {}
        tag = key = ""
        while length := buffer[at]:
            if length < 0x80:
                at += 1
                end = at + length
                prefix, skip, guess = follow.get(key, _NO_GUESS)
                if starts(prefix, at) and skip <= length:
                    attributes[guess] = text[at + skip : end]
                    at, key = end, guess
                    continue
            else:
                length, at = read_length(buffer, at)
                end = at + length
            if end >= len(text):
                raise IndexError(end)
            if text[at] == "=":
                step = self._step(text, at, end)
                follow[key] = step
                key = step[2]
                attributes[key] = text[at + step[1] : end]
            elif starts(".tag=", at):
                tag = text[at + 5 : end]
            elif word == "!fatal":
                attributes[""] = text[at:end]
            at = end
        if not word.startswith("!"):
            raise ProtocolError(f"a reply begins with !, not {word[:20]!r}")
        return (word, tag, attributes), at + 1

    def _step(self, text: str, at: int, end: int) -> tuple[str, int, str]:
        """Return prefix, its length and key of the attribute word at ``at``; keys are shared between rows."""
        equals = text.find("=", at + 1, end)
        prefix = text[at : equals + 1] if equals > 0 else text[at:end]
        known = self._known.get(prefix)
        if known is None:
            if len(self._known) >= _MAX_KNOWN_KEYS:  # no router has so many: keep the memory bound
                self._known.clear()
                self._follow.clear()
            key = prefix[1:-1] if equals > 0 else prefix[1:]
            known = self._known[prefix] = (prefix, len(prefix), key)
        return known

    def _repaired(self, reply: RawReply) -> RawReply:
        word, tag, attributes = reply
        repair = self._repair
        return word, tag, {key: text if text.isascii() else repair(text) for key, text in attributes.items()}

    def _repair(self, text: str) -> str:
        raw = text.encode("latin-1")
        try:
            said = raw.decode("utf-8")
        except UnicodeDecodeError:
            return self._in_fallback(raw)
        return said if self._encoding == "utf-8" else Utf8Text(said)

    def _in_fallback(self, raw: bytes) -> str:
        """Read bytes that are no UTF-8; what would not be written back as the same bytes is kept as surrogates."""
        try:
            said = raw.decode(self._encoding, "surrogateescape")
            if said.encode(self._encoding, "surrogateescape") == raw:
                return said
        except UnicodeError:
            pass
        return Utf8Text(raw.decode("utf-8", "surrogateescape"))

    def _check_tail(self) -> None:
        """Say early that the other side is no RouterOS: an SSH or web server's first bytes look like a long word."""
        tail = self._tail
        if len(tail) > MAX_SENTENCE_BYTES:
            raise ProtocolError(f"a sentence of more than {MAX_SENTENCE_BYTES:,} bytes")
        try:
            _, at = read_length(tail, 0)
            if tail[at] != ord("!"):
                raise ProtocolError(f"a reply begins with !, not {tail[at : at + 20]!r}")
        except IndexError:
            pass
