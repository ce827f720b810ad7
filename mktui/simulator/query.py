"""The query stack of ``print``: words in their order -> a question a row can be asked. Pure.

``?name`` has, ``?-name`` has not, ``?name=v`` and ``?=name=v`` equal, ``?<name=v``, ``?>name=v``, and ``?#`` with
operations: ``!`` not, ``&`` and, ``|`` or, ``.`` copies the top. A number is a place counted from the top, which is 0:
its value is copied onto the top, or, at the end of the word, takes the place of all. Below everything lies ``true``
without end, so no operation finds too little; what is left is and-ed (MikroTik's API manual).
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from mktui.core.protocol.values import parse_duration
from mktui.simulator import by_hand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Test = Callable[[Mapping[str, str]], bool]

_OPERATION: Final = re.compile(r"[0-9]+|[!&|.]")
_DEEPEST: Final = 9
"""Digits of an index at most: a longer one points below everything."""
_TRUE: Final = frozenset({"true", "yes"})
_FALSE: Final = frozenset({"false", "no"})
_SPANS: Final = frozenset({"uptime", "idle-time", "session-time-left", "expires-in"})
"""Read-only attributes that are durations; those that can be set are known from the schema."""


def compile_query(menu: str, words: Iterable[str]) -> Test:
    """Return the test that a row must pass.

    Raises:
        ValueError: The words are no query: an unknown operation.
    """
    stack = _Stack()
    for word in words:
        if word.startswith("?#"):
            _operate(stack, word[2:])
        else:
            stack.push(_condition(menu, word[1:]))
    tests = (stack.below, *stack.tests)
    return lambda row: all(test(row) for test in tests)


class _Stack:
    """Tests, the last on top; ``below`` is what lies under them, without end."""

    def __init__(self) -> None:
        self.tests: list[Test] = []
        self.below: Test = _always

    def push(self, test: Test) -> None:
        self.tests.append(test)

    def pop(self) -> Test:
        return self.tests.pop() if self.tests else self.below

    def at(self, index: str) -> Test:
        place = int(index[: _DEEPEST + 1])
        return self.tests[-1 - place] if place < len(self.tests) else self.below

    def fill(self, test: Test) -> None:
        self.tests, self.below = [], test


def _operate(stack: _Stack, operations: str) -> None:
    if _OPERATION.sub("", operations):
        raise ValueError(f"unknown query operation {operations!r}")
    before = ""
    for match in _OPERATION.finditer(operations):
        operation = match.group()
        if operation.isdecimal() and match.end() == len(operations):
            stack.fill(stack.at(operation))
        elif operation.isdecimal():
            stack.push(stack.at(operation))
        elif operation != "." or not before.isdecimal():
            _apply(stack, operation)
        before = operation


def _apply(stack: _Stack, operation: str) -> None:
    if operation == "!":
        negated = stack.pop()
        stack.push(lambda row: not negated(row))
    elif operation == ".":
        stack.push(stack.at("0"))
    else:
        right, left = stack.pop(), stack.pop()
        stack.push(_both(left, right) if operation == "&" else _one(left, right))


def _always(_row: Mapping[str, str]) -> bool:
    return True


def _both(left: Test, right: Test) -> Test:
    return lambda row: left(row) and right(row)


def _one(left: Test, right: Test) -> Test:
    return lambda row: left(row) or right(row)


def _condition(menu: str, text: str) -> Test:
    if text.startswith("-"):
        absent = text[1:]
        return lambda row: absent not in row
    if text.startswith(("<", ">")):
        return _compare(menu, text)
    name, equals, value = text.removeprefix("=").partition("=")
    if not equals:
        return lambda row: name in row
    if by_hand.is_flag(menu, name) and value in _TRUE | _FALSE:
        accepted = _TRUE if value in _TRUE else _FALSE
        return lambda row: row.get(name) in accepted
    return lambda row: row.get(name) == value


def _compare(menu: str, text: str) -> Test:
    name, _, limit = text[1:].partition("=")
    less, is_span = text[0] == "<", _is_span(menu, name)

    def test(row: Mapping[str, str]) -> bool:
        value = row.get(name)
        if value is None:
            return False
        low, high = (value, limit) if less else (limit, value)
        return _is_less(low, high, is_span=is_span)

    return test


def _is_span(menu: str, name: str) -> bool:
    facts = by_hand.menu(menu)
    return name in _SPANS or (facts is not None and facts.values.get(name) == "time interval")


def _is_less(low: str, high: str, *, is_span: bool) -> bool:
    """Compare numbers as numbers, however long, durations as durations, and everything else as text."""
    if is_span:
        with suppress(ValueError, OverflowError):
            return parse_duration(low) < parse_duration(high)
    if low.isdecimal() and high.isdecimal():
        return _size(low) < _size(high)
    return low < high


def _size(digits: str) -> tuple[int, str]:
    significant = digits.lstrip("0")
    return len(significant), significant
