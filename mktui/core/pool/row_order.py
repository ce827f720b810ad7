"""Writes to one row go one after another, in the order they were asked. Pure.

While a write to a row is unsettled, later ones wait: else a ``disabled=yes`` that timed out may run after the
``disabled=no`` that came later. A write that ended unknown leaves its row in doubt: the next one goes only after a
fresh read.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mktui.core.pool.effects import RowKey
    from mktui.core.pool.job import Job


@dataclass(slots=True, eq=False)
class Claim:
    """One write's place in the line of each row it names. It is held until its caller knows and its tags are back."""

    keys: tuple[RowKey, ...]
    tags: int = 0
    """Attempts whose tag is still taken at the router."""
    is_finished: bool = False
    is_unknown: bool = False
    is_reading: bool = False
    parked: Job | None = None
    """The attempt that waits for its turn."""


class RowOrder:
    """The lines of all rows that somebody writes to."""

    def __init__(self) -> None:
        self._lines: dict[RowKey, deque[Claim]] = {}
        self._in_doubt: set[RowKey] = set()

    def __len__(self) -> int:
        return len(self._lines)

    def enter(self, keys: tuple[RowKey, ...]) -> Claim:
        """Join the end of each row's line, all at once: so nobody waits for one who waits for him."""
        claim = Claim(keys)
        for key in keys:
            self._lines.setdefault(key, deque()).append(claim)
        return claim

    def is_turn(self, claim: Claim) -> bool:
        """Say whether every earlier write to its rows is over."""
        return all(self._lines[key][0] is claim for key in claim.keys)

    def is_in_doubt(self, claim: Claim) -> bool:
        """Say whether its rows must be read first."""
        return any(key in self._in_doubt for key in claim.keys)

    def was_read(self, claim: Claim) -> None:
        """Note a fresh read of its rows."""
        self._in_doubt.difference_update(claim.keys)

    def forget_doubts(self) -> None:
        """Forget them all: the router has booted, and these ids mean nothing any more."""
        self._in_doubt.clear()

    def leave(self, claim: Claim) -> list[Claim]:
        """End a claim that is finished and has its tags back; return those whose turn may have come."""
        if not claim.is_finished or claim.tags:
            return []
        heirs: dict[int, Claim] = {}
        for key in claim.keys:
            line = self._lines[key]
            line.remove(claim)
            if claim.is_unknown:
                self._in_doubt.add(key)
            if line:
                heirs[id(line[0])] = line[0]
            else:
                del self._lines[key]
        return list(heirs.values())
