"""The decoder says the same however the bytes are cut, survives garbage with one error, and holds its memory bound."""

from __future__ import annotations

import contextlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librouteros.protocol import ApiProtocol

from mktui.core.protocol.decoder import Decoder, RawReply
from mktui.core.protocol.framing import MAX_SENTENCE_BYTES, WordReader, encode, read_length
from mktui.core.protocol.sentences import Command, Done, Empty, Fatal, Reply, Trap, build_reply, parse_reply
from mktui.errors import ProtocolError

KEYS = st.sampled_from([".id", "name", "comment", "rate-limit", "disabled", "x", "a" * 130])
VALUES = st.one_of(st.text(max_size=20), st.sampled_from(["", "=", "a=b", "yes", "x" * 127, "x" * 128, "ж" * 300]))
ROWS = st.dictionaries(KEYS, VALUES.filter(lambda text: "\ud800" not in text), max_size=6)
TAGS = st.sampled_from(["", "1", "27"])
REPLIES = st.one_of(
    st.builds(Reply, ROWS, TAGS),
    st.builds(Done, st.sampled_from([{}, {"ret": "*1F"}]), TAGS),
    st.builds(Trap, st.sampled_from(["no such item", "interrupted"]), st.sampled_from([None, 0, 2]), TAGS),
    st.builds(Empty, TAGS),
    st.builds(Fatal, st.sampled_from(["session terminated on request", "not logged in"])),
)


def cut(framed: bytes, at: list[int]) -> list[bytes]:
    """Return the bytes in pieces."""
    marks = sorted({position % (len(framed) + 1) for position in at} | {0, len(framed)})
    return [framed[left:right] for left, right in pairwise(marks)]


def decoded(pieces: list[bytes]) -> list[object]:
    decoder = Decoder()
    raw = [reply for piece in pieces for reply in decoder.feed(piece)]
    return [build_reply(word, tag, {k: v for k, v in row.items() if k}, row.get("", "")) for word, tag, row in raw]


@given(st.lists(REPLIES, min_size=1, max_size=8), st.lists(st.integers(0, 10**6), max_size=12))
def test_sentences_are_the_same_for_every_way_to_cut_the_bytes(replies: list[Reply], at: list[int]) -> None:
    framed = b"".join(encode(reply.words()) for reply in replies)
    assert decoded(cut(framed, at)) == replies
    assert decoded([framed[i : i + 1] for i in range(len(framed))]) == replies


@given(st.lists(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=6), max_size=6), st.data())
def test_the_fast_decoder_agrees_with_the_plain_reader(sentences: list[list[bytes]], data: st.DataObject) -> None:
    """Any words at all, invalid text included: the plain reader is the oracle."""
    words = [[b"!re", *rest[1:]] for rest in sentences]
    framed = b"".join(b"".join(_framed(word) for word in sentence) + b"\0" for sentence in words)
    pieces = cut(framed, data.draw(st.lists(st.integers(0, 10**6), max_size=8)))
    reader = WordReader()
    plain = [parse_reply(_text(word) for word in sentence) for piece in pieces for sentence in reader.feed(piece)]
    assert decoded(pieces) == plain


def _framed(word: bytes) -> bytes:
    return encode([word.decode("latin-1")], "latin-1")[:-1]


def _text(word: bytes) -> str:
    """Attribute values as the decoder repairs them; keys and other words are compared as latin-1."""
    text = word.decode("latin-1")
    if not text.startswith("="):
        return text
    name, equals, value = text[1:].partition("=")
    raw = value.encode("latin-1")
    try:
        repaired = raw.decode("utf-8")
    except UnicodeDecodeError:
        repaired = raw.decode("utf-8", "surrogateescape")
    return f"={name}{equals}{repaired}"


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=5))
def test_garbage_gives_sentences_or_one_clear_error(garbage: bytes, at: list[int]) -> None:
    decoder = Decoder()
    with contextlib.suppress(ProtocolError):
        for piece in cut(garbage, at):
            decoder.feed(piece)
            assert decoder.held_bytes <= len(garbage)


@pytest.mark.parametrize(
    "banner", [b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"220 ftp"]
)
def test_another_protocols_first_bytes_are_told_at_once(banner: bytes) -> None:
    with pytest.raises(ProtocolError, match="begins with !"):
        Decoder().feed(banner)


def test_a_reserved_control_byte_ends_the_session() -> None:
    with pytest.raises(ProtocolError, match="control byte 0xf8"):
        Decoder().feed(encode(Done().words()) + b"\xf8")


def test_a_huge_length_is_refused_before_it_is_held() -> None:
    with pytest.raises(ProtocolError, match="bytes"):
        Decoder().feed(b"\xf0\x7f\xff\xff\xff!")


def test_an_endless_sentence_is_refused_at_the_bound() -> None:
    decoder = Decoder()
    word = encode(["=a=" + "x" * 1_000_000])[:-1]
    decoder.feed(encode(["!re"])[:-1])
    while decoder.held_bytes + len(word) <= MAX_SENTENCE_BYTES:
        decoder.feed(word)
    with pytest.raises(ProtocolError, match="sentence of more than"):
        decoder.feed(word)
    assert decoder.held_bytes <= MAX_SENTENCE_BYTES + 2 * len(word)


