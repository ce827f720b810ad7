"""A menu's rows: ids that are never used twice, names that are found fast, and bytes that are made once.

Plain state without I/O. What may be written is decided in ``verbs``; here it is only kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mktui.core.protocol.framing import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mktui.core.protocol.sentences import Row

_ID: Final = re.compile(r"\*[0-9A-Fa-f]+")
_FIRST_DYNAMIC_ID: Final = 0xF00000
"""Interfaces that the router makes for a session are numbered from here (recorded rows)."""
_KEPT_FORMS: Final = 8
"""Column choices for which a row's encoded form is kept: who asks for another each time must not fill the memory."""


class TableRow:
    """One row. Its encoded form is kept per column choice until it changes."""

    __slots__ = ("_encoded", "born", "kept", "values")

    def __init__(self, values: Row) -> None:
        self.values = values
        self.born: Row | None = None
        """What it held when it left the factory; None: somebody added it."""
        self.kept = ""
        """What the row stands for and is not printed: a file's contents."""
        self._encoded: dict[tuple[str, ...], bytes] = {}

    @property
    def row_id(self) -> str:
        """``*`` and upper-case hex; "" in a menu that is one row."""
        return self.values.get(".id", "")

    @property
    def is_fixed(self) -> bool:
        """Made by the router: not for users to change."""
        return self.values.get("dynamic") == "true"

    def change(self, values: Row, unset: Iterable[str] = ()) -> None:
        """Write values, and take attributes away."""
        self.values.update(values)
        for name in unset:
            self.values.pop(name, None)
        self._encoded.clear()

    def copy(self) -> TableRow:
        """Return another row that holds the same."""
        copied = TableRow(dict(self.values))
        copied.kept, copied.born = self.kept, self.born
        return copied

    def encoded(self, columns: tuple[str, ...], hidden: frozenset[str]) -> bytes:
        """Return the row's attribute words without a sentence's head and end; ``columns`` empty: all of them."""
        key = (*columns, "", *sorted(hidden)) if hidden else columns
        known = self._encoded.get(key)
        if known is None:
            values = self.values
            names = [name for name in columns if name in values] if columns else list(values)
            words = [f"={name}={values[name]}" for name in names if name not in hidden]
            if len(self._encoded) >= _KEPT_FORMS:
                self._encoded.clear()
            known = self._encoded[key] = encode(words)[:-1] if words else b""
        return known


class Table:
    """The rows of one menu, in order."""

    def __init__(self, path: str, *, first_id: int = 1, key: str = "name") -> None:
        self.path = path
        self.key = key
        self.rows: dict[str, TableRow] = {}
        self.refresh: Callable[[float], None] | None = None
        """Brings rows that change with time up to date before they are read."""
        self._next_id = first_id
        self._next_dynamic_id = _FIRST_DYNAMIC_ID if path == "/interface" else None
        self._listeners: list[Callable[[Row], None]] = []
        self._by_key: dict[str, list[TableRow]] = {}

    def __iter__(self) -> Iterator[TableRow]:
        return iter(self.rows.values())

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, values: Row) -> TableRow:
        """Append a row under a new id."""
        row = TableRow({".id": self._take_id(values), **values})
        self.rows[row.row_id] = row
        self._by_key.setdefault(values.get(self.key, ""), []).append(row)
        self._tell(dict(row.values))
        return row

    def change(self, row: TableRow, values: Row, unset: Iterable[str] = ()) -> None:
        """Change a row and tell who listens."""
        before = row.values.get(self.key, "")
        row.change(values, unset)
        after = row.values.get(self.key, "")
        if before != after:
            self._unlist(row, before)
            self._by_key.setdefault(after, []).append(row)
        self._tell(dict(row.values))

    def remove(self, row: TableRow) -> None:
        """Take a row away; its id is never given again."""
        del self.rows[row.row_id]
        self._unlist(row, row.values.get(self.key, ""))
        self._tell({".id": row.row_id, ".dead": "yes"})

    def discard(self, row: TableRow) -> None:
        """Take a row away if it is still there."""
        if self.rows.get(row.row_id) is row:
            self.remove(row)

    def restore(self, rows: Iterable[TableRow]) -> None:
        """Hold exactly these rows, with the ids that they came with, if any: the one row of a menu has none."""
        self.rows = {}
        self._by_key.clear()
        for index, row in enumerate(rows):
            self.rows[row.row_id or (f"row {index}" if index else "")] = row
            self._by_key.setdefault(row.values.get(self.key, ""), []).append(row)
            if row.row_id:
                self._give_no_more(int(row.row_id[1:], 16))

    def _give_no_more(self, number: int) -> None:
        """Let no new row have the id of one that was brought along."""
        if self._next_dynamic_id is not None and number >= _FIRST_DYNAMIC_ID:
            self._next_dynamic_id = max(self._next_dynamic_id, number + 1)
        else:
            self._next_id = max(self._next_id, number + 1)

    def renumber(self) -> None:
        """Give every row another id, in the same order."""
        if "" in self.rows:
            return
        first = self._next_id
        for index, row in enumerate(rows := list(self)):
            row.change({".id": f"*{first + index:X}"})
        self.restore(rows)

    def move(self, row: TableRow, before: TableRow | None) -> None:
        """Put a row in front of another, or last."""
        order = [other for other in self if other is not row]
        at = order.index(before) if before is not None else len(order)
        order.insert(at, row)
        self.rows = {other.row_id: other for other in order}

    def named(self, name: str) -> list[TableRow]:
        """Return the rows of a name; hotspot users may share one across servers."""
        return self._by_key.get(name, [])

    def find(self, text: str) -> TableRow | None:
        """Return a row by its id or its name."""
        if _ID.fullmatch(text):
            return self.rows.get(f"*{text[1:].lstrip('0').upper() or '0'}")
        named = self.named(text)
        return named[0] if named else None

    def listen(self, hear: Callable[[Row], None]) -> Callable[[], None]:
        """Hear each change as a row; returns how to stop."""
        self._listeners.append(hear)
        return lambda: self._listeners.remove(hear)

    def _take_id(self, values: Row) -> str:
        if self._next_dynamic_id is not None and values.get("dynamic") == "true":
            self._next_dynamic_id += 1
            return f"*{self._next_dynamic_id - 1:X}"
        self._next_id += 1
        return f"*{self._next_id - 1:X}"

    def _unlist(self, row: TableRow, key: str) -> None:
        named = self._by_key[key]
        named.remove(row)
        if not named:
            del self._by_key[key]

    def _tell(self, row: Row) -> None:
        for hear in list(self._listeners):
            hear(row)
