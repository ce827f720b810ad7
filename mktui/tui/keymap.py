"""An operator's own keys, from ``[keys]`` of the configuration: used as a whole or not at all. Pure.

It loads no terminal: ``mktui keys`` and ``mktui config check`` judge by it.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mktui.errors import ConfigError
from mktui.tui.actions import ACTIONS, Action, Place, by_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mktui.config.lines import LineFinder

_NAMED: Final = frozenset({
    "enter", "escape", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown", "left", "right",
    "up", "down", "tab", *(f"f{number}" for number in range(1, 25)),
})  # fmt: skip
_TAKEN: Final = {
    "tab": "goes from field to field", "ctrl+c": "is the terminal's", "ctrl+q": "ends the program",
    "ctrl+i": "is tab to a terminal", "ctrl+m": "is enter to a terminal", "ctrl+p": "opens the palette",
    "ctrl+backslash": "ends what hangs",
    "up": "moves the cursor", "down": "moves the cursor", "left": "moves the cursor", "right": "moves the cursor",
}  # fmt: skip
_RENAMED: Final = {
    "solidus": "slash", "reverse_solidus": "backslash", "commercial_at": "at", "hyphen_minus": "minus",
    "plus_sign": "plus", "low_line": "underscore",
}  # fmt: skip
"""Letters that Textual calls otherwise than Unicode does."""
_SHOWN: Final = {"escape": "esc", "enter": "⏎", "delete": "del", "space": "spc", "pageup": "pgup", "pagedown": "pgdn"}
_MODIFIERS: Final = ("ctrl", "shift", "alt")


@dataclass(frozen=True, slots=True)
class Keymap:
    """The actions with the keys that are used; ``problems``: why they are mktui's own after all."""

    actions: tuple[Action, ...] = ACTIONS
    problems: tuple[ConfigError, ...] = ()

    def action(self, action_id: str) -> Action:
        """Return an action as it is used here."""
        return next(action for action in self.actions if action.id == action_id)

    def key(self, action_id: str) -> str:
        """Return what is shown for an action's key."""
        return self.action(action_id).shown


def keymap_of(given: object, file: Path | None = None, lines: LineFinder | None = None) -> Keymap:
    """Return what a configuration's ``[keys]`` makes of the actions: action -> key, or a list of keys."""
    if not isinstance(given, Mapping):
        problem = 'must be a table: an action and its key, such as test = "T"'
        return Keymap(problems=(_error(("keys",), problem, "", file, lines),))
    chosen: dict[str, tuple[str, ...]] = {}
    problems = []
    for name, value in given.items():
        keys, problem, remedy = _read(str(name), value)
        if problem:
            problems.append(_error(("keys", str(name)), problem, remedy, file, lines))
        else:
            chosen[str(name)] = keys
    actions = tuple(_with(action, chosen.get(action.id)) for action in ACTIONS)
    if not problems:
        problems = [
            _error(("keys", first.id), problem, "give one of the two another key", file, lines)
            for first, problem in _clashes(actions, chosen)
        ]
    return Keymap(problems=tuple(problems)) if problems else Keymap(actions)


def _error(key: tuple[str, ...], problem: str, remedy: str, file: Path | None, lines: LineFinder | None) -> ConfigError:
    line = lines.line_of(key) if lines is not None else None
    return ConfigError(problem, file=file, key=".".join(key), line=line, remedy=remedy)


def _read(name: str, value: object) -> tuple[tuple[str, ...], str, str]:
    """Return an action's keys, or what is wrong with them and what would be right."""
    if name not in {action.id for action in ACTIONS}:
        near = difflib.get_close_matches(name, [action.id for action in ACTIONS], n=1)
        return (), "is no action", f"did you mean {near[0]}?" if near else "mktui keys lists them"
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        return (), "must be a key, or a list of keys", 'such as "T" or ["T", "f5"]'
    keys = tuple(dict.fromkeys(_canonical(text) for text in texts))
    for text, key in zip(texts, keys, strict=False):
        if not key:
            return (), f"{text!r} is no key", 'a letter, or such as "f5", "ctrl+r", "pageup"'
        if key in _TAKEN and key not in by_id(name).keys.split(","):
            return (), f"{text!r} cannot be given away: it {_TAKEN[key]}", "choose another key"
    return keys, "", ""


def _canonical(text: str) -> str:
    """Return a key as Textual calls it; "" for what is none."""
    *modifiers, key = text.split("+") if len(text) > 1 and not text.endswith("+") else [text]
    long_name = key if key in _NAMED or key in _LETTERS else ""
    named = _name_of(key) if len(key) == 1 else long_name
    is_known = set(modifiers) <= set(_MODIFIERS) and len(set(modifiers)) == len(modifiers)
    if not named or not is_known or (len(key) == 1 and modifiers not in ([], ["ctrl"], ["alt"])):
        return ""
    return "+".join((*sorted(modifiers, key=_MODIFIERS.index), named))


def _name_of(letter: str) -> str:
    if letter.isalnum():
        return letter
    if letter == " ":
        return "space"
    name = unicodedata.name(letter, "").lower().replace("-", "_").replace(" ", "_")
    return _RENAMED.get(name, name) if letter.isprintable() else ""


_LETTERS: Final = {_name_of(chr(code)): chr(code) for code in range(33, 127) if not chr(code).isalnum()}
"""Names of letters that are neither letter nor digit, and how they are shown."""


def shown(key: str) -> str:
    """Return a key as the screen names it: ``^r`` for ctrl+r, ``?`` for question_mark."""
    *modifiers, last = key.split("+")
    plain = _SHOWN.get(last, _LETTERS.get(last, last))
    return "".join("^" if modifier == "ctrl" else f"{modifier}+" for modifier in modifiers) + plain


def spelled(key: str) -> str:
    """Return a key as it is typed into a configuration: ``?`` for question_mark, ``ctrl+r``, ``f5``."""
    *modifiers, last = key.split("+")
    return "+".join((*modifiers, _LETTERS.get(last, last)))


def _with(action: Action, keys: tuple[str, ...] | None) -> Action:
    return action if keys is None else replace(action, keys=",".join(keys), shown=shown(keys[0]))


def _clashes(actions: Iterable[Action], chosen: Mapping[str, object]) -> Iterator[tuple[Action, str]]:
    """Yield each chosen action whose key does something else too on a screen of its own."""
    known = list(actions)
    for place, action in enumerate(known):
        for other in known[place + 1 :]:
            both = set(action.keys.split(",")) & set(other.keys.split(","))
            where = action.where & other.where
            if both and where and (action.id in chosen or other.id in chosen):
                first, second = (action, other) if action.id in chosen else (other, action)
                yield first, f"{shown(min(both))} is {second.id} too{_on(where)}"


def _on(where: frozenset[Place]) -> str:
    names = sorted(place.value for place in where)
    return "" if len(names) > 3 else f" on {' and '.join(names)}"
