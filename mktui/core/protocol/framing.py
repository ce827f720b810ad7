"""Words and lengths: how a sentence becomes bytes, and how bytes become words again.

A word is a length and its bytes; a sentence is words up to an empty one. Lengths are big-endian: < 0x80 one byte;
< 0x4000 two, ``| 0x8000``; < 0x200000 three, ``| 0xC00000``; < 0x10000000 four, ``| 0xE0000000``; else 0xF0 and four
bytes. A first byte >= 0xF8 is a reserved control byte: whoever meets it cannot go on (MikroTik's API manual).

``WordReader`` is the plain reader that keeps every word in its order: the server's side, and the oracle in tests for
the fast reply decoder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from librouteros.exceptions import ProtocolError as LibRouterOsProtocolError
from librouteros.protocol import encode_sentence

from mktui.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_WORD_BYTES: Final = 16 * 1024 * 1024
"""A longer word is garbage or an attack: RouterOS itself stays far below (a whole /export is under 2 MiB)."""

MAX_SENTENCE_BYTES: Final = 32 * 1024 * 1024
"""The most that is held for one unfinished sentence."""

_CONTROL_BYTE: Final = 0xF8
_MASKS: Final = (0x7F, 0x3FFF, 0x1FFFFF, 0xFFFFFFF, 0xFFFFFFFF)


class Utf8Text(str):
    """A text that the router holds as UTF-8 although its operators write in another encoding.

    Written back as it was read, it becomes the same bytes; a text made from it is written like any other.
    """

    __slots__ = ()


def with_prefix(prefix: str, text: str) -> str:
    """Return the word ``prefix + text``, in whichever encoding ``text`` is kept."""
    return Utf8Text(prefix + text) if isinstance(text, Utf8Text) else prefix + text


def encode(words: Iterable[str], encoding: str = "utf-8") -> bytes:
    """Return a sentence's bytes, its empty word included.

    Raises:
        ProtocolError: A word has a character that ``encoding`` cannot say, is empty, or is too long.
    """
    try:
        # surrogates are bytes that no character stood for when they were read: they go back as they came
        said = tuple(
            word
            if word.isascii()
            else word.encode("utf-8" if isinstance(word, Utf8Text) else encoding, "surrogateescape").decode("latin-1")
            for word in words
        )
        if not all(said):
            raise ProtocolError("an empty word would end the sentence early")
        framed: bytes = encode_sentence(*said, encoding="latin-1")
    except UnicodeEncodeError as error:
        found = error.object[error.start : error.end]
        raise ProtocolError(f"{found!r} cannot be written in this router's encoding, {encoding}") from None
    except LibRouterOsProtocolError as error:
        raise ProtocolError(str(error)) from error
    return framed


def unwritable(words: Iterable[str], encoding: str) -> str:
    """Return the letters in words that ``encoding`` cannot say, each once; "": a router can be told all of them."""
    letters = dict.fromkeys(letter for word in words if not isinstance(word, Utf8Text) for letter in word)
    return "".join(letter for letter in letters if not _is_writable(letter, encoding))


def _is_writable(letter: str, encoding: str) -> bool:
    try:
        return bool(letter.encode(encoding, "surrogateescape"))
    except UnicodeEncodeError:
        return False


def read_length(buffer: bytes, at: int) -> tuple[int, int]:
    """Return the word length that starts at ``at``, and the offset behind it.

    Raises:
        IndexError: The length has not arrived whole.
        ProtocolError: A reserved control byte, or a length beyond ``MAX_WORD_BYTES``.
    """
    first = buffer[at]
    if first < 0x80:
        return first, at + 1
    if first >= _CONTROL_BYTE:
        raise ProtocolError(f"reserved control byte 0x{first:02x}")
    width = 2 if first < 0xC0 else 3 if first < 0xE0 else 4 if first < 0xF0 else 5
    end = at + width
    if end > len(buffer):
        raise IndexError(end)
    digits = buffer[at:end] if width < 5 else buffer[at + 1 : end]
    length = int.from_bytes(digits, "big") & _MASKS[width - 1]
    if length > MAX_WORD_BYTES:
        raise ProtocolError(f"a word of {length:,} bytes")
    return length, end


class WordReader:
    """Incremental: ``feed`` bytes however they are cut, get back whole sentences as tuples of words (bytes)."""

    def __init__(self) -> None:
        self._tail = b""

    @property
    def held_bytes(self) -> int:
        """How many bytes of an unfinished sentence are held."""
        return len(self._tail)

    def feed(self, chunk: bytes) -> list[tuple[bytes, ...]]:
        """Return the sentences that ``chunk`` completes. Empty sentences are passed over.

        Raises:
            ProtocolError: The bytes cannot be the RouterOS API; the reader must not be used again.
        """
        buffer = self._tail + chunk if self._tail else chunk
        sentences: list[tuple[bytes, ...]] = []
        words: list[bytes] = []
        at = begun_at = 0
        try:
            while at < len(buffer):
                length, start = read_length(buffer, at)
                end = start + length
                if end > len(buffer):
                    break
                at = end
                if length:
                    words.append(buffer[start:end])
                    continue
                if words:
                    sentences.append(tuple(words))
                    words = []
                begun_at = at
        except IndexError:
            pass  # the rest of this length has not arrived
        self._tail = buffer[begun_at:]
        if len(self._tail) > MAX_SENTENCE_BYTES:
            raise ProtocolError(f"a sentence of more than {MAX_SENTENCE_BYTES:,} bytes")
        return sentences
