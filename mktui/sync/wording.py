"""Plans in words, for paper and screen alike: a glyph for what is done, a menu's name, a change's fields. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui.sync.plan import SECRET_FIELDS, Action

if TYPE_CHECKING:
    from mktui.sync.plan import Change

MENUS: Final = {
    "/ppp/profile": "ppp profile", "/ppp/secret": "secret", "/ip/hotspot/user/profile": "hotspot profile",
    "/ip/hotspot/user": "hotspot user",
}  # fmt: skip
GLYPHS: Final = {
    Action.ADD: "+", Action.READD: "+", Action.ENABLE: "+", Action.SET: "~", Action.RENAME: "~", Action.ADOPT: "~",
    Action.DELETE: "-", Action.DISABLE: "-", Action.EXPIRE: "-",
}  # fmt: skip
_TELLING: Final = ("profile", "rate-limit")
"""Fields that say most, and so come first."""


def menu_name(menu: str) -> str:
    """Return what people call a menu."""
    return MENUS.get(menu, menu)


def what_changes(change: Change) -> str:
    """Return a change's fields in words, before and after."""
    if change.action.is_harmful:
        return change.reason
    shown = sorted(change.shown(), key=lambda each: _TELLING.index(each[0]) if each[0] in _TELLING else len(_TELLING))
    parts = [
        f"{name} {before} → {after or '(none)'}" if before else f"{name} {after or '(none)'}"
        for name, before, after in shown if _is_told(change, name)
    ]  # fmt: skip
    return ", ".join(parts) or ("becomes ours as it is" if change.action is Action.ADOPT else "")


def _is_told(change: Change, name: str) -> bool:
    """Say whether a field is news: a new row has a password, and our mark, as a matter of course."""
    if change.action in {Action.SET, Action.ENABLE}:
        return True
    return name not in {"comment", "disabled"} and not (change.action.is_add and name in SECRET_FIELDS)
