"""A configuration that is being changed: edits on top of what a file says, checked at each step. No I/O, no TOML text.

An edit names a setting by its key and gives the value as TOML has it, or None to leave the setting to its default. A
router that is not there yet is made by the first edit of it, and goes with an edit of the router itself to None.
"""

from __future__ import annotations

import copy
import shlex
import tomllib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from mktui.config.load import problems_of
from mktui.config.presets import PRESETS
from mktui.config.settings import (
    HIDDEN,
    LISTS,
    Key,
    Kind,
    Lookup,
    Raw,
    Section,
    Setting,
    entry,
    in_words,
    names,
    sections,
    value_of,
)
from mktui.core.pool.options import PoolOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from mktui.errors import ConfigError

_YES: Final = frozenset({"yes", "true", "on"})
_WITH_BLANKS: Final = frozenset({Kind.TEXT, Kind.SECRET, Kind.PASSWORD})
_NO: Final = frozenset({"no", "false", "off"})


@dataclass(frozen=True, slots=True)
class Edit:
    """One setting and its new value; None: its default."""

    key: Key
    value: Any = None  # Any: TOML


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that two configurations do not agree on, in words that hold no secret."""

    setting: Setting
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.setting.dotted}  {self.before or '–'} → {self.after or '–'}"


def applied(raw: Raw, edits: Iterable[Edit]) -> Raw:
    """Return a configuration after edits; the given one stays as it is."""
    result = copy.deepcopy(raw)
    for edit in edits:
        _apply(result, edit)
    return result


def is_same(one: Any, other: Any) -> bool:  # Any: TOML
    """Say whether two configurations say the same: to Python 1 is 1.0 and True, and NaN never itself; here not."""
    return repr(_sorted(one)) == repr(_sorted(other))


def _sorted(value: Any) -> Any:  # Any: TOML
    if isinstance(value, dict):  # a table without a key says nothing
        inner = {key: _sorted(value[key]) for key in sorted(value)}
        return {key: each for key, each in inner.items() if each != {}}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def list_entry(key: Key) -> tuple[Key, str] | None:
    """Return the list and the name when a key is an entry of a list of tables, or stands in one."""
    return next(((path, key[len(path)]) for path in LISTS if key[: len(path)] == path and len(key) > len(path)), None)


def _apply(raw: Raw, edit: Edit) -> None:
    found = list_entry(edit.key)
    if found is not None:
        path, name = found
        if edit.key == (*path, name):
            rows = value_of(raw, path)
            del rows[names(raw, path).index(name)]
            return
        if name not in names(raw, path) and edit.value is not None:
            _grown(raw, path[:-1]).setdefault(path[-1], []).append({"name": name})
    table, rest = entry(raw, edit.key)
    if edit.value is not None:
        _grown(table, rest[:-1])[rest[-1]] = edit.value
        return
    for part in rest[:-1]:
        table = table.get(part, {})
    table.pop(rest[-1], None)


def _grown(table: Raw, path: Key) -> Raw:
    for part in path:
        table = table.setdefault(part, {})
    return table


def typed(setting: Setting, text: str) -> Any:  # Any: TOML
    """Return what somebody has typed as TOML has it; None for nothing. What is no number stays a text, to be refused.

    Texts keep the blanks around them; everything else does not.
    """
    if setting.kind is Kind.KEYS and text:
        return _keys(text)
    bare = text.strip()
    if not bare:
        return None
    return _READ.get(setting.kind, str)(text if setting.kind in _WITH_BLANKS else bare)


def _keys(text: str) -> str | list[str]:
    """Read keys with blanks between; a blank alone is the key of that name."""
    pressed = text.split() or ["space"]
    return pressed[0] if len(pressed) == 1 else pressed


def _flag(text: str) -> bool | str:
    return True if text.lower() in _YES else False if text.lower() in _NO else text


def _number(text: str, *, whole: bool) -> int | float | str:
    for kind in (int,) if whole else (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _words(text: str) -> list[str] | str:
    try:
        return shlex.split(text)
    except ValueError:
        return text  # a quotation mark is not closed: no list, and so refused


def _source(text: str) -> Any:  # Any: TOML
    if not text.lstrip().startswith("{"):
        return text
    try:
        return tomllib.loads(f"password = {text}")["password"]
    except tomllib.TOMLDecodeError:
        return {}  # refused with the forms that are right; a password may begin like this only inside the file


_READ: Final[dict[Kind, Callable[[str], Any]]] = {  # Any: TOML
    Kind.FLAG: _flag, Kind.INTEGER: partial(_number, whole=True), Kind.NUMBER: partial(_number, whole=False),
    Kind.WORDS: _words, Kind.PASSWORD: _source,
}  # fmt: skip


class Draft:
    """What stands in a file, and the edits that nobody has saved yet. A step is what one key press has changed."""

    def __init__(self, raw: Raw) -> None:
        self.base = raw
        self.raw = raw
        self._steps: list[tuple[Edit, ...]] = []
        self._checked: tuple[Raw, tuple[ConfigError, ...]] | None = None
        self._tried: tuple[Raw, Edit, tuple[ConfigError, ...]] | None = None
        self._differing: tuple[Raw, Raw, tuple[Difference, ...]] | None = None
        self._lookup: tuple[Raw, Lookup] | None = None

    @property
    def edits(self) -> tuple[Edit, ...]:
        """Everything that was changed, in its order."""
        return tuple(edit for step in self._steps for edit in step)

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections as they would be."""
        return self.sections_of(self.raw)

    def sections_of(self, raw: Raw) -> tuple[Section, ...]:
        """Return the sections of a configuration; who knows more of it than its model says more."""
        return sections(raw)

    def problems_of(self, raw: Raw) -> tuple[ConfigError, ...]:
        """Return what is wrong with a configuration; as above."""
        return problems_of(raw)

    def change(self, *edits: Edit) -> None:
        """Take a step; one that changes nothing is none."""
        raw = applied(self.raw, edits)
        if not is_same(raw, self.raw):
            self._steps.append(edits)
            self.raw = raw

    def undo(self) -> tuple[Edit, ...]:
        """Take the last step back and return it; nothing when there is none."""
        if not self._steps:
            return ()
        step = self._steps.pop()
        self.raw = applied(self.base, self.edits)
        return step

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self._steps)

    def was_saved(self, base: Raw, steps: int) -> None:
        """Go on from a file that has the first ``steps`` in it; what was changed since is still unsaved."""
        self.base, self._steps = base, self._steps[steps:]
        self.raw = applied(base, self.edits)

    def with_edit(self, edit: Edit) -> tuple[ConfigError, ...]:
        """Return what would be wrong after one more edit; what was asked last is known."""
        tried = self._tried
        if (
            tried is None
            or tried[0] is not self.raw
            or tried[1].key != edit.key
            or not is_same(tried[1].value, edit.value)
        ):
            self._tried = tried = (self.raw, edit, self.problems_of(applied(self.raw, [edit])))
        return tried[2]

    def value(self, key: Key) -> Any:  # Any: TOML
        """Return what it says for a key; None: nothing."""
        if self._lookup is None or self._lookup[0] is not self.raw:
            self._lookup = (self.raw, Lookup(self.raw))
        return self._lookup[1].value(key)

    def problems(self) -> tuple[ConfigError, ...]:
        """Return what is wrong now."""
        if self._checked is None or self._checked[0] is not self.raw:
            self._checked = (self.raw, self.problems_of(self.raw))
        return self._checked[1]

    def differences(self) -> tuple[Difference, ...]:
        """Return what saving would change."""
        known = self._differing
        if known is None or known[0] is not self.base or known[1] is not self.raw:
            found = differences(self.base, self.raw, self.sections_of)
            self._differing = known = (self.base, self.raw, found)
        return known[2]


