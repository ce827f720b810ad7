"""Silences: until when nothing is told of a rule, of a router, or of both. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mktui.monitor.alert_rules import Key

MOST: Final = 1000
LONGEST: Final = dt.timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing of a rule and of a router is told until ``ends_at``; "" is any, ``*`` stands for any text."""

    ends_at: dt.datetime
    rule: str = ""
    router: str = ""
    why: str = ""
    id: str = ""
    """By what it is ended sooner."""
    who: str = ""
    begun_at: dt.datetime | None = None

    def covers(self, key: Key, now: dt.datetime) -> bool:
        """Say whether it holds for an alert now."""
        pairs = zip((self.rule, self.router), key, strict=True)
        return now < self.ends_at and all(not pattern or fnmatchcase(name, pattern) for pattern, name in pairs)

    def in_words(self) -> str:
        """Return what it holds back."""
        return f"{self.rule or 'every rule'} of {self.router or 'every router'}"


def standing(silences: Iterable[Silence], now: dt.datetime) -> tuple[Silence, ...]:
    """Return those that hold, the one that ends first at the head."""
    return tuple(sorted((each for each in silences if now < each.ends_at), key=lambda each: (each.ends_at, each.id)))


def until(silences: Iterable[Silence], key: Key, now: dt.datetime) -> dt.datetime | None:
    """Return until when an alert is silenced; None: it is not."""
    return max((each.ends_at for each in silences if each.covers(key, now)), default=None)
