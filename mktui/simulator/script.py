r"""Configuration as a script: written as ``/export`` writes it, read as ``/import`` reads it. Pure.

Only what an export needs is understood: a menu's path, ``add``, ``set``, ``remove``, ``enable`` and ``disable`` with
rows named by id, by name or by ``[ find k=v ]``, comments, and lines that go on after a ``\``. Variables, loops and
functions of RouterOS's language are refused with its own words for what it does not know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:,*@!+/-]+")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "_": " ", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_LINE: Final = 80
_VERBS: Final = frozenset({"add", "set", "remove", "enable", "disable", "unset"})


class ScriptError(Exception):
    """A line that cannot be read; its words are RouterOS's."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One command. ``where`` is what a row must hold when it was named by ``[ find ]``; ``row`` its id or name."""

    line: int
    menu: str
    verb: str
    values: Mapping[str, str]
    row: str = ""
    where: Mapping[str, str] | None = None


def quote(value: str) -> str:
    r"""Return a value as a script writes it: plain, or in quotes with everything that is not ASCII as ``\XX``."""
    if _PLAIN.fullmatch(value):
        return value
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\", "$": "\\$", "?": "\\?"}
    parts = []
    for letter in value:
        if letter in named:
            parts.append(named[letter])
        elif " " <= letter <= "~":
            parts.append(letter)
        else:
            parts.append("".join(f"\\{byte:02X}" for byte in letter.encode("utf-8", "surrogateescape")))
    return '"' + "".join(parts) + '"'


def say(verb: str, row: str, values: Mapping[str, str], *, terse: bool) -> str:
    """Return one command; longer ones go on in lines of their own, indented, unless ``terse``."""
    words = [verb, *([row] if row else []), *(f"{name}={quote(value)}" for name, value in sorted(values.items()))]
    if terse:
        return " ".join(words)
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) + 3 > _LINE:
            lines[-1] += " \\"
            lines.append(f"    {word}")
        else:
            lines[-1] += f" {word}"
    return "\n".join(lines)


def parse(text: str) -> Iterator[Statement]:
    """Yield the commands of a script, in order.

    Raises:
        ScriptError: When the line that cannot be read is reached; what came before it has been given.
    """
    menu = ""
    for number, line in _whole_lines(text):
        words = list(_words(line, number))
        if not words:
            continue
        if words[0].startswith("/"):
            path, words = _path(words)
            menu = path
        if words:
            yield _statement(words, menu, number)


def _whole_lines(text: str) -> Iterator[tuple[int, str]]:
    held, begun = "", 0
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        begun = begun if held else number
        if line.endswith("\\") and not line.endswith("\\\\") and not line.lstrip().startswith("#"):
            held += line[:-1].lstrip() if held else line[:-1]
            continue
        whole = held + (line.lstrip() if held else line)
        held = ""
        if whole.strip() and not whole.lstrip().startswith("#"):
            yield begun, whole.strip()
    if held.strip():
        yield begun, held.strip()


def _words(line: str, number: int) -> Iterator[str]:
    """Split at blanks outside quotes; brackets are words of their own."""
    word, is_open, at = "", False, 0
    while at < len(line):
        letter = line[at]
        if letter == '"':
            text, at = _quoted(line, at + 1, number)
            word, is_open = word + text, True
            continue
        if letter in " \t[]":
            if word or is_open:
                yield word
            word, is_open = "", False
            if letter in "[]":
                yield letter
        elif letter in ";{}":
            raise ScriptError(f"syntax error (line {number} column {at + 1})")
        else:
            word += letter
        at += 1
    if word or is_open:
        yield word


def _quoted(line: str, at: int, number: int) -> tuple[str, int]:
    held = bytearray()
    while at < len(line):
        letter = line[at]
        if letter == '"':
            return held.decode("utf-8", "surrogateescape"), at + 1
        if letter == "\\":
            escaped = line[at + 1 : at + 3]
            if re.fullmatch("[0-9A-F]{2}", escaped):
                held.append(int(escaped, 16))
                at += 3
                continue
            held += _ESCAPES.get(escaped[:1], escaped[:1]).encode("utf-8", "surrogateescape")
            at += 2
            continue
        held += letter.encode("utf-8", "surrogateescape")
        at += 1
    raise ScriptError(f"expected closing quotes (line {number} column {len(line) + 1})")


def _path(words: list[str]) -> tuple[str, list[str]]:
    """Take the words of a path off: ``/ppp secret``, ``/ppp/secret``, ``/ppp secret add name=x``."""
    parts = [part for part in words[0].split("/") if part]
    rest = words[1:]
    while rest and "=" not in rest[0] and rest[0] not in _VERBS and rest[0] not in {"[", "]"}:
        parts += [part for part in rest.pop(0).split("/") if part]
    if parts and parts[-1] in _VERBS:
        rest.insert(0, parts.pop())
    return "/" + "/".join(parts), rest


def _statement(words: list[str], menu: str, line: int) -> Statement:
    verb, rest = words[0], words[1:]
    if verb not in _VERBS:
        raise ScriptError(f"bad command name {verb} (line {line} column 1)")
    where: dict[str, str] | None = None
    row = ""
    if rest[:1] == ["["]:
        if "]" not in rest or rest[1:2] != ["find"]:
            raise ScriptError(f"syntax error (line {line} column {len(verb) + 2})")
        end = rest.index("]")
        found = [word for word in rest[2:end] if word != "where"]
        where, rest = dict(_pair(word, line) for word in found), rest[end + 1 :]
    elif verb != "add" and rest and "=" not in rest[0]:
        row, rest = rest[0], rest[1:]
    return Statement(line, menu, verb, dict(_pair(word, line) for word in rest), row, where)


def _pair(word: str, line: int) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals:
        raise ScriptError(f"expected end of command (line {line} column 1)")
    return name, value