@pytest.mark.parametrize("length", [0x7F, 0x80, 0x3FFF, 0x4000, 0x1FFFFF, 0x200000])
def test_lengths_are_read_at_every_boundary(length: int) -> None:
    value = "x" * (length - 3)
    framed = encode(["!re", f"=a={value}"])
    assert read_length(framed, 4)[0] == length
    assert Decoder().feed(framed) == [("!re", "", {"a": value})]


@pytest.mark.parametrize(("encoding", "raw"), [("cp1251", "Иванов".encode("cp1251")), ("cp1250", b"\x9aikola")])
def test_text_in_an_old_code_page_is_read_and_written_back_as_the_same_bytes(encoding: str, raw: bytes) -> None:
    framed = encode(["!re", "=comment=" + raw.decode("latin-1")], "latin-1")
    [(_, _, row)] = Decoder(encoding).feed(framed)
    assert row["comment"] == raw.decode(encoding)
    assert encode([row["comment"]], encoding)[1:-1] == raw


def test_bytes_that_are_no_text_come_back_as_the_same_bytes() -> None:
    raw = bytes(range(0x80, 0x100))
    [(_, _, row)] = Decoder().feed(encode(["!re", "=comment=" + raw.decode("latin-1")], "latin-1"))
    assert encode([row["comment"]])[2:-1] == raw


def test_a_word_without_a_second_equals_sign_is_an_empty_value() -> None:
    words = ["!re", "=name=a", "=flag", "=x=1"]
    assert Decoder().feed(encode(words) * 2) == [("!re", "", {"name": "a", "flag": "", "x": "1"})] * 2


def test_the_tag_may_stand_anywhere() -> None:
    assert Decoder().feed(encode(["!re", "=a=1", ".tag=9", "=b=2"])) == [("!re", "9", {"a": "1", "b": "2"})]


def test_the_decoder_reads_what_librouteros_writes_and_the_other_way_round() -> None:
    class Wire:
        """librouteros' transport, over a buffer."""

        def __init__(self) -> None:
            self.data = b""

        def write(self, data: bytes) -> None:
            self.data += data

        def read(self, size: int) -> bytes:
            taken, self.data = self.data[:size], self.data[size:]
            return taken

        def close(self) -> None:
            pass

    wire = Wire()
    protocol = ApiProtocol(wire, "utf-8")
    protocol.writeSentence("!re", "=name=ana", "=comment=a=b")
    expected: list[RawReply] = [("!re", "", {"name": "ana", "comment": "a=b"})]
    assert Decoder().feed(wire.data) == expected
    wire.data = encode(Reply({"name": "ana"}).words())
    assert protocol.readSentence() == ("!re", ("=name=ana",))


@pytest.mark.parametrize("encoding", ["utf-8", "cp1250", "cp1251", "cp1252", "latin-1", "shift_jis", "gbk"])
@given(raw=st.binary(min_size=1, max_size=40))
def test_a_text_is_written_back_as_the_bytes_it_was_in_every_encoding(encoding: str, raw: bytes) -> None:
    """UTF-8 where it is UTF-8, else the router's own; and never another byte than there was."""
    word = b"=comment=" + raw
    sent = b"".join(bytes([len(part)]) + part for part in (b"!re", b".tag=1", word)) + b"\0"
    [(_, _, attributes)] = Decoder(encoding).feed(sent)
    command = Command("/ppp/secret/set", {"comment": attributes["comment"]})
    assert encode(command.words(), encoding) == b"\x0f/ppp/secret/set" + bytes([len(word)]) + word + b"\0"


def test_cyrillic_is_read_in_either_encoding_on_one_router() -> None:
    decoder = Decoder("cp1251")
    for raw in ("Привет".encode("cp1251"), "Привет".encode()):
        word = b"=comment=" + raw
        [(_, _, attributes)] = decoder.feed(b"\x03!re" + bytes([len(word)]) + word + b"\0")
        assert attributes["comment"] == "Привет"


def test_a_long_word_is_looked_at_when_it_is_there_and_not_at_every_piece() -> None:
    decoder = Decoder()
    text = "x" * 4_000_000
    framed = encode(("!re", ".tag=1", f"=source={text}", "=name=script"))
    decoded: list[int] = []
    original = Decoder._sentence

    def counting(self: Decoder, buffer: bytes, said: str, at: int) -> tuple[RawReply, int]:
        decoded.append(len(said))
        return original(self, buffer, said, at)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Decoder, "_sentence", counting)
        replies = [reply for at in range(0, len(framed), 16_384) for reply in decoder.feed(framed[at : at + 16_384])]
    assert replies == [("!re", "1", {"source": text, "name": "script"})]
    assert len(decoded) <= 3
    assert decoder.held_bytes == 0
