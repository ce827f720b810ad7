r"""A batch as text: one command a line, in three ways of writing. Pure: nothing is sent, nothing is asked.

::

    edge-1 /ppp/secret/add name=ana profile="gold 10"      as mktui run takes it
    /ppp secret set ana disabled=yes                       as a RouterOS terminal does
    /ppp secret set [find profile=old] profile=new         the rows that have this: they are read just before
    /ppp/secret print where service=pppoe and disabled=no
    {"router": "edge-1", "path": "/ip/pool/print", "attributes": {".proplist": "name"}, "query": ["?name=lan"]}

Blank lines, and lines that begin with ``#``, are nothing. Quotes open at the beginning of a word or behind its ``=``;
in double ones ``\"``, ``\\``, ``\n`` and ``\2F`` mean what they mean to RouterOS, in single ones everything is itself.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mktui.core.pool.effects import Effect, effect_of
from mktui.core.protocol import schema
from mktui.core.protocol.framing import unwritable
from mktui.core.protocol.sentences import Command
from mktui.errors import ProtocolError
from mktui.services.console import endless

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_NAMES_ROWS: Final = frozenset({"set", "unset", "remove", "enable", "disable", "comment", "move", "get"})
"""After these a bare word is the row: ``set ana disabled=yes``."""
_FINDS: Final = frozenset({"set", "unset", "remove", "enable", "disable", "comment"})
"""These may be done to whatever rows ``[find …]`` finds."""
_NOT_HERE: Final = {"/login": "mktui logs in", "/quit": "mktui leaves by itself", "/cancel": "nothing runs beside it"}
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "_": " "}
_EQUALS: Final = re.compile(r"[A-Za-z0-9_.-]+=.*", re.DOTALL)
_BYTES: Final = re.compile("[\udc80-\udcff]")
"""Bytes that are no text, as ``surrogateescape`` holds them."""
_KEYS: Final = frozenset({"router", "path", "attributes", "query"})


class _Bracket(str):
    """A ``[`` or ``]`` that stands outside of quotes."""

    __slots__ = ()


class LineError(Exception):
    """A line that cannot be carried out, in words."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line: ``number`` counts from 1. ``find``: what the rows must have that it is for; (): it names them."""

    number: int
    router: str
    command: Command
    find: tuple[str, ...] = ()

    @property
    def is_read(self) -> bool:
        """It changes nothing."""
        return effect_of(self.command) is Effect.READ


@dataclass(frozen=True, slots=True)
class Script:
    """What a file says. ``problems``: its lines that cannot be carried out; then nothing of it is to be."""

    steps: tuple[Step, ...]
    problems: tuple[tuple[int, str], ...]


def parse(lines: Iterable[str], routers: Collection[str], otherwise: str = "") -> Script:
    """Read a batch whole. ``routers``: those that are known; ``otherwise``: whose the lines are that name none.

    Bytes of a line that are no text are given as ``surrogateescape`` makes them, and make it wrong.
    """
    steps: list[Step] = []
    problems: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        text = line.strip().removeprefix("\ufeff")
        if _BYTES.search(text):
            problems.append((number, "it is not UTF-8 text"))
            continue
        if not text or text.startswith("#"):
            continue
        try:
            router, command, find = (*_object(text), ()) if text.startswith("{") else _plain(text)
            steps.append(Step(number, _known(router or otherwise, routers), _possible(command), find))
        except (LineError, ProtocolError) as error:
            problems.append((number, str(error)))
    return Script(tuple(steps), tuple(problems))


def unwritable_in(steps: Iterable[Step], encodings: Mapping[str, str]) -> list[tuple[int, str]]:
    r"""Return the lines with letters that their routers' encodings have not, each with these letters.

    A byte that a line says as such (``\E9``) is a letter in most encodings, and in UTF-8 none at all.
    """
    found = []
    for step in steps:
        encoding = encodings[step.router]
        words = (*step.command.words(), *step.find)
        raw = dict.fromkeys(_BYTES.findall("".join(words))) if codecs.lookup(encoding).name == "utf-8" else ()
        if letters := (*unwritable(words, encoding), *raw):
            said = ", ".join(map(repr, letters))
            found.append((step.number, f"{said} cannot be written in {step.router}'s encoding, {encoding}"))
    return found


