"""Who of many connections stays when all places are taken. Pure.

Whoever has shown no token is a stranger. Strangers of one neighbourhood have half of the places at most, so that a
silent crowd of them puts out itself; and when all are taken, the oldest stranger goes for who comes, or else the oldest
of those who are known and rest. Only when all are known and being answered is who comes turned away.
"""

from __future__ import annotations

from typing import Generic, TypeVar

Guest = TypeVar("Guest")


class Seats(Generic[Guest]):
    """The places of one server. Every step takes the same time, however many there are."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._strangers: dict[Guest, str] = {}  # the oldest first, as in the others
        self._near: dict[str, dict[Guest, None]] = {}
        self._resting: dict[Guest, None] = {}
        self._answered: set[Guest] = set()

    def __len__(self) -> int:
        return len(self._strangers) + len(self._resting) + len(self._answered)

    def has_room(self, neighbourhood: str) -> bool:
        """Say whether one more from there may come in as it is."""
        return len(self) < self._most and len(self._near.get(neighbourhood, ())) < self._most // 2

    def who_goes(self, neighbourhood: str) -> Guest | None:
        """Return who makes room for one more from there; None: nobody does."""
        near = self._near.get(neighbourhood, {})
        if len(near) >= self._most // 2:
            return next(iter(near))
        return next(iter(self._strangers or self._resting), None)

    def come(self, guest: Guest, neighbourhood: str) -> None:
        """Take in a stranger."""
        self._strangers[guest] = neighbourhood
        self._near.setdefault(neighbourhood, {})[guest] = None

    def known(self, guest: Guest) -> None:
        """He has shown a token, and is being answered."""
        if self._is_stranger_no_more(guest):
            self._answered.add(guest)

    def asks(self, guest: Guest) -> None:
        """He is being answered."""
        if guest in self._resting:
            del self._resting[guest]
            self._answered.add(guest)

    def rests(self, guest: Guest) -> None:
        """He has his answer."""
        if guest in self._answered:
            self._answered.discard(guest)
            self._resting[guest] = None

    def leave(self, guest: Guest) -> None:
        """He is gone; once is enough."""
        self._is_stranger_no_more(guest)
        self._resting.pop(guest, None)
        self._answered.discard(guest)

    def _is_stranger_no_more(self, guest: Guest) -> bool:
        neighbourhood = self._strangers.pop(guest, None)
        if neighbourhood is None:
            return False
        near = self._near[neighbourhood]
        del near[guest]
        if not near:
            del self._near[neighbourhood]
        return True
