"""The configuration as rows of a form: pages of settings, and how each looks. Pure: a draft in, texts out."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.text import Text

from mktui.config.draft import beside, nearest_preset
from mktui.config.settings import LISTS, Key, Kind, Section, Setting, in_words, names
from mktui.tui import words
from mktui.tui.widgets.live_table import Column

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from mktui.config.draft import Draft
    from mktui.errors import ConfigError
    from mktui.tui.keymap import Keymap
    from mktui.tui.palette import Palette

GLYPH = 2
ABOUT_LINES = 3
"""Lines in which a setting is told of; a problem may need more."""
_GAP, _APPLIES, _BAR = 1, 7, 2
_ABOUT = {
    "pool": "every router's connections, breaker, retries", "ui": "the terminal", "billing": "where billing lives",
    "sync": "what a sync may do, and how much in a day", "routers": "address, login, and a pool of its own",
    "sources": "somebody else's database, only ever read", "http": "what serve answers over HTTP",
    "tokens": "who may ask over HTTP", "monitor": "what is kept of errors and changes",
    "maintenance": "what is done by itself, and when", "alerts": "what is worth waking somebody for",
    "webhooks": "who is told over HTTP", "hooks": "a program that is told", "keys": "which key does what",
    "serve": "where the one that runs is asked",
}  # fmt: skip

_KINDS = {"routers": "router", "sources": "source", "tokens": "token", "webhooks": "webhook", "hooks": "hook"}


@dataclass(frozen=True, slots=True)
class Page:
    """What is edited together: a section, and those that stand inside it."""

    key: Key
    sections: tuple[Section, ...]

    @property
    def title(self) -> str:
        """Its name for people."""
        kind = _KINDS.get(self.key[-2]) if len(self.key) > 1 else None
        return f"{kind} {self.key[-1]}" if kind else self.key[-1]

    @property
    def settings(self) -> tuple[Setting, ...]:
        """All of its settings."""
        return tuple(setting for section in self.sections for setting in section.settings)

    def name_of(self, setting: Setting) -> str:
        """Return a setting's name on this page."""
        return ".".join(setting.key[len(self.key) :]) or setting.name


def pages(draft: Draft) -> dict[Key, Page]:
    """Return all pages; a router's pool stands on the router's, limits on that of syncs, rules on that of alerts."""
    found: dict[Key, Page] = {}
    for section in draft.sections:
        home = section.key[:-1]
        if home in found and section.key[-1] in {"pool", "limits", "rules"}:
            found[home] = Page(home, (*found[home].sections, section))
        else:
            found[section.key] = Page(section.key, (section,))
    return found


def kind_of(path: Key) -> str:
    """Return what an entry of a list is called: ``token`` of ``http.tokens``."""
    return _KINDS[path[-1]]


def new_entry(path: Key, name: str = "") -> Setting:
    """Return the name of an entry that is not there yet, to be typed in the list of pages."""
    return Setting((*path, name, "name"), Kind.TEXT, f"what the new {kind_of(path)} is called", must_be_given=True)


def index_order(draft: Draft) -> list[Key]:
    """Return the rows of the list of pages: the pages, and behind each list of entries its own key, to make one."""
    order = list(pages(draft))
    for path in LISTS:
        home = [at for at, key in enumerate(order) if key[: len(path)] == path]
        home = home or [at for at, key in enumerate(order) if key[: len(path) - 1] == path[:-1]]
        order.insert(home[-1] + 1, path)
    return order


def index_columns(width: int, titles: Iterable[str]) -> tuple[Column, ...]:
    """Return the columns of the list of pages: none of them applies at some time."""
    *those, meaning, _, _ = columns(width, titles)
    return (*those, replace(meaning, width=meaning.width + _GAP + _APPLIES))


