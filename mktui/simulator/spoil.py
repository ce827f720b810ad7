"""Answers as no router should give them. Pure: good sentences in, bad bytes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui.core.protocol.framing import encode
from mktui.core.protocol.sentences import Done, Reply
from mktui.simulator.faults import ReplyFault

if TYPE_CHECKING:
    from collections.abc import Callable

_FOREIGN: Final = {"name": "foreign", ".id": "*BAD"}
_NO_TEXT: Final = {"note": "\udcff\udcfe"}


def spoil(fault: ReplyFault, rows: bytes, done: Done) -> bytes:
    """Return the bytes of one spoilt answer, given its rows' bytes and its ``!done``."""
    return _SPOILT[fault](rows, done)


def _end(done: Done) -> bytes:
    return encode(done.words())


def _foreign(tag: str) -> bytes:
    return encode(Reply(_FOREIGN, tag).words()) + encode(Done({"ret": "*BAD"}, tag).words())


def _early(done: Done) -> bytes:
    return b"".join(_foreign(str(int(done.tag) + step)) for step in range(50, 53)) if done.tag.isdecimal() else b""


def _traps(done: Done) -> bytes:
    words = (f".tag={done.tag}", "=category=4", "=surprise=1", "=message=spoilt")
    return encode(("!trap", *words)) + encode(("!trap", *reversed(words)))


def _tagged(done: Done, word: str, *words: str) -> bytes:
    return encode((word, f".tag={done.tag}", *words))


_SPOILT: Final[dict[ReplyFault, Callable[[bytes, Done], bytes]]] = {
    ReplyFault.DONE_TWICE: lambda rows, done: rows + _end(done) + _end(done),
    ReplyFault.DONE_MISSING: lambda rows, _done: rows,
    ReplyFault.DONE_UNTAGGED: lambda rows, done: rows + _end(Done(done.attributes)),
    ReplyFault.UNKNOWN_TAG: lambda rows, done: _foreign("999999") + rows + _end(done),
    ReplyFault.UNKNOWN_WORD: lambda rows, done: _tagged(done, "!surprise", "=name=foreign") + rows + _end(done),
    ReplyFault.EARLY: lambda rows, done: _early(done) + rows + _end(done),
    ReplyFault.FATAL: lambda _rows, _done: encode(("!fatal", "the router is going down")),
    ReplyFault.CONTROL_BYTE: lambda rows, done: b"\xf8" + rows + _end(done),
    ReplyFault.HUGE_LENGTH: lambda rows, done: b"\xf0\xff\xff\xff\xff" + rows + _end(done),
    ReplyFault.INVALID_UTF8: lambda rows, done: rows + _end(Done({**done.attributes, **_NO_TEXT}, done.tag)),
    ReplyFault.SILENCE: lambda _rows, _done: b"",
    ReplyFault.TRAPS: lambda _rows, done: _traps(done) + _end(done),
}
