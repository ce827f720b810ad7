"""Billing as a screen shows it: one frozen picture of all rows, and how each of them stands on the routers. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

from mktui.billing.model import Kind, OnInactive, Profile, Subscriber, SubscriberStatus
from mktui.sync.mapping import PROFILE_MENUS, SUBSCRIBER_MENUS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from mktui.billing.single_rows import RowsOfRouter
    from mktui.billing.sources.rows import What

    RowKey = tuple[What, str]

Row: TypeAlias = Profile | Subscriber
"""What billing has rows of."""


class Step(enum.StrEnum):
    """How a row stands on one router or on all of its own, what matters most first."""

    FAILED = "failed"
    HELD = "held"
    CLASH = "clash"
    PENDING = "pending"
    DRIFT = "drift"
    OFFLINE = "offline"
    UNKNOWN = "not known"
    IN_STEP = "in step"


_ORDER: Final = {step: place for place, step in enumerate(Step)}
_FINDINGS: Final = {"held": Step.HELD, "conflict": Step.CLASH, "drift": Step.DRIFT}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps a row from being in step on one router."""

    router: str
    step: Step
    why: str = ""


@dataclass(frozen=True, slots=True)
class Badge:
    """How a row stands on all of its routers. ``routers``: those where it stands so; ``of``: how many it has."""

    step: Step
    routers: tuple[str, ...]
    of: int
    why: str = ""
    unseen: int = 0
    """Routers of his that are offline: there it was so when they were last synced."""

    @property
    def rank(self) -> int:
        """Trouble first."""
        return _ORDER[self.step]


@dataclass(frozen=True)
class Books:
    """All of billing at one moment. ``sources`` are the origins of rows, ``gone`` those whose source has them no more.

    ``live`` names the sources that are pulled by themselves. ``troubles`` holds no row that is in step.
    """

    read_at: datetime
    profiles: tuple[Profile, ...] = field(default=(), repr=False)
    subscribers: tuple[Subscriber, ...] = field(default=(), repr=False)
    routers: tuple[str, ...] = ()
    sources: Mapping[tuple[str, str], str] = field(default_factory=dict, repr=False)
    gone: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    live: frozenset[str] = frozenset()
    troubles: Mapping[tuple[str, str], tuple[Trouble, ...]] = field(default_factory=dict, repr=False)
    synced_at: Mapping[str, datetime | None] = field(default_factory=dict)

    @cached_property
    def by_key(self) -> Mapping[tuple[str, str], Row]:
        """What and external id -> the row."""
        found: dict[tuple[str, str], Row] = {("profile", each.external_id): each for each in self.profiles}
        return found | {("subscriber", each.external_id): each for each in self.subscribers}

    @cached_property
    def names(self) -> Mapping[tuple[str, str, str], str]:
        """What, kind and name -> external id: hotspot users of one name count as one here."""
        found = {("profile", each.kind.value, each.name): each.external_id for each in self.profiles}
        return found | {("subscriber", each.kind.value, each.username): each.external_id for each in self.subscribers}

    @cached_property
    def users(self) -> Mapping[tuple[Kind, str], int]:
        """Kind and name of a profile -> how many have it, those who are deleted not counted."""
        found: dict[tuple[Kind, str], int] = {}
        for each in self.subscribers:
            if each.status is not SubscriberStatus.DELETED:
                found[each.kind, each.profile] = found.get((each.kind, each.profile), 0) + 1
        return found

    def source_of(self, row: Row) -> str:
        """Return where a row came from; "" when somebody has typed it in."""
        return self.sources.get(key_of(row), "")

    def badge(self, row: Row, offline: Collection[str], now: datetime) -> Badge:
        """Return how a row stands. ``offline``: routers that cannot be asked now."""
        own = routers_of(row, self.routers)
        troubles = [self._seen(each, offline) for each in (*self.troubles.get(key_of(row), ()), *self._late(row, now))]
        unseen = sum(name in offline for name in own) if offline else 0
        if not troubles:
            is_away = bool(own) and unseen == len(own)
            return Badge(Step.OFFLINE if is_away else Step.IN_STEP, own if is_away else (), len(own), unseen=unseen)
        worst = min((each.step for each in troubles), key=_ORDER.__getitem__)
        named = tuple(dict.fromkeys(each.router for each in troubles if each.step is worst))
        why = next((each.why for each in troubles if each.step is worst and each.why), "")
        return Badge(worst, named, len(own), why, unseen)

    def rank(self, row: Row, offline: Collection[str], now: datetime) -> int:
        """Return the place of a row's badge among the others, trouble first; most rows have none, and are quick."""
        until = None if isinstance(row, Profile) else row.valid_until
        is_plain = not offline and key_of(row) not in self.troubles and (until is None or until > now)
        return _ORDER[Step.IN_STEP] if is_plain else self.badge(row, offline, now).rank

    @staticmethod
    def _seen(trouble: Trouble, offline: Collection[str]) -> Trouble:
        """What waits for a router that is offline waits for the router."""
        waits = trouble.step in {Step.PENDING, Step.UNKNOWN} and trouble.router in offline
        return Trouble(trouble.router, Step.OFFLINE, trouble.why) if waits else trouble

    def _late(self, row: Row, now: datetime) -> Iterator[Trouble]:
        """Yield the routers that do not know yet that his time is over: no edit has told them."""
        if isinstance(row, Profile) or row.valid_until is None or row.status is not SubscriberStatus.ACTIVE:
            return
        if row.valid_until <= now:
            for router in routers_of(row, self.routers):
                synced_at = self.synced_at.get(router)
                if synced_at is not None and synced_at < row.valid_until:
                    yield Trouble(router, Step.PENDING, "his time is over since the last sync")