def columns(width: int, titles: Iterable[str], last: str = "APPLIES") -> tuple[Column, ...]:
    """Return the columns for a terminal's width and a page's names: value and meaning share what is left."""
    name = max(14, *map(len, titles)) + 1
    rest = max(20, width - GLYPH - name - _GAP - _APPLIES - _BAR)
    value = min(48, rest * 2 // 5)
    return (
        Column("glyph", "", GLYPH), Column("name", "SETTING", name), Column("value", "VALUE", value),
        Column("meaning", "MEANING", rest - value), Column("gap", "", _GAP), Column("applies", last, _APPLIES),
    )  # fmt: skip


def index_rows(
    draft: Draft, palette: Palette, keymap: Keymap, adding: Key = (), problem: str = ""
) -> dict[str, dict[str, Text]]:
    """Return a row for each page, and one for each list. ``adding``: the list that somebody types a new name for."""
    changed = {each.setting.key for each in draft.differences()}
    found = pages(draft)
    return {
        ".".join(key): _index_row(draft, found[key], changed, palette) if key in found
        else _new_row(key, palette, keymap, is_typed=key == adding, problem=problem if key == adding else "")
        for key in index_order(draft)
    }  # fmt: skip


def _new_row(path: Key, palette: Palette, keymap: Keymap, *, is_typed: bool, problem: str) -> dict[str, Text]:
    hint = f"{keymap.key('open')} makes one: {_ABOUT[path[-1]]}"
    meaning = Text(f"✗ {problem}", style=palette.state("critical")) if problem else Text("", style=palette.quiet)
    return {
        "glyph": Text("▸", style=palette.accent) if is_typed else Text(""),
        "name": Text(f"+ {kind_of(path)}", style="" if is_typed else palette.quiet),
        "value": Text(""),
        "meaning": meaning if problem else Text(hint, style=palette.quiet),
        "gap": Text(""),
        "applies": Text(""),
    }


def _index_row(draft: Draft, page: Page, changed: set[Key], palette: Palette) -> dict[str, Text]:
    wrong = errors_of(page, draft.problems(), changed)
    given = sum(_given(draft, section) for section in page.sections)
    is_changed = not changed.isdisjoint(setting.key for setting in page.settings) if changed else False
    about = _ABOUT[next((each for each in ("sources", "tokens", "webhooks", "hooks") if each in page.key), page.key[0])]
    meaning = Text(f"✗ {next(iter(wrong.values()))}", style=palette.state("critical")) if wrong else Text(about)
    return {
        "glyph": _glyph(is_wrong=bool(wrong), is_changed=is_changed, palette=palette),
        "name": Text(page.title),
        "value": Text(f"{given} of {len(page.settings)} set", style="" if given else palette.quiet),
        "meaning": meaning if wrong else Text(about, style=palette.quiet),
        "gap": Text(""),
        "applies": Text(""),
    }


def _given(draft: Draft, section: Section) -> int:
    """Return how many settings of a section have a value of their own; what should be a table and is none has one."""
    table = draft.value(section.key)
    if not isinstance(table, dict):
        return int(table is not None)
    return sum(table.get(setting.name) is not None for setting in section.settings)


def page_rows(
    draft: Draft, page: Page, wrong: dict[Key, str], palette: Palette, editing: Key = ()
) -> dict[str, dict[str, Text]]:
    """Return a row for each setting; what is wrong stands beside its field, in the place of what it means."""
    changed = {each.setting.key for each in draft.differences()}
    rows = {}
    for section in page.sections:
        for setting in section.settings:
            problem = wrong.get(setting.key, "")
            told = Text(f"✗ {problem}", style=palette.state("critical"))
            glyph = _glyph(is_wrong=bool(problem), is_changed=setting.key in changed, palette=palette)
            rows[setting.dotted] = {
                "glyph": Text("▸", style=palette.accent) if setting.key == editing else glyph,
                "name": Text(page.name_of(setting)),
                "value": value_text(draft, section, setting, palette),
                "meaning": told if problem else Text(setting.description, style=palette.quiet),
                "gap": Text(""),
                "applies": Text(_last_of(setting), style=palette.quiet),
            }
    return rows


def _last_of(setting: Setting) -> str:
    return in_words(setting, setting.default) if setting.kind is Kind.KEYS else setting.applies


def value_text(draft: Draft, section: Section, setting: Setting, palette: Palette) -> Text:
    """Return a value with its unit; one that the file does not give is quiet."""
    given = draft.value(setting.key)
    inherited = draft.value((*section.on_top_of, setting.name)) if section.on_top_of else None
    value = next((each for each in (given, inherited, setting.default) if each is not None), None)
    shown = in_words(setting, value)
    if not shown:
        return Text(words.UNKNOWN, style=palette.quiet)
    unit = setting.unit if setting.unit in {"s", "%", "1/s"} else ""
    return Text(f"{shown} {unit}".rstrip(), style="" if given is not None else palette.quiet)


def errors_of(page: Page, problems: Iterable[ConfigError], changed: Collection[Key] = ()) -> dict[Key, str]:
    """Return what is wrong on a page, setting by setting; between two settings, at the one that was changed."""
    told = tuple(problems)
    return {key: text for section in page.sections for key, text in beside(told, section, changed).items()}


def summary(draft: Draft, extra_errors: int, palette: Palette) -> Text:
    """Say how far the draft is from the file."""
    changes, errors = len(draft.differences()), len(draft.problems()) or extra_errors
    parts = [Text(words.count(changes, "change"))] if changes else []
    if errors:
        parts.append(Text(words.count(errors, "error"), style=palette.state("critical")))
    is_saved = not changes and not errors
    parts.append(Text("saved", style=palette.quiet) if is_saved else Text("not saved", style=palette.state("warning")))
    return Text(" · ").join(parts)


def removable(draft: Draft | None, row: str | None) -> Key:
    """Return the key of the entry on a row of the list of pages; (): it is none."""
    key = next((each for each in pages(draft) if ".".join(each) == row), ()) if draft is not None else ()
    return key if key[:-1] in LISTS else ()


def addable(row: str | None) -> Key:
    """Return the list that a row of the list of pages makes an entry of; (): none."""
    return next((path for path in LISTS if ".".join(path) == row), ())


def taken(draft: Draft, path: Key, name: object) -> str:
    """Say that a list has an entry of this name already; "": it has not."""
    return f"{name!r} is the name of another {kind_of(path)} already" if name in names(draft.raw, path) else ""


def preset_text(draft: Draft) -> str:
    """Name the preset that the pool is most like."""
    name, differing = nearest_preset(draft.raw)
    return f"preset: {name}" + (f" ({differing} changed)" if differing else "")


def explanation(page: Page, setting: Setting, problem: str, palette: Palette, *, keymap: Keymap, width: int) -> Text:
    """Tell of one setting: what it means, its default, how it is edited; or what is wrong with it, whatever it takes.

    A problem that needs more than its line of ``width`` takes those of what is told beside it.
    """
    facts = [f"default {in_words(setting, setting.default)} {setting.unit}".rstrip()] if _has_default(setting) else []
    facts += ["must be given"] if setting.must_be_given else []
    facts += [" | ".join(setting.choices)] if setting.choices else []
    facts.append("applies at once" if setting.applies == "live" else f"applies on {setting.applies}")
    if setting.key[-2:-1] == ("pool",) and len(page.sections) > 1:
        facts.append("on top of [pool]")
    lines = [Text.assemble((f"{page.name_of(setting)}: ", "bold"), setting.description)]
    lines.append(Text(" · ".join(facts), style=palette.quiet))
    if problem:
        told = textwrap.wrap(f"✗ {problem}", max(width, 20), break_on_hyphens=False)
        del lines[max(0, ABOUT_LINES - len(told)) :]
        lines += [Text(each, style=palette.state("critical")) for each in told]
    else:
        digest = "its digest, " if setting.may_be_digest else ""
        how = _HOW[setting.kind].format(open=keymap.key("open"), unset=keymap.key("unset"), digest=digest)
        lines.append(Text(how, style=palette.quiet))
    return Text("\n").join(lines)


_HOW = {
    Kind.FLAG: "{open} turns it over · {unset}: its default",
    Kind.CHOICE: "{open} takes the next one · {unset}: its default",
    Kind.TEXT: "{open} edits it · {unset}: its default", Kind.INTEGER: "{open} edits it · {unset}: its default",
    Kind.NUMBER: "{open} edits it · {unset}: its default",
    Kind.SECRET: "{open} types another one; what is there is never shown",
    Kind.PASSWORD: "{open} types another one; tab then: {digest}from env, file, keyring, command",
    Kind.WORDS: "{open} edits it, words as a shell cuts them · {unset}: its default",
    Kind.KEYS: "{open} then press it, or type it: f5 · ctrl+r · pageup; or several · {unset}: default",
}  # fmt: skip
"""How a kind is edited, with the actions whose keys do it."""


def _has_default(setting: Setting) -> bool:
    return not setting.is_secret and bool(in_words(setting, setting.default))


def _glyph(*, is_wrong: bool, is_changed: bool, palette: Palette) -> Text:
    if is_wrong:
        return Text("✗", style=palette.state("critical"))
    return Text("~", style=palette.state("warning")) if is_changed else Text("")
