"""Conditions on rows, as query words. ``And``, ``Or`` and ``Key`` read like librouteros' and give tuples.

A tuple can be sent twice. A generator read a second time would send no query at all, which asks for every row: so
every condition becomes a tuple of words once, at the call.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from mktui.core.protocol.framing import with_prefix
from mktui.core.protocol.schema import is_flag

if TYPE_CHECKING:
    from collections.abc import Iterable

    Where: TypeAlias = Iterable[str] | str | None
    """Query words: a tuple from ``Key``, a librouteros generator, or one word."""

Words: TypeAlias = tuple[str, ...]

_SPELLINGS = {"yes": ("yes", "true"), "true": ("yes", "true"), "no": ("no", "false"), "false": ("no", "false")}
"""RouterOS prints flags both ways, sometimes in one row: a question about a flag asks for both."""


class Key:
    """An attribute's name in a condition: ``Key("profile") == "gold"``, ``Key("disabled") == True``."""

    __hash__ = None  # type: ignore[assignment]  # == makes a condition, so a Key cannot be looked up

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> Words:  # type: ignore[override]  # a condition, as in librouteros
        return (
            _either(self.name, ("yes", "true") if other else ("no", "false"))
            if isinstance(other, bool)
            else (with_prefix(f"?={self.name}=", other if isinstance(other, str) else str(other)),)
        )

    def __ne__(self, other: object) -> Words:  # type: ignore[override]  # a condition, as in librouteros
        return (*(self == other), "?#!")

    def __lt__(self, other: object) -> Words:
        return (f"?<{self.name}={other}",)

    def __gt__(self, other: object) -> Words:
        return (f"?>{self.name}={other}",)

    def In(self, *values: object) -> Words:  # noqa: N802 - librouteros' name
        """Equal to one of ``values``; of none, when there are none."""
        if not values:
            return (f"?{self.name}", f"?-{self.name}", "?#&")
        conditions = chain.from_iterable(self == value for value in values)
        return (*conditions, *("?#|",) * (len(values) - 1))

    def exists(self) -> Words:
        """Has the attribute."""
        return (f"?{self.name}",)

    def missing(self) -> Words:
        """Has it not."""
        return (f"?-{self.name}",)

    def __str__(self) -> str:
        return self.name


def And(left: Iterable[str], right: Iterable[str], *rest: Iterable[str]) -> Words:  # noqa: N802 - librouteros' name
    """All of the conditions."""
    return (*left, *right, *chain.from_iterable(rest), *("?#&",) * (1 + len(rest)))


def Or(left: Iterable[str], right: Iterable[str], *rest: Iterable[str]) -> Words:  # noqa: N802 - librouteros' name
    """One of the conditions at least."""
    return (*left, *right, *chain.from_iterable(rest), *("?#|",) * (1 + len(rest)))


def query_words(menu: str, where: Where) -> Words:
    """Read a condition, once. Questions about the menu's flags ask for both spellings."""
    if where is None:
        return ()
    words = (where,) if isinstance(where, str) else tuple(where)
    asked_twice = frozenset(words)
    return tuple(chain.from_iterable(_both_spellings(menu, word, asked_twice) for word in words))


def _both_spellings(menu: str, word: str, asked: frozenset[str]) -> Words:
    name, equals, value = word.removeprefix("?").removeprefix("=").partition("=")
    spellings = _SPELLINGS.get(value)
    if not equals or spellings is None or word.startswith(("?<", "?>", "?#", "?-")) or not is_flag(menu, name):
        return (word,)
    if all(f"?={name}={spelling}" in asked for spelling in spellings):
        return (word,)  # ours already ask for both
    return _either(name, spellings)


def _either(name: str, spellings: tuple[str, str]) -> Words:
    first, second = spellings
    return (f"?={name}={first}", f"?={name}={second}", "?#|")