def key_of(row: Row) -> RowKey:
    """Return what a row is, and its external id."""
    return ("profile" if isinstance(row, Profile) else "subscriber"), row.external_id


def name_of(row: Row) -> str:
    """Return what a row is called."""
    return row.name if isinstance(row, Profile) else row.username


def routers_of(row: Row, routers: tuple[str, ...]) -> tuple[str, ...]:
    """Return the routers that a row belongs on; profiles go everywhere."""
    return routers if isinstance(row, Profile) or not row.routers else row.routers


def standing_of(subscriber: Subscriber, now: datetime) -> str:
    """Return his status in one word; who is active and not paid any more is expired."""
    is_over = subscriber.status is SubscriberStatus.ACTIVE and not subscriber.may_connect(now)
    return "expired" if is_over else subscriber.status.value


def find_troubles(
    profiles: Iterable[Profile],
    subscribers: Iterable[Subscriber],
    gone: Collection[tuple[str, str]],
    rows: Mapping[str, RowsOfRouter],
    now: datetime,
) -> dict[tuple[str, str], tuple[Trouble, ...]]:
    """Return what keeps rows from being in step, for those that are not."""
    routers = tuple(rows)
    found: dict[tuple[str, str], tuple[Trouble, ...]] = {}
    everything: tuple[Row, ...] = (*profiles, *subscribers)
    for row in everything:
        known = (rows[name] for name in routers_of(row, routers) if name in rows)
        is_wanted = _is_wanted(row, now) and key_of(row) not in gone
        if troubles := tuple(each for one in known if (each := _trouble(row, one, is_wanted=is_wanted)) is not None):
            found[key_of(row)] = troubles
    return found


def _is_wanted(row: Row, now: datetime) -> bool:
    """Say whether a router must have a row of it: a profile is brought where it is needed, that is not judged here."""
    if isinstance(row, Profile) or row.status is SubscriberStatus.DELETED:
        return False
    return row.may_connect(now) or row.on_inactive is not OnInactive.REMOVE


def _trouble(row: Row, on: RowsOfRouter, *, is_wanted: bool) -> Trouble | None:
    menus = PROFILE_MENUS if isinstance(row, Profile) else SUBSCRIBER_MENUS
    menu, what = menus[row.kind], key_of(row)[0]
    if (why := on.failed.get((menu, row.external_id))) is not None:
        return Trouble(on.router, Step.FAILED, why)
    if (finding := on.findings.get((menu, name_of(row)))) is not None and finding[0] in _FINDINGS:
        return Trouble(on.router, _FINDINGS[finding[0]], finding[1])
    if (what, row.external_id) in on.edited or (menu, row.external_id) in on.unwritten:
        is_edited = (what, row.external_id) in on.edited
        why = "billing has changed it" if is_edited else "the last sync has not written it"
        return Trouble(on.router, Step.PENDING, why)
    if (menu, row.external_id) in on.owned:
        return None
    if on.synced_at is None:
        return Trouble(on.router, Step.UNKNOWN, "the router was not synced yet")
    return Trouble(on.router, Step.PENDING, "it is not on the router") if is_wanted else None


def source_warning(source: str, live: Collection[str]) -> str:
    """Say what will become of a change by hand to a row of a source; "" when it stays."""
    if not source:
        return ""
    if source in live:
        return f"From source {source}: the next pull writes its values over what is changed here."
    name, is_file, _ = source.partition(":")
    if is_file:
        return f"From a CSV file ({name}): importing it again writes its values over this."
    return f"From source {source}, which is not read any more: what is changed here stays."
