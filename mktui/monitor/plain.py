"""Frozen records as plain JSON and back: in a recording's lines, and between two programs of one installation.

A record is an object that names its class by ``$``. Only classes that are listed are ever made again, by their fields;
whatever else a text holds is refused.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


_AS_IT_IS: Final = frozenset({str, int, float, bool, type(None)})


class Forms:
    """The classes that may come back: dataclasses, and enumerations of words."""

    def __init__(self, records: Iterable[type], words: Iterable[type[enum.StrEnum]]) -> None:
        self._records = {kind.__name__: kind for kind in records}
        self._words = {kind.__name__: kind for kind in words}

    def plain(self, value: Any) -> Any:  # Any: a record, and JSON
        """Return a record as JSON."""
        if type(value) in _AS_IT_IS:  # most are, and there are many
            return value
        if is_dataclass(value):
            named = {field.name: self.plain(getattr(value, field.name)) for field in fields(value)}
            return {"$": type(value).__name__, **named}
        if isinstance(value, dt.datetime):
            return {"$": "datetime", "at": value.isoformat()}
        if isinstance(value, enum.StrEnum):
            return {"$": type(value).__name__, "is": value.value}
        return self._collected(value)

    def _collected(self, value: Any) -> Any:  # Any: a record, and JSON
        if isinstance(value, dict):
            return {"$": "dict", "items": [[self.plain(key), self.plain(each)] for key, each in value.items()]}
        if isinstance(value, frozenset):
            return {"$": "set", "items": [self.plain(each) for each in sorted(value)]}
        return [self.plain(each) for each in value] if isinstance(value, tuple | list) else value

    def record(self, value: Any) -> Any:  # Any: JSON, and a record
        """Return what a JSON value stands for.

        Raises:
            ValueError, TypeError, KeyError, AttributeError, RecursionError: It stands for nothing that is listed.
        """
        if isinstance(value, list):
            return tuple(self.record(each) for each in value)
        return self._record(value["$"], value) if isinstance(value, dict) else value

    def _record(self, kind: Any, value: dict[str, Any]) -> Any:  # Any: JSON, and a record
        if kind == "datetime":
            return dt.datetime.fromisoformat(value["at"])
        if kind == "dict":
            return {self.record(key): self.record(each) for key, each in value["items"]}
        if kind == "set":
            return frozenset(self.record(each) for each in value["items"])
        if kind in self._words:
            return self._words[kind](value["is"])
        return self.made(self._records[kind], {name: self.record(each) for name, each in value.items() if name != "$"})

    def made(self, kind: type, facts: dict[str, Any]) -> Any:  # Any: a record
        """Return a record of a listed class."""
        return kind(**facts)
