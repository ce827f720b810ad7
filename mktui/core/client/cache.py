"""What reads may be answered from memory, and when not. Pure: ``now`` is an argument.

Never wrong comes first. A write moves on the stamp of every menu it may change, when it is submitted and again when its
outcome is known; rows are kept only under the stamp at which their read began, and while a write is pending, or has
ended unknown a moment ago, nothing is kept. So no answer older than the last settled write is ever given.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mktui.core.pool.effects import Effect, effect_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mktui.core.protocol.sentences import Command, Row

MOST_ROWS: Final = 200_000
"""Rows kept in all; the read that was used longest ago goes first."""
EVERYTHING: Final = "/"

_NAMED_BY: Final[dict[str, tuple[str, ...]]] = {
    "/ppp/profile": ("/ppp/secret", "/ppp/active", "/queue/simple", "/interface"),
    "/ppp/secret": ("/ppp/active", "/queue/simple", "/interface"),
    "/ppp/active": ("/queue/simple", "/interface"),
    "/ip/hotspot/user/profile": ("/ip/hotspot/user", "/ip/hotspot/active", "/queue/simple"),
    "/ip/hotspot/user": ("/ip/hotspot/active", "/ip/hotspot/cookie", "/queue/simple"),
    "/ip/hotspot/active": ("/ip/hotspot/cookie", "/queue/simple"),
    "/ip/pool": ("/ppp/profile", "/ip/hotspot/user/profile"),
    "/user/group": ("/user",),
}
"""Menus whose rows change with those of another, by name or by what they make."""
_ROWS_ALONE: Final = frozenset({menu for menus in _NAMED_BY.values() for menu in menus} | set(_NAMED_BY))
"""Menus that stand in no other relation: a write to one touches itself and those it is named by, nothing else."""
_NEVER: Final = frozenset(
    {
        "/log", "/system/resource", "/system/health", "/system/clock", "/system/history", "/ip/hotspot/host",
        "/ip/arp", "/ip/dhcp-server/lease", "/interface", "/queue/simple", "/queue/tree", "/ip/hotspot/cookie",
        "/ip/firewall/connection", "/system/script/job",
    }
)  # fmt: skip
"""They change by themselves: counters, sessions, time."""
_PLAIN_ARGUMENTS: Final = frozenset({".proplist", "detail", "without-paging"})


@dataclass(frozen=True, slots=True)
class CacheKey:
    """One read: menu, columns in no order, query words in theirs."""

    menu: str
    columns: tuple[str, ...]
    query: tuple[str, ...]


Stamp = tuple[int, int, int]


@dataclass(slots=True, eq=False)
class Flight:
    """One read under way, for everybody who asked the same since the last write."""

    key: CacheKey
    stamp: Stamp
    began_at: float


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows of one read; ``read_at`` is when the router was asked, not when it answered."""

    rows: list[Row]
    read_at: float
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class WriteMark:
    """A write under way and the menus that it may change."""

    menus: tuple[str, ...]


def key_of(command: Command) -> CacheKey | None:
    """Return what a read is kept under; None for what is never kept."""
    menu = command.menu
    if command.verb != "print" or menu in _NEVER or menu.endswith("/active"):
        return None
    if not set(command.attributes) <= _PLAIN_ARGUMENTS:
        return None  # count-only, stats, follow, from, file: another answer, or an answer of the moment
    columns = command.attributes.get(".proplist", "")
    detail = ("=detail",) if "detail" in command.attributes else ()
    return CacheKey(menu, (*sorted(filter(None, columns.split(","))), *detail), command.query)


def touched_by(command: Command) -> tuple[str, ...]:
    """Return the menus that a command may change: none for a read, ``EVERYTHING`` for an action or the unknown."""
    effect = effect_of(command)
    if effect is Effect.READ:
        return ()
    known_verb = command.verb in {"add", "set", "unset", "remove", "enable", "disable", "comment", "move"}
    if effect is Effect.ACTION or not known_verb or command.menu not in _ROWS_ALONE:
        return (EVERYTHING,)
    return (command.menu, *_NAMED_BY.get(command.menu, ()))


class ReadCache:
    """The reads of one router, by one user."""

    def __init__(self, *, unknown_blocks: float) -> None:
        self.hits = 0
        self.misses = 0
        self.unknown_blocks = unknown_blocks
        """Seconds for which a write that ended unknown keeps its menus from being kept: the router may still do it."""
        self._life = 0
        self._stamps: Counter[str] = Counter()
        self._pending: Counter[str] = Counter()
        self._blocked_until: dict[str, float] = {}
        self._kept: OrderedDict[CacheKey, Kept] = OrderedDict()
        self._rows = 0
        self._flights: dict[CacheKey, Flight] = {}

    def lookup(self, key: CacheKey, max_age: float, now: float) -> Kept | None:
        """Return rows that are young enough and that no write has touched; None when there are none."""
        kept = self._kept.get(key)
        if kept is None or kept.stamp != self._stamp(key.menu) or now - kept.read_at > max_age or max_age <= 0:
            self.misses += 1
            return None
        self.hits += 1
        self._kept.move_to_end(key)
        return kept

    def last(self, key: CacheKey) -> Kept | None:
        """Return the last rows that were read, however old: for when the router cannot be asked."""
        return self._kept.get(key)

    def flight(self, key: CacheKey) -> Flight | None:
        """Return a read under way that may be joined: none that began before the last write."""
        flight = self._flights.get(key)
        return flight if flight is not None and flight.stamp == self._stamp(key.menu) else None

    def begin(self, key: CacheKey, now: float) -> Flight:
        """Begin a read that others may join."""
        flight = self._flights[key] = Flight(key, self._stamp(key.menu), now)
        return flight

    def end(self, flight: Flight, rows: list[Row] | None, now: float) -> None:
        """End a read; ``rows`` None: it failed, and an error is never kept."""
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]
        if rows is None or self._is_blocked(flight.key.menu, now) or flight.stamp != self._stamp(flight.key.menu):
            return
        self._forget(flight.key)
        self._kept[flight.key] = Kept(rows, flight.began_at, flight.stamp)
        self._rows += len(rows)
        while self._rows > MOST_ROWS:
            self._forget(next(iter(self._kept)))

    def write_submitted(self, command: Command) -> WriteMark | None:
        """Note a write before it goes anywhere; None for a read."""
        menus = touched_by(command)
        if not menus:
            return None
        self._pending.update(menus)
        self._stamps.update(menus)
        return WriteMark(menus)

    def write_settled(self, mark: WriteMark, now: float, *, known: bool) -> None:
        """Note that a write's outcome is known, or that nobody will ever know it."""
        self._pending.subtract(mark.menus)
        self._stamps.update(mark.menus)
        if not known:
            for menu in mark.menus:
                self._blocked_until[menu] = now + self.unknown_blocks

    def flush(self) -> None:
        """Forget everything: another user, another router, or the same after a reboot."""
        self._life += 1
        self._kept.clear()
        self._rows = 0

    def _stamp(self, menu: str) -> Stamp:
        return self._life, self._stamps[EVERYTHING], self._stamps[menu]

    def _is_blocked(self, menu: str, now: float) -> bool:
        def blocks(names: Iterable[str]) -> bool:
            return any(self._pending[name] > 0 or now < self._blocked_until.get(name, -math.inf) for name in names)

        return blocks((menu, EVERYTHING))

    def _forget(self, key: CacheKey) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._rows -= len(kept.rows)
