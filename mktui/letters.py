"""Texts of routers and customers where people read them: nothing in them moves a cursor, and none goes on for ever."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return a text with what no terminal should be told made visible."""
    return "".join(letter if letter.isprintable() else "·" for letter in text)


def cut(text: str, most: int) -> str:
    """Return a text of at most so many letters, with a sign where it was cut."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