def _known(router: str, routers: Collection[str]) -> str:
    known = ", ".join(routers)
    if not router:
        raise LineError(f"it names no router, and there are several: {known} (or say --router)")
    if router not in routers:
        raise LineError(f"no router is called {router!r} (there are: {known})")
    return router


def _possible(command: Command) -> Command:
    """Refuse what would end the session, or never end."""
    if command.path in _NOT_HERE:
        raise LineError(f"{command.path} has no place in a batch: {_NOT_HERE[command.path]}")
    if why := endless(command):
        raise LineError(why)
    return command


def _object(text: str) -> tuple[str, Command]:
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise LineError(f"no JSON: {error.msg} (column {error.colno})") from None
    except (RecursionError, ValueError):
        raise LineError("no JSON: too deep, or a number too long") from None
    if not isinstance(given, dict):
        raise LineError("an object was expected")
    if unknown := sorted(set(given) - _KEYS):
        raise LineError(f"{unknown[0]!r} is not known; there are {', '.join(sorted(_KEYS))}")
    router, path, query = given.get("router", ""), given.get("path"), given.get("query", [])
    if not isinstance(path, str) or not isinstance(router, str):
        raise LineError("path and router must be texts, and path must be given")
    if not isinstance(query, list) or not all(isinstance(word, str) for word in query):
        raise LineError("query must be a list of texts")
    return router, Command(path, _attributes(given.get("attributes", {})), tuple(query))


