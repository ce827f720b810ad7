"""What can be said: a command one way; rows, ends, refusals and farewells the other way. Frozen, and symmetric.

Each sentence gives its words (``words()``) and can be read back from them (``Command.parse``, ``parse_reply``), so that
client and simulated router share one grammar. Attribute order is free; **query order matters**; ``.tag`` may stand
anywhere; unknown reply words are tolerated (MikroTik's API manual).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from mktui.core.protocol.framing import with_prefix
from mktui.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Row: TypeAlias = dict[str, str]
"""One ``!re``: attribute name -> text, exactly as the router said it."""

_TAG: Final = ".tag="


def _attribute_words(attributes: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(with_prefix(f"={name}=", value) for name, value in attributes.items())


def _tag_words(tag: str) -> tuple[str, ...]:
    return (f"{_TAG}{tag}",) if tag else ()


def split_attribute(word: str) -> tuple[str, str]:
    """Return ``=name=value`` as a pair. The value may be empty, missing, or contain ``=``."""
    name, _, value = word[1:].partition("=")
    return name, value


@dataclass(frozen=True, slots=True)
class Command:
    """One thing asked of a router: a path with its verb, attributes, and query words in their order.

    ``Command("/ppp/secret/print", {".proplist": "name"}, ("?=service=pppoe",))``

    Raises:
        ProtocolError: The path does not begin with ``/``, or a query word does not begin with ``?``.
    """

    path: str
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)  # may hold a password
    query: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.path.startswith("/") or self.path.endswith("/") or len(self.path) == 1:
            raise ProtocolError(f"a command is a path such as /system/identity/print, not {self.path!r}")
        for word in self.query:
            if not word.startswith("?"):
                raise ProtocolError(f"a query word begins with ?, not {word!r}")

    @property
    def menu(self) -> str:
        """The path without its verb: ``/ppp/secret``."""
        return self.path.rpartition("/")[0]

    @property
    def verb(self) -> str:
        """The last part of the path: ``print``."""
        return self.path.rpartition("/")[2]

    def words(self, tag: str = "") -> tuple[str, ...]:
        """Return the words as they are sent."""
        return (self.path, *_attribute_words(self.attributes), *self.query, *_tag_words(tag))

    @classmethod
    def parse(cls, words: Iterable[str]) -> tuple[Command, str]:
        """Read a command and its tag ("" without one) back from its words, as a router does.

        Raises:
            ProtocolError: The first word is no path, or a word is neither attribute, query nor tag.
        """
        path, *rest = words
        attributes: dict[str, str] = {}
        query: list[str] = []
        tag = ""
        for word in rest:
            if word.startswith("="):
                name, value = split_attribute(word)
                attributes[name] = value
            elif word.startswith("?"):
                query.append(word)
            elif word.startswith(_TAG):
                tag = word.removeprefix(_TAG)
            else:
                raise ProtocolError(f"neither attribute, query nor tag: {word!r}")
        return cls(path, attributes, tuple(query)), tag


@dataclass(frozen=True, slots=True)
class Reply:
    """``!re``: a row."""

    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)  # may hold a password
    tag: str = ""

    def words(self) -> tuple[str, ...]:
        """Return the words as they are sent."""
        return ("!re", *_tag_words(self.tag), *_attribute_words(self.attributes))


@dataclass(frozen=True, slots=True)
class Done:
    """``!done``: always the last sentence of an answer, also after traps. An ``add`` has ``ret``, the new row's id."""

    attributes: Mapping[str, str] = field(default_factory=dict)
    tag: str = ""

    def words(self) -> tuple[str, ...]:
        """Return the words as they are sent."""
        return ("!done", *_tag_words(self.tag), *_attribute_words(self.attributes))


@dataclass(frozen=True, slots=True)
class Trap:
    """``!trap``: the router says no. Several are possible; ``!done`` follows all the same."""

    message: str
    category: int | None = None
    tag: str = ""

    def words(self) -> tuple[str, ...]:
        """Return the words as they are sent."""
        category = () if self.category is None else (f"=category={self.category}",)
        return ("!trap", *_tag_words(self.tag), *category, f"=message={self.message}")

    @classmethod
    def of(cls, attributes: Mapping[str, str], tag: str = "") -> Trap:
        """Read a trap by its keys, never by their position; other attributes are possible and are passed over."""
        category = attributes.get("category", "")
        return cls(attributes.get("message", ""), int(category) if category.isdecimal() else None, tag)


@dataclass(frozen=True, slots=True)
class Empty:
    """``!empty``, RouterOS 7.18 and later: a print found no row. ``!done`` follows."""

    tag: str = ""

    def words(self) -> tuple[str, ...]:
        """Return the words as they are sent."""
        return ("!empty", *_tag_words(self.tag))


@dataclass(frozen=True, slots=True)
class Fatal:
    """``!fatal``: the router ends the session. The reason is a bare word; ``=message=`` is accepted too."""

    reason: str

    def words(self) -> tuple[str, ...]:
        """Return the words as they are sent."""
        return ("!fatal", self.reason) if self.reason else ("!fatal",)


@dataclass(frozen=True, slots=True)
class UnknownReply:
    """A reply word this version of mktui has not heard of. Tolerated."""

    word: str
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)
    tag: str = ""


AnyReply: TypeAlias = Reply | Done | Trap | Empty | Fatal | UnknownReply


def parse_reply(words: Iterable[str]) -> AnyReply:
    """Read one reply sentence from its words: the plain reader, and the oracle of the fast decoder.

    Raises:
        ProtocolError: The first word does not begin with ``!``.
    """
    word, *rest = words
    if not word.startswith("!"):
        raise ProtocolError(f"a reply begins with !, not {word[:20]!r}")
    tags = [item.removeprefix(_TAG) for item in rest if item.startswith(_TAG)]
    attributes = dict(split_attribute(item) for item in rest if item.startswith("="))
    bare = [item for item in rest if not item.startswith(("=", _TAG))]
    return build_reply(word, tags[-1] if tags else "", attributes, " ".join(bare))


def build_reply(word: str, tag: str, attributes: Mapping[str, str], bare: str = "") -> AnyReply:
    """Make the sentence that a reply word stands for."""
    match word:
        case "!re":
            return Reply(attributes, tag)
        case "!done":
            return Done(attributes, tag)
        case "!trap":
            return Trap.of(attributes, tag)
        case "!empty":
            return Empty(tag)
        case "!fatal":
            return Fatal(bare or attributes.get("message", ""))
        case _:
            return UnknownReply(word, attributes, tag)
