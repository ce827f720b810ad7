"""Is a query from the configuration one statement that only reads? A seat belt: whoever writes it owns the database.

The transaction it runs in is read-only too, and is rolled back.
"""

from __future__ import annotations

import re
from typing import Final

_TOKENS: Final = re.compile(
    r"""--(?=\s|$)[^\n]*       # MySQL wants a space here: without one, what follows is no comment there
      | /\*.*?\*/
      | '(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*`
      | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
      | \w+ | [^\w\s]""",
    re.DOTALL | re.VERBOSE,
)
_BEGIN: Final = frozenset({"select", "with"})
_WRITES: Final = frozenset({"insert", "update", "delete", "merge", "into", "lock"})
"""What a statement that begins as a reading one could still do: write inside WITH, into a file, hold rows."""


def check_query(query: str) -> None:
    """Refuse what is not one SELECT or WITH.

    Raises:
        ValueError: With words that say what is wrong.
    """
    if "/*!" in query:
        raise ValueError("a comment that MySQL executes (/*! */) is in it")
    if "\\'" in query or '\\"' in query:
        raise ValueError("a backslash stands before a quote, which databases read differently: write the quote twice")
    words = [
        token.lower() for token in (match[0] for match in _TOKENS.finditer(query)) if token[:2] not in {"--", "/*"}
    ]
    while words and words[-1] == ";":
        words.pop()
    if not words or words[0] not in _BEGIN:
        raise ValueError("it does not begin with SELECT or WITH: a source is only read")
    if ";" in words:
        raise ValueError("it is more than one statement")
    writing = sorted(_WRITES.intersection(words))
    if writing:
        raise ValueError(f"{writing[0].upper()} is in it: a source is only read; a column of that name goes in quotes")
