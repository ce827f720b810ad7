"""A configuration saved while it is in use: what applies at once, and what waits for the next start."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mktui.config.changes import saving_in_words
from mktui.config.draft import differences
from mktui.config.load import check_text, parse
from mktui.config.save import save
from mktui.config.secrets import resolve
from mktui.config.settings import names
from mktui.errors import ConfigError

if TYPE_CHECKING:
    from mktui.config.model import Config, RouterConfig
    from mktui.config.save import Seen
    from mktui.services.router import RouterSetup


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
    """Why a router that came could not be started now, or one that is there keeps its former login."""
    changes: str = ""
    """What was changed from what to what, as the audit of where it was saved has it."""


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
    return Saved(after, config, tuple(live), tuple(later), came, went, changes=saving_in_words(old, new))


async def setup_in(saved: Saved, router: RouterConfig, present: RouterSetup) -> tuple[RouterSetup, str]:
    """Return what a router that runs is to run by, and why it keeps its former address and login ("": it does not).

    Its password is fetched only when the file says another address or login than it has: that may ask a person.
    """
    setup = replace(present, pool=saved.config.pool_for(router), is_protected=router.protected)
    is_same = router.options(present.options.password) == present.options
    if is_same and f"routers.{router.name}.password" not in saved.live:
        return setup, ""
    try:
        password = await resolve(router.password, router=router.name)
    except ConfigError as error:
        return setup, f"{error}; {router.name} keeps its former address and login"
    return replace(setup, options=router.options(password)), ""
