"""Texts of routers and customers where people read them: nothing in them moves a cursor, and none goes on for ever."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """Return a text with what no terminal should be told made visible."""
    return "".join(letter if letter.isprintable() else "·" for letter in text)


def width(text: str) -> int:
    """Return how many cells of a terminal a printable text takes: a wide letter two, an accent on another none."""
    return len(text) if text.isascii() else sum(map(_cells, text))


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
    if unicodedata.category(letter) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1