def _attributes(given: Any) -> dict[str, str]:  # Any: JSON
    if not isinstance(given, dict):
        raise LineError("attributes must be an object")
    said = {name: {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
            for name, value in given.items()}  # fmt: skip
    for name, value in said.items():
        if not isinstance(value, str | int):
            raise LineError(f"{name} must be text, a whole number or a flag")
    return {name: str(value) for name, value in said.items()}


def _plain(text: str) -> tuple[str, Command, tuple[str, ...]]:
    words = list(_words(text))
    router = "" if words[0].startswith("/") else words.pop(0)
    if not words or not words[0].startswith("/"):
        raise LineError("a path such as /ppp/secret/print was expected" + (f" after {router!r}" if router else ""))
    path, rest = _path(words)
    rest, find = _without_find(rest)
    command = _command(path, rest)
    if find:
        _check_find(command)
    return router, command, find


def _without_find(words: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """Take ``[find NAME=VALUE ...]`` out of a line."""
    begun = next((at for at, word in enumerate(words) if isinstance(word, _Bracket)), None)
    if begun is None:
        return words, ()
    ended = next((at for at, word in enumerate(words) if isinstance(word, _Bracket) and word == "]"), None)
    inside = words[begun + 1 : ended]
    if words[begun] != "[" or ended is None:
        raise LineError("a [ and its ] were expected")
    if inside[:1] != ["find"]:
        raise LineError("in [...] only find is known here: [find name=ana]")
    rest = words[:begun] + words[ended + 1 :]
    if any(isinstance(word, _Bracket) for word in rest) or any(isinstance(word, _Bracket) for word in inside):
        raise LineError("only one [find ...] is known here, and nothing inside of it")
    asked = [word for word in inside[1:] if word not in {"where", "and"}]
    if not asked:
        raise LineError("[find] without a condition is every row: say which, [find name=ana]")
    if unknown := [word for word in asked if not _EQUALS.fullmatch(word)]:
        raise LineError(f"in [find ...] only NAME=VALUE is known here, and all of them must fit: not {unknown[0]!r}")
    return rest, tuple(f"?{word}" for word in asked)


def _check_find(command: Command) -> None:
    """Refuse rows that are found where none can be named, or beside others that are."""
    if command.verb not in _FINDS:
        raise LineError(f"[find ...] is for {', '.join(sorted(_FINDS))}; a print has where NAME=VALUE")
    if not {"numbers", ".id"}.isdisjoint(command.attributes):
        raise LineError("it names a row, and has a [find ...] too: one of them")


def _path(words: list[str]) -> tuple[str, list[str]]:
    """Take the path off: to the menu that the schema knows and one word more, or as far as there are bare words."""
    bare = next((at for at, word in enumerate(words) if "=" in word or word.startswith(("?", "["))), len(words))
    parts = [part for word in words[:bare] for part in word.split("/") if part]
    given = [part for part in words[0].split("/") if part]
    for end in range(len(parts), 0, -1):
        if schema.menu("/" + "/".join(parts[:end])) is not None:
            if end == len(parts):
                raise LineError(f"/{'/'.join(parts)} is a menu: what is to be done there?")
            taken = max(end + 1, len(given))
            return "/" + "/".join(parts[:taken]), parts[taken:] + words[bare:]
    return "/" + "/".join(parts), words[bare:]


def _command(path: str, words: list[str]) -> Command:
    attributes: dict[str, str] = {}
    query: list[str] = []
    verb = path.rpartition("/")[2]
    if "where" in words:
        at = words.index("where")
        query += _where(words[at + 1 :])
        words = words[:at]
    for word in words:
        name, equals, value = word.removeprefix("=").partition("=")
        if word.startswith("?"):
            query.append(word)
        elif equals and name:
            attributes[name] = value
        elif not equals and verb in _NAMES_ROWS and "numbers" not in attributes:
            attributes["numbers"] = word
        elif not equals and verb == "print":
            attributes[word] = ""
        else:
            raise LineError(f"{word!r} is neither NAME=VALUE nor ?QUERY")
    return Command(path, attributes, tuple(query))


def _where(words: list[str]) -> Iterator[str]:
    for at, word in enumerate(words):
        if at % 2 and word == "and":
            continue
        if at % 2 or not _EQUALS.fullmatch(word):
            raise LineError(f"behind where there can be NAME=VALUE and NAME=VALUE, not {word!r} (?QUERY says all else)")
        yield f"?{word}"


def _words(text: str) -> Iterator[str]:
    """Split at blanks outside quotes; a ``[`` that begins a word, and the ``]`` behind it, are words by themselves."""
    at, word, is_open, is_inside = 0, "", False, False
    while at < len(text):
        letter = text[at]
        if letter == ("]" if is_inside else "[") and (is_inside or not (word or is_open)):
            if word or is_open:
                yield word
            yield _Bracket(letter)
            word, is_open, is_inside, at = "", False, not is_inside, at + 1
        elif letter in "\"'" and (not word or (word.endswith("=") and word.count("=") == 1)):
            quoted, at = _double(text, at + 1) if letter == '"' else _single(text, at + 1)
            word, is_open = word + quoted, True
        elif letter in " \t":
            if word or is_open:
                yield word
            word, is_open, at = "", False, at + 1
        else:
            word, at = word + letter, at + 1
    if word or is_open:
        yield word


def _single(text: str, at: int) -> tuple[str, int]:
    end = text.find("'", at)
    if end < 0:
        raise LineError(f"the quote in column {at} is not closed")
    return text[at:end], end + 1


def _double(text: str, begun: int) -> tuple[str, int]:
    held, at = bytearray(), begun
    while at < len(text):
        letter = text[at]
        if letter == '"':
            return held.decode("utf-8", "surrogateescape"), at + 1
        if letter == "\\":
            escaped = text[at + 1 : at + 3]
            is_hex = re.fullmatch("[0-9A-F]{2}", escaped) is not None
            held += bytes([int(escaped, 16)]) if is_hex else _ESCAPES.get(escaped[:1], escaped[:1]).encode()
            at += 3 if is_hex else 2
        else:
            held += letter.encode("utf-8", "surrogateescape")
            at += 1
    raise LineError(f"the quote in column {begun} is not closed")
