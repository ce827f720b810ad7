"""The line of a key in a TOML text, for messages. Slow and exact: asked only when something is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_MARK: Final = "mktui-line-mark"


class LineFinder:
    """Answers for one text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def line_of(self, loc: tuple[str | int, ...]) -> int | None:
        """Return the line of a key, or of the nearest table around one that is missing; None when there is none.

        The key's value is replaced by a mark in a fresh parse, and the mark is looked for in what is written back:
        tomlkit writes everything else exactly as it was.
        """
        for depth in range(len(loc), 0, -1):
            line = self._marked(loc[:depth])
            if line is not None:
                return line
        return None

    def _marked(self, loc: tuple[str | int, ...]) -> int | None:
        import tomlkit

        document = tomlkit.parse(self._text)
        parent: Any = document  # Any: tomlkit's containers have no common type
        for part in loc[:-1]:
            parent = _child(parent, part)
        last = loc[-1]
        value = _child(parent, last)
        if value is None:
            return None
        above = 0
        while isinstance(value, Mapping) and not isinstance(value, tomlkit.items.InlineTable):
            if not value:
                return None
            parent, last = value, next(iter(value))  # a table's header stands above its first key
            value, above = value[last], 1
        if isinstance(value, tomlkit.items.AoT):
            return self._marked((*loc, 0))
        parent[last] = _MARK
        written = document.as_string()
        at = written.find(_MARK)
        return None if at < 0 else written.count("\n", 0, at) + 1 - above


def _child(parent: Any, part: str | int) -> Any:  # Any: as above
    try:
        return parent[part]
    except (KeyError, IndexError, TypeError):
        return None
