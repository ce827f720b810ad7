"""The query stack of ``print``: words in their order -> a question a row can be asked. Pure.

``?name`` has, ``?-name`` has not, ``?name=v`` and ``?=name=v`` equal, ``?<name=v``, ``?>name=v``, and ``?#`` with
operations: ``!`` not, ``&`` and, ``|`` or, ``.`` duplicate, a number copies from that place. What is left is and-ed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mktui.core.protocol.schema import is_flag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Test = Callable[[Mapping[str, str]], bool]

_OPERATION: Final = re.compile(r"\d+|[!&|.]")
_TRUE: Final = frozenset({"true", "yes"})
_FALSE: Final = frozenset({"false", "no"})


def compile_query(menu: str, words: Iterable[str]) -> Test:
    """Return the test that a row must pass.

    Raises:
        ValueError: The words are no query: an unknown operation, or an operation on too short a stack.
    """
    stack: list[Test] = []
    for word in words:
        if word.startswith("?#"):
            _operate(stack, word[2:])
        else:
            stack.append(_condition(menu, word[1:]))
    tests = tuple(stack)
    return lambda row: all(test(row) for test in tests)


def _operate(stack: list[Test], operations: str) -> None:
    if _OPERATION.sub("", operations):
        raise ValueError(f"unknown query operation {operations!r}")
    for operation in _OPERATION.findall(operations):
        try:
            _apply(stack, operation)
        except IndexError:
            raise ValueError(f"query operation {operation} on too short a stack") from None


def _apply(stack: list[Test], operation: str) -> None:
    if operation == "!":
        negated = stack.pop()
        stack.append(lambda row: not negated(row))
    elif operation == ".":
        stack.append(stack[-1])
    elif operation.isdecimal():
        stack.append(stack[int(operation)])
    else:
        right, left = stack.pop(), stack.pop()
        stack.append(_both(left, right) if operation == "&" else _one(left, right))


def _both(left: Test, right: Test) -> Test:
    return lambda row: left(row) and right(row)


def _one(left: Test, right: Test) -> Test:
    return lambda row: left(row) or right(row)


def _condition(menu: str, text: str) -> Test:
    if text.startswith("-"):
        absent = text[1:]
        return lambda row: absent not in row
    if text.startswith(("<", ">")):
        return _compare(text)
    name, equals, value = text.removeprefix("=").partition("=")
    if not equals:
        return lambda row: name in row
    if is_flag(menu, name) and value in _TRUE | _FALSE:
        accepted = _TRUE if value in _TRUE else _FALSE
        return lambda row: row.get(name) in accepted
    return lambda row: row.get(name) == value


def _compare(text: str) -> Test:
    name, _, limit = text[1:].partition("=")
    less = text[0] == "<"

    def test(row: Mapping[str, str]) -> bool:
        value = row.get(name)
        if value is None:
            return False
        if value.isdecimal() and limit.isdecimal():
            return int(value) < int(limit) if less else int(value) > int(limit)
        return value < limit if less else value > limit

    return test
