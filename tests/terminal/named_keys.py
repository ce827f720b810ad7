"""Keys that a text names: how they are found in it, and a keymap in which every action has another one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from textual.widgets import Input

from mktui.tui.actions import ACTIONS
from mktui.tui.keymap import keymap_of, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import App

_NEW: Final = iter("абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯіїєґђћ")
_LONG: Final = iter(range(13, 25))


def _instead_of(key: str) -> str:
    """Return a key that nobody uses, and whose name is as long."""
    if len(key) == 3:
        return f"f{next(_LONG)}"
    return f"ctrl+{next(_NEW)}" if key.startswith("^") else next(_NEW)


OTHER: Final = {action.id: _instead_of(action.shown) for action in ACTIONS}
MOVED: Final = keymap_of({action.id: [OTHER[action.id], *action.keys.split(",")] for action in ACTIONS})
"""Every action has another key. The usual ones act too, so that ways stay as they are; no text may name them."""
_BACK: Final = {shown(OTHER[action.id]): action.shown for action in ACTIONS}
_MOVED_KEY: Final = re.compile("|".join(sorted(map(re.escape, _BACK), key=len, reverse=True)))

_NAMES: Final = (
    re.compile(r"(?<![\w.'/^*{-])(?<!\d )(\^[a-z]|esc|⏎|del|tab|spc|[B-HJ-Zb-z])(?![\w.'/=+…}-])"),
    re.compile(r"(?:^ *|[.,;:] |  )([aAI]) (?! *(?:is|was|has|less)\b) *[a-z]+s\b", re.MULTILINE),
    re.compile(r"([1-7]) +(?:shows|opens|finds|reads?|goes)\b"),
    re.compile(r"screen ([1-7])|configuration \(([1-7])\)|[(\[]([aAI/])[)\]]"),
)
"""A key alone; a digit, an article or a pronoun only where it does something."""
_NO_KEY: Final = re.compile(r"--[a-z-]+ N\b| Q (?=P50)")
"""A flag's number, and the fleet's column of what waits."""


def keys_named(text: str) -> Iterator[str]:
    """Yield the usual keys that a text names."""
    plain = _NO_KEY.sub("", text)
    for names in _NAMES:
        for found in names.finditer(plain):
            yield next(group for group in found.groups() if group)


def with_usual_keys(text: str) -> str:
    """Return a text with the usual keys in the place of the other ones."""
    return _MOVED_KEY.sub(lambda found: _BACK[found[0]], text)


def own_keys(app: App[Any]) -> set[str]:
    """Return the keys that a question or a line to type in has of its own: nobody can give them away."""
    parts = [app.screen, *([app.focused] if app.focused is not None else [])]
    own = [kind for part in parts for kind in type(part).__mro__ if kind.__module__.startswith("mktui.")]
    keys = [binding.key for kind in own for binding in kind.__dict__.get("BINDINGS", ())]
    keys += ["enter"] if isinstance(app.focused, Input) else []
    return {shown(key) for each in keys for key in each.split(",")}
