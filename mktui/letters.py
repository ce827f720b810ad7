"""Texts of routers and customers where people read them: nothing in them moves a cursor, and none goes on for ever."""

from __future__ import annotations

from typing import Final

_NOT_IN_A_LINE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Kinds of letters: control letters, halves of letters, ends of lines and of paragraphs."""


def printable(text: str) -> str:
    """Return a text with what no terminal should be told made visible."""
    return "".join(letter if letter.isprintable() else "·" for letter in text)


def width(text: str) -> int:
    """Return how many cells of a terminal a printable text takes: a wide letter two, an accent on another none."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def check_line(text: str) -> str:
    """Return a text that is one line.

    Raises:
        ValueError: A letter in it moves a cursor instead of being seen; says which.
    """
    if text.isascii() and text.isprintable():
        return text
    import unicodedata  # noqa: PLC0415 - most texts need no tables

    hidden = next((letter for letter in text if unicodedata.category(letter) in _NOT_IN_A_LINE), None)
    if hidden is not None:
        raise ValueError(f"{hidden!a} cannot stand in it: one line, of letters that are seen")
    return text


def check_name(text: str) -> str:
    """Return a name that two people read alike.

    Raises:
        ValueError: It is not one line, or there are blanks around it.
    """
    check_line(text)
    if text != text.strip():
        raise ValueError(f"{text!r} has a blank before or behind it: leave it out")
    return text


def check_address(text: str) -> str:
    """Return a host name or an address.

    Raises:
        ValueError: A blank, or a letter that is not seen, stands in it: no resolver knows such a one.
    """
    if any(letter.isspace() or not letter.isprintable() for letter in text):
        raise ValueError(f"{text!r} has a blank, or a letter that is not seen, in it: leave it out")
    return text


def cut(text: str, most: int) -> str:
    """Return a printable text of at most so many cells, with a sign where it was cut."""
    if width(text) <= most:
        return text
    kept = 0
    for at, letter in enumerate(text):
        kept += _cells(letter)
        if kept > most - 1:
            return f"{text[:at]}…"
    return text


def _cells(letter: str) -> int:
    import unicodedata  # noqa: PLC0415 - as above

    if unicodedata.category(letter) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1
