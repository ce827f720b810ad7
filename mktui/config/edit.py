"""Edits in the text of a configuration: what is not changed stays as it is, to the byte; comments and order with it.

A value is replaced where it stands, a new one gets a line after its table's last. Whatever was done is read back and
compared with what it should say: a text that is written in a way this cannot edit is given to tomlkit, and what even
that gets wrong is refused.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any, Final

from mktui.config.draft import Edit, applied, is_same, list_entry
from mktui.config.settings import Key, Raw, entry, names
from mktui.config.spans import Loc, leaves, line_end, line_start, span_of
from mktui.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_ENTRY: Final = re.compile(r"^\s*\[\[")


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return a configuration's text after edits.

    Raises:
        ConfigError: It is no TOML, or written in a way that cannot be edited.
    """
    for edit in edits:
        text = _edited(text, edit)
    return text


def _edited(text: str, edit: Edit) -> str:
    try:
        raw = tomllib.loads(text)
        wanted = applied(raw, [edit])
    except (tomllib.TOMLDecodeError, ValueError, AttributeError, TypeError) as error:
        raise ConfigError(f"cannot be edited: {error}", key=".".join(edit.key)) from None
    if is_same(wanted, raw):
        return text
    ways: tuple[Callable[[str, Raw, Edit], str | None], ...] = (_in_place, _by_tomlkit)
    for way in ways:
        result = way(text, raw, edit)
        if result is not None and _says(result, wanted):
            return result
    raise ConfigError(
        "is written in a way that cannot be edited", key=".".join(edit.key), remedy="change it in the file, by hand"
    )


def _says(text: str, wanted: Raw) -> bool:
    """Read back."""
    try:
        return is_same(tomllib.loads(text), wanted)
    except tomllib.TOMLDecodeError:
        return False


def _in_place(text: str, raw: Raw, edit: Edit) -> str | None:
    loc = _loc(raw, edit.key)
    if loc is None:
        return _new_entry(text, edit)
    found = list_entry(edit.key)
    if found is not None and edit.key == (*found[0], found[1]):
        return _without_entry(text, raw, loc)
    span = span_of(text, loc)
    if span is None:
        return None if edit.value is None else _new_line(text, raw, loc, edit)
    if edit.value is None:
        return text[: line_start(text, span[0])] + text[line_end(text, span[1]) :]
    return text[: span[0]] + _toml(edit.value) + text[span[1] :]


def _loc(raw: Raw, key: Key) -> Loc | None:
    """Return a key with numbers for names; None: the entry of a list that it names is not there."""
    found = list_entry(key)
    if found is None:
        return key
    path, name = found
    known = names(raw, path)
    return (*path, known.index(name), *key[len(path) + 1 :]) if name in known else None


def _new_line(text: str, raw: Raw, loc: Loc, edit: Edit) -> str | None:
    """Give a new setting a line after the last of its table; a table that is not there is made."""
    line = f"{loc[-1]} = {_toml(edit.value)}"
    table, rest = entry(raw, edit.key)
    base = loc[: len(loc) - len(rest)]
    for part in rest[:-1]:
        table = table.get(part, {})
    after = _after_last(text, table, loc[:-1])
    if after is not None:
        return _inserted(text, after, line)
    header = f"[{'.'.join(str(part) for part in loc[:-1] if isinstance(part, str))}]"
    if base:  # a table of one router stands with the router
        after = _after_last(text, entry(raw, edit.key)[0], base)
        return None if after is None else _inserted(text, after, f"\n{header}\n{line}")
    return _inserted(text, len(text), f"\n{header}\n{line}" if text.strip() else f"{header}\n{line}")


def _new_entry(text: str, edit: Edit) -> str | None:
    found = list_entry(edit.key)
    if found is None or edit.value is None:
        return None
    path, name = found
    inner = edit.key[len(path) + 1 :]
    lines = [f"[[{'.'.join(path)}]]", f"name = {_toml(name)}"]
    if len(inner) > 1:
        lines.append(f"[{'.'.join((*path, *inner[:-1]))}]")
    if inner != ("name",):
        lines.append(f"{inner[-1]} = {_toml(edit.value)}")
    blank = "\n" if text.strip() else ""
    return _inserted(text, len(text), blank + "\n".join(lines))


def _without_entry(text: str, raw: Raw, loc: Loc) -> str | None:
    rows: Any = raw
    for part in loc[:-1]:
        rows = rows[part]
    spans = [span for leaf in leaves(rows[loc[-1]], loc) if (span := span_of(text, leaf)) is not None]
    if not spans:
        return None
    start = line_start(text, min(span[0] for span in spans))
    while start and not _ENTRY.match(text[start : line_end(text, start)]):
        start = line_start(text, start - 1)
    return text[:start] + text[line_end(text, max(span[1] for span in spans)) :]


def _after_last(text: str, table: Raw, loc: Loc) -> int | None:
    """Return where the line after a table's last own value begins."""
    spans = [span_of(text, (*loc, key)) for key in table]
    ends = [span[1] for span in spans if span is not None]
    return line_end(text, max(ends)) if ends else None


def _inserted(text: str, at: int, lines: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    before = text[:at]
    if before and not before.endswith("\n"):
        before += newline
    return before + lines.replace("\n", newline) + newline + text[at:]


def _toml(value: Any) -> str:  # Any: TOML
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(each)}' for key, each in value.items())} }}"
    return str(_item(value).as_string())


def _item(value: Any) -> Any:  # Any: TOML, tomlkit's items
    import tomlkit

    if not isinstance(value, dict):
        return tomlkit.item(value)
    table = tomlkit.inline_table()
    table.update(value)
    return table


def _by_tomlkit(text: str, raw: Raw, edit: Edit) -> str | None:
    """Edit inline tables, dotted keys and empty tables, which have no lines of their own."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    document = tomlkit.parse(text)
    loc = _loc(raw, edit.key)
    if loc is None:
        return _appended(document, edit)
    parent: Any = document  # Any: tomlkit's containers have no common type
    try:
        for part in loc[:-1]:
            if isinstance(part, str) and part not in parent:
                parent[part] = tomlkit.inline_table() if _is_inline(parent) else tomlkit.table()
            parent = parent[part]
        if edit.value is None:
            del parent[loc[-1]]
        else:
            parent[loc[-1]] = _item(edit.value)
    except (TOMLKitError, KeyError, TypeError, ValueError):
        return None
    return str(document.as_string())


def _is_inline(container: object) -> bool:
    import tomlkit

    return isinstance(container, tomlkit.items.InlineTable)


def _appended(document: Any, edit: Edit) -> str | None:  # Any: as above
    """Add an entry to a list that is written as one value."""
    found = list_entry(edit.key)
    if found is None:
        return None
    fresh: Any = applied({}, [edit])
    rows: Any = document
    for part in found[0]:
        rows, fresh = rows.get(part), fresh[part]
        if rows is None:
            return None
    rows.append(_item(fresh[0]))
    return str(document.as_string())
