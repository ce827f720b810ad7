"""Where a value stands in a TOML text, to the character: what is around it can then be left exactly as it is.

The value is replaced by a mark in a fresh parse, and the mark is looked for in what is written back: tomlkit writes
everything else exactly as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

Loc = tuple[str | int, ...]
Span = tuple[int, int]
_MARK: Final = "mktui-span-mark"


def span_of(text: str, loc: Loc) -> Span | None:
    """Return where a value begins and ends; None: there is none, or it is a table."""
    import tomlkit

    document = tomlkit.parse(text)
    parent: Any = document  # Any: tomlkit's containers have no common type
    for part in loc[:-1]:
        parent = _child(parent, part)
    value = _child(parent, loc[-1])
    is_table = isinstance(value, Mapping) and not isinstance(value, tomlkit.items.InlineTable)
    if value is None or is_table or isinstance(value, tomlkit.items.AoT):
        return None
    parent[loc[-1]] = _MARK
    before, found, after = document.as_string().partition(f'"{_MARK}"')
    if not found or not (text.startswith(before) and text.endswith(after)):
        return None
    return len(before), len(text) - len(after)


def leaves(value: object, loc: Loc = ()) -> Iterator[Loc]:
    """Return the places of all values that are no tables, in their order."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, (*loc, key))
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*loc, index))
    else:
        yield loc


def line_start(text: str, position: int) -> int:
    """Return where the line of a position begins."""
    return text.rfind("\n", 0, position) + 1


def line_end(text: str, position: int) -> int:
    """Return where the next line begins, or the end."""
    at = text.find("\n", position)
    return len(text) if at < 0 else at + 1


def _child(parent: Any, part: str | int) -> Any:  # Any: as above
    try:
        return parent[part]
    except (KeyError, IndexError, TypeError):
        return None
