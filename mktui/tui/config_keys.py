"""``[keys]`` in the form: a draft that knows every action of the screen, and which keys it may have. Pure.

What is right is said by ``keymap``, for the form as for the file. It loads no terminal: ``mktui config set`` judges by
it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui.config.draft import Draft, Edit, typed
from mktui.config.settings import Kind, Section, Setting, own_keys
from mktui.config.themes import theme_problem
from mktui.tui.actions import ACTIONS
from mktui.tui.keymap import keymap_of, spelled

if TYPE_CHECKING:
    from collections.abc import Collection

    from mktui.config.settings import Key, Raw
    from mktui.errors import ConfigError

PAGE: Final = ("keys",)
_EVERY: Final = tuple(
    Setting((*PAGE, action.id), Kind.KEYS, action.help, applies="live",
            default=tuple(map(spelled, action.keys.split(","))))
    for action in ACTIONS
)  # fmt: skip
_KNOWN: Final = frozenset(setting.key for setting in _EVERY)


class KeyedDraft(Draft):
    """A draft with a row for each action, and each problem that its keys and its theme have.

    ``themes``: the names that there are; none: nobody knows.
    """

    def __init__(self, raw: Raw, themes: Collection[str] = ()) -> None:
        super().__init__(raw)
        self._themes = themes

    def sections_of(self, raw: Raw) -> tuple[Section, ...]:
        """Return the sections, ``[keys]`` in front of the routers: of those there may be many."""
        others = [section for section in super().sections_of(raw) if section.key != PAGE]
        place = next((at for at, each in enumerate(others) if each.key[0] == "routers"), len(others))
        return (*others[:place], _section(raw), *others[place:])

    def problems_of(self, raw: Raw) -> tuple[ConfigError, ...]:
        """Return what is wrong, with its keys and its theme too."""
        theme = theme_problem(raw, self._themes) if self._themes else None
        return (*super().problems_of(raw), *filter(None, [theme]), *keymap_of(raw.get("keys", {})).problems)


def _section(raw: Raw) -> Section:
    """Return every action, and behind them what a file gives a key to and is none."""
    own = own_keys(raw)
    if any(setting.key == PAGE for setting in own):
        return Section(PAGE, own)  # it is no table at all, and has to go first
    return Section(PAGE, (*_EVERY, *(setting for setting in own if setting.key not in _KNOWN)))


def key_errors(draft: Draft, setting: Setting, text: str) -> dict[Key, str]:
    """Return what would be wrong with the keys that are being typed: with them, or between them and another action."""
    known = {(problem.key, problem.problem) for problem in draft.problems()}
    found = [each for each in draft.with_edit(Edit(setting.key, typed(setting, text))) if each.key.startswith("keys")]
    new = [each for each in found if each.key == setting.dotted] or [
        each for each in found if (each.key, each.problem) not in known
    ]
    return {setting.key: f"{new[0].problem}{f' ({new[0].remedy})' if new[0].remedy else ''}"} if new else {}