def beside(problems: Iterable[ConfigError], section: Section, changed: Collection[Key] = ()) -> dict[Key, str]:
    """Return each problem of a section at the setting it is shown beside.

    What is between two settings is said at the one that was ``changed``, when it is one of them; else at the first.
    """
    found: dict[Key, str] = {}
    for problem in problems:
        if not problem.key.startswith(section.title):
            continue
        keys = [setting.key for setting in section.settings if setting.dotted == problem.key]
        if not keys and problem.key == section.title:
            words = set(problem.problem.replace("(", " ").replace(",", " ").split())
            keys = [setting.key for setting in section.settings if setting.name in words]
            keys = [key for key in keys if key in changed] or keys or [section.settings[0].key]
        for key in keys[:1]:
            found.setdefault(key, f"{problem.problem}{f' ({problem.remedy})' if problem.remedy else ''}")
    return found


def differences(
    before: Raw, after: Raw, sections_of: Callable[[Raw], tuple[Section, ...]] = sections
) -> tuple[Difference, ...]:
    """Return every setting that differs, as it stood and as it stands; routers that came or went with all of theirs."""
    was, now = Lookup(before), Lookup(after)
    settings: dict[Key, Setting] = {}
    for section in (*sections_of(before), *sections_of(after)):
        if not is_same(was.value(section.key), now.value(section.key)):
            settings |= {each.key: each for each in section.settings}
    found = []
    for key, setting in settings.items():
        old, new = was.value(key), now.value(key)
        if not is_same(old, new):
            then, shown = _shown(setting, old), _shown(setting, new)
            is_hidden = then == shown
            found.append(Difference(setting, then, f"{shown or HIDDEN} (another)" if is_hidden else shown))
    return tuple(found)


def _shown(setting: Setting, value: Any) -> str:  # Any: TOML
    if value is None and setting.default is not None and setting.key[0] != "routers":
        words = in_words(setting, setting.default)
        return f"{words} (default)" if words else ""
    return in_words(setting, value)


def preset_edits(raw: Raw, name: str) -> tuple[Edit, ...]:
    """Return what brings ``[pool]`` to a preset; settings that no preset speaks of stay as they are."""
    wanted, plain = PRESETS[name], PoolOptions()
    edits = []
    for field in spoken_of():
        value = getattr(wanted, field)
        stays = value_of(raw, ("pool", field)) is None and value == getattr(plain, field)
        if not stays:
            number = int(value) if isinstance(value, float) and value.is_integer() else value
            edits.append(Edit(("pool", field), number))
    return tuple(edits)


def spoken_of() -> list[str]:
    """Return the settings that some preset changes."""
    plain = PoolOptions()
    fields = PoolOptions.model_fields
    return [
        name for name in fields if any(getattr(preset, name) != getattr(plain, name) for preset in PRESETS.values())
    ]


def nearest_preset(raw: Raw) -> tuple[str, int]:
    """Return the preset that ``[pool]`` is most like, and how many of its settings differ."""
    plain = PoolOptions()
    given = {name: value_of(raw, ("pool", name)) for name in spoken_of()}
    now = {name: getattr(plain, name) if value is None else value for name, value in given.items()}
    counted = {preset: sum(now[name] != getattr(options, name) for name in now) for preset, options in PRESETS.items()}
    name = min(counted, key=lambda preset: counted[preset])
    return name, counted[name]
