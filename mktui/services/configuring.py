"""A configuration saved while it is in use: what applies at once, and what waits for the next start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mktui.config.draft import differences
from mktui.config.load import check_text, parse
from mktui.config.save import save
from mktui.config.settings import names

if TYPE_CHECKING:
    from mktui.config.model import Config
    from mktui.config.save import Seen
    from mktui.core.pool.options import PoolOptions


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a save. ``live`` and ``later``: the keys of settings that apply at once, and that do not."""

    seen: Seen
    config: Config
    live: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    came: tuple[str, ...] = ()
    """Routers that were not in the file before."""
    went: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """Why a router that came could not be started now."""


def save_text(seen: Seen, text: str) -> Saved:
    """Save, and say what applies when.

    Raises:
        ConfigError: Nothing was written.
    """
    config = check_text(text, seen.file).config
    old, new = parse(seen.text, seen.file), parse(text, seen.file)
    before, now = names(old, ("routers",)), names(new, ("routers",))
    came = tuple(name for name in now if name not in before)
    went = tuple(name for name in before if name not in now)
    after = save(seen, text)
    live: list[str] = []
    later: list[str] = []
    for setting in (each.setting for each in differences(old, new)):
        is_whole = setting.key[0] == "routers" and setting.key[1] in {*came, *went}
        if not is_whole:
            (live if setting.applies == "live" else later).append(setting.dotted)
    return Saved(after, config, tuple(live), tuple(later), came, went)


def in_words(before: PoolOptions, after: PoolOptions) -> str:
    """Say what is different between two pools' settings."""
    old, new = before.model_dump(), after.model_dump()
    return ", ".join(f"{name} {_short(old[name])} → {_short(new[name])}" for name in new if old[name] != new[name])


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
