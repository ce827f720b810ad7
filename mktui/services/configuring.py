"""A configuration saved while it is in use: what applies at once, and what waits for the next start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mktui.config.changes import saving_in_words
from mktui.config.draft import differences, is_same
from mktui.config.load import check_text, parse
from mktui.config.save import save
from mktui.config.settings import names, value_of
from mktui.config.themes import theme_names, theme_problem

if TYPE_CHECKING:
    from mktui.config.model import Config
    from mktui.config.save import Seen


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a save. ``live`` and ``later``: the keys of settings that apply at once, and that do not."""

    seen: Seen
    config: Config
    live: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    came: tuple[str, ...] = ()
    """Routers that were not in the file before; once it is applied, those that run since."""
    went: tuple[str, ...] = ()
    """Routers that are in the file no more; once it is applied, those that were stopped."""
    problems: tuple[str, ...] = ()
    """Why a router could not be started now, keeps its former login, or runs otherwise than the file says."""
    changes: str = ""
    """What was changed from what to what, as the audit of where it was saved has it."""
    touched: tuple[str, ...] = ()
    """Routers that were there before and are there now, and of which a key was changed."""


def save_text(seen: Seen, text: str) -> Saved:
    """Save, and say what applies when.

    Raises:
        ConfigError: Nothing was written.
    """
    config = check_text(text, seen.file).config
    old, new = parse(seen.text, seen.file), parse(text, seen.file)
    is_new = not is_same(*(value_of(raw, ("ui", "theme")) for raw in (old, new)))
    if is_new and (problem := theme_problem(new, theme_names(), seen.file)) is not None:
        raise problem
    before, now = names(old, ("routers",)), names(new, ("routers",))
    came = tuple(name for name in now if name not in before)
    went = tuple(name for name in before if name not in now)
    after = save(seen, text)
    live: list[str] = []
    later: list[str] = []
    touched: dict[str, None] = {}
    for setting in (each.setting for each in differences(old, new)):
        router = setting.key[1] if setting.key[0] == "routers" else ""
        if router in {*came, *went}:
            continue
        (live if setting.applies == "live" else later).append(setting.dotted)
        if router:
            touched[router] = None
    return Saved(
        after, config, tuple(live), tuple(later), came, went, changes=saving_in_words(old, new), touched=tuple(touched)
    )
