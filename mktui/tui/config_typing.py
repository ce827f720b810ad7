"""What a key press on the form means for the draft. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mktui.config.draft import Draft, Edit, nearest_preset, preset_edits, typed
from mktui.config.http import HASHED, TOKEN_LENGTH, digest_of
from mktui.config.presets import PRESETS
from mktui.config.settings import Key, Kind, Setting, in_words, value_of
from mktui.tui.config_form import Page, errors_of, pages, taken
from mktui.tui.config_keys import key_errors

if TYPE_CHECKING:
    from collections.abc import Iterable


def typing_errors(draft: Draft, page: Page, setting: Setting, text: str) -> dict[Key, str]:
    """Return what would be wrong on a page with what is being typed."""
    if setting.kind is Kind.KEYS:
        return key_errors(draft, setting, text)
    value = typed(setting, text)
    problems = draft.with_edit(Edit(setting.key, value))
    if setting.key != (*page.key, "name"):
        return errors_of(page, problems, {setting.key})
    if value is None:
        return {setting.key: "is missing (it must be given)"}
    if value != page.key[-1] and (problem := taken(draft, page.key[:-1], value)):
        return {setting.key: problem}
    keys = {setting.dotted, ".".join((*page.key[:-1], str(value), "name")), ".".join(page.key[:-1])}
    wrong = next((problem.problem for problem in problems if problem.key in keys), "")
    return {setting.key: wrong} if wrong else {}


def adding_errors(draft: Draft, setting: Setting, text: str) -> dict[Key, str]:
    """Return what is wrong with the name of an entry that is being made."""
    path, name = setting.key[:-2], typed(setting, text)
    if name is None:
        return {setting.key: "is missing (it must be given)"}
    if problem := taken(draft, path, name):
        return {setting.key: problem}
    key = (*path, name, "name")
    wrong = next((each.problem for each in draft.with_edit(Edit(key, name)) if each.key == ".".join(key)), "")
    return {setting.key: wrong} if wrong else {}


def is_between(draft: Draft, setting: Setting, value: object) -> bool:
    """Say whether what is wrong is between this setting and another: then the other may be what is changed next."""
    problems = draft.with_edit(Edit(setting.key, value))
    is_alone = setting.name == "name" or setting.kind is Kind.KEYS
    return not is_alone and all(problem.key != setting.dotted for problem in problems)


def next_value(draft: Draft, setting: Setting) -> Any:  # Any: TOML
    """Return what comes after the value of a flag or a choice; None: it has to be typed."""
    given = value_of(draft.raw, setting.key)
    now = setting.default if given is None else given
    if setting.kind is Kind.FLAG:
        return not now
    if setting.kind is not Kind.CHOICE:
        return None
    shown = in_words(setting, now)
    place = setting.choices.index(shown) if shown in setting.choices else -1
    return setting.choices[(place + 1) % len(setting.choices)]


def value_to_edit(draft: Draft, setting: Setting) -> str:
    """Return the text that editing begins with; a secret is never read back."""
    given = value_of(draft.raw, setting.key)
    return "" if setting.is_secret else in_words(setting, setting.default if given is None else given)


def next_source(setting: Setting, text: str) -> str:
    """Return another way to say where a secret comes from: what was typed, its digest where that will do, or a place.

    After the last comes the first again, a secret that is typed.
    """
    is_plain = not text.lstrip().startswith("{")
    if is_plain and setting.may_be_digest and len(text) >= TOKEN_LENGTH and not text.startswith(HASHED):
        return digest_of(text)
    begun = text.partition("=")[0]
    place = next((at for at, form in enumerate(_SOURCES) if form.partition("=")[0] == begun), -1)
    return (*_SOURCES, "")[place + 1]


_SOURCES: Final = ('{ env = "" }', '{ file = "" }', '{ keyring = "" }', '{ command = [""] }')


def is_secret_text(setting: Setting, text: str) -> bool:
    """Say whether what is typed must not be seen: a place and a digest may."""
    is_told = text.lstrip().startswith("{") or (setting.may_be_digest and text.startswith(HASHED))
    return setting.is_secret and not (setting.kind is Kind.PASSWORD and is_told)


def worth(draft: Draft, edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Leave out edits that would only write down a default; one router's own pool stands on another's settings."""
    sections = [section for page in pages(draft).values() for section in page.sections if not section.on_top_of]
    default = {setting.key: in_words(setting, setting.default) for section in sections for setting in section.settings}
    plain = {setting.key: setting for section in sections for setting in section.settings}
    return tuple(
        edit for edit in edits
        if value_of(draft.raw, edit.key) is not None or edit.key not in default or plain[edit.key].is_secret
        or in_words(plain[edit.key], edit.value) != default[edit.key]
    )  # fmt: skip


def next_preset(draft: Draft) -> tuple[Edit, ...]:
    """Return the edits to the next preset of ``[pool]``; from settings of one's own, to the first."""
    name, differing = nearest_preset(draft.raw)
    order = list(PRESETS)
    return preset_edits(draft.raw, order[0] if differing else order[(order.index(name) + 1) % len(order)])
