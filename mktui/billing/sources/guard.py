"""Cells that a spreadsheet would calculate, and how they are kept from it.

A text that begins with ``=``, ``+``, ``-``, ``@`` or a tab would be a formula, one that begins with ``#`` our own
comment: such a text is written with an apostrophe before it, as a spreadsheet's user would. A text that begins with an
apostrophe gets a second one; a lone apostrophe is the empty text where empty would mean the default. Apostrophes are
taken away again only in files whose footer says that they were put there: in anybody else's file they are data.
"""

from __future__ import annotations

from typing import Final

_RISKY: Final = tuple("=+-@#'\t\r\n")
_PROMISE: Final = "(a ' before = + - @ # is no part of the text)"


def footer(rows: int) -> str:
    """Return the last line of a file of ours: how many rows it has, and that cells are guarded."""
    return f"# rows: {rows} {_PROMISE}"


def is_promised(comment: str) -> bool:
    """Say whether a comment line is a footer of ours."""
    return _PROMISE in comment


def guarded(text: str) -> str:
    """Return a text as it is written."""
    return f"'{text}" if text.startswith(_RISKY) else text


def unguarded(text: str) -> str:
    """Return a text as it was before it was written."""
    return text[1:] if text == "'" or (text[:1] == "'" and text[1:].startswith(_RISKY)) else text
