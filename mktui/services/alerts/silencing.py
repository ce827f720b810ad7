"""Silences by hand: kept in a file that whoever tells looks into again and again. Blocks."""

from __future__ import annotations

import secrets
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mktui.errors import ConfigError
from mktui.monitor.alert_rules import RULES
from mktui.monitor.silences import LONGEST, MOST, Silence, standing

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterable

    from mktui.services.alerts.keeping import AlertFile

    Silences = tuple[Silence, ...]


def check(rule: str, router: str, known: Collection[str], length: dt.timedelta) -> None:
    """Check what is to be silenced.

    Raises:
        ConfigError: No rule, or no router, is called so; or it is for longer than a year.
    """
    rules = [each.name for each in RULES]
    for what, pattern, names in (("rule", rule, rules), ("router", router, known)):
        if pattern and not any(fnmatchcase(name, pattern) for name in names):
            raise ConfigError(f"no {what} is called {pattern!r}", remedy=f"there are: {', '.join(names) or 'none'}")
    if not 0 < length.total_seconds() <= LONGEST.total_seconds():
        raise ConfigError("a silence lasts a year at most: switch a rule off in [alerts.rules]")


def add(
    file: AlertFile, now: dt.datetime, length: dt.timedelta, *, rule: str = "", router: str = "", why: str = "",
    who: str = "",
) -> Silence:  # fmt: skip
    """Silence a rule of a router from now on.

    Raises:
        ConfigError: It cannot be kept.
    """
    made = Silence(now + length, rule, router, " ".join(why.split()), secrets.token_hex(3), who, now)

    def with_it(before: Silences) -> Silences:
        if len(standing(before, now)) >= MOST:
            raise ConfigError(f"{MOST} silences hold already", remedy="mktui alerts unsilence --all")
        return (*standing(before, now), made)

    _change(file, with_it)
    return made


def end(file: AlertFile, now: dt.datetime, ids: Iterable[str] | None) -> Silences:
    """End silences now, all of them when ``ids`` is None; returns those that were ended.

    Raises:
        ConfigError: There is none of that name, and then none was ended; or it cannot be kept.
    """
    ended: list[Silence] = []

    def without(before: Silences) -> Silences:
        held = standing(before, now)
        known = [each.id for each in held]
        wanted = set(known if ids is None else ids)
        if unknown := wanted - set(known):
            there = f"there are: {', '.join(known)}" if known else "nothing is silenced"
            raise ConfigError(f"no silence is called {min(unknown)!r}", remedy=there)
        ended.extend(each for each in held if each.id in wanted)
        return tuple(each for each in held if each.id not in wanted)

    _change(file, without)
    return tuple(ended)


def _change(file: AlertFile, change: Callable[[Silences], Silences]) -> None:
    try:
        file.change_silences(change)
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise ConfigError(f"silences cannot be kept: {reason}", file=file.silences_path) from None
