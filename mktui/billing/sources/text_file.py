"""Bytes of a file -> its text, or what the file is instead."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Final, NamedTuple

from mktui.errors import SourceUnreadable

if TYPE_CHECKING:
    from pathlib import Path

_EXCEL_REMEDY: Final = "save it as CSV"
_OTHERS: Final = (
    (b"\xd0\xcf\x11\xe0", "this is an old Excel workbook", _EXCEL_REMEDY),
    (b"%PDF", "this is a PDF", "export the table as CSV"),
    (b"\x89PNG", "this is an image", ""),
    (b"\xff\xd8\xff", "this is an image", ""),
    (b"GIF8", "this is an image", ""),
    (b"\x1f\x8b", "this is compressed (gzip)", "unpack it first"),
    (b"SQLite format 3\0", "this is an SQLite database", "name it as a source of kind sql"),
)
"""How other kinds of files begin."""
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
NOT_UTF8: Final = "it is not UTF-8: read as Windows-1252; look at letters with accents"


class Decoded(NamedTuple):
    """A file's text, how it was written, and what is to be said about how it was read."""

    text: str
    encoding: str
    notes: tuple[str, ...] = ()


def text_of_file(content: bytes) -> Decoded:
    """Return a file's text.

    A byte order mark decides; else it is UTF-8, else Windows-1252, with a note.

    Raises:
        SourceUnreadable: It is empty, or no text at all.
    """
    _refuse_others(content)
    if content.startswith(_UTF16):
        return Decoded(_decoded(content, "utf-16"), "UTF-16")
    if content.startswith(codecs.BOM_UTF8):
        return Decoded(_decoded(content, "utf-8-sig"), "UTF-8 with a mark")
    if b"\0" in content:
        raise SourceUnreadable("this is a binary file", remedy="a CSV is text: save it as CSV, in UTF-8")
    try:
        return Decoded(content.decode("utf-8"), "UTF-8")
    except UnicodeDecodeError as error:
        good = content[: error.start]
        if not good.isascii():  # hardly anything else reads as UTF-8 by chance, letter after letter
            problem = "the file is cut or damaged: it is UTF-8, but not here"
            raise SourceUnreadable(problem, line=good.count(b"\n") + 1, remedy="get the whole file again") from None
        return Decoded(_decoded(content, "cp1252"), "Windows-1252", (NOT_UTF8,))


def _refuse_others(content: bytes) -> None:
    if not content.strip(b"\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise SourceUnreadable("the file is empty")
    if content.startswith(b"PK\x03\x04"):
        if b"xl/" in content:
            raise SourceUnreadable("this is an Excel workbook", remedy=_EXCEL_REMEDY)
        raise SourceUnreadable("this is a ZIP archive", remedy="unpack it first; a spreadsheet: save it as CSV")
    for begin, problem, remedy in _OTHERS:
        if content.startswith(begin):
            raise SourceUnreadable(problem, remedy=remedy)


def _decoded(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SourceUnreadable(
            f"the file is damaged, or no text: its bytes are no {encoding}", line=line, remedy="save it as UTF-8"
        ) from None
    if "\0" in text:
        raise SourceUnreadable("this is a binary file", remedy="a CSV is text: save it as CSV, in UTF-8")
    return text


def content_of(file: Path) -> bytes:
    """Return a file's bytes. Blocks.

    Raises:
        SourceUnreadable: It cannot be read.
    """
    try:
        return file.expanduser().read_bytes()
    except (OSError, ValueError, RuntimeError) as error:
        told = error.strerror if isinstance(error, OSError) and error.strerror else "there is no such path"
        raise SourceUnreadable(told[:1].lower() + told[1:], source=str(file)) from None
