"""The circuit breaker of one router: a table of states, and counting by its rules. Pure: ``now`` is an argument.

What counts is a failure of a *connection*, never of a command: a trap is an answer. Connections lost within a second
are one event seen several times. HALF_OPEN lets exactly one probe through, on a lease with a token, so that a
late answer of an old probe changes nothing.
"""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random


class BreakerState(enum.StrEnum):
    """What the router may be asked."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"
    ISOLATED = "isolated"


class BreakerEvent(enum.Enum):
    """What moves the state."""

    TRIPPED = enum.auto()
    COOLED_DOWN = enum.auto()
    PROBE_SUCCEEDED = enum.auto()
    PROBE_FAILED = enum.auto()
    ISOLATED = enum.auto()
    PERSON_PROBES = enum.auto()
    BEGUN_ANEW = enum.auto()


TRANSITIONS: Final[dict[BreakerState, dict[BreakerEvent, BreakerState]]] = {
    BreakerState.CLOSED: {
        BreakerEvent.TRIPPED: BreakerState.OPEN,
        BreakerEvent.ISOLATED: BreakerState.ISOLATED,
    },
    BreakerState.OPEN: {
        BreakerEvent.COOLED_DOWN: BreakerState.HALF_OPEN,
        BreakerEvent.PERSON_PROBES: BreakerState.HALF_OPEN,
        BreakerEvent.ISOLATED: BreakerState.ISOLATED,
        BreakerEvent.BEGUN_ANEW: BreakerState.CLOSED,
    },
    BreakerState.HALF_OPEN: {
        BreakerEvent.PROBE_SUCCEEDED: BreakerState.CLOSED,
        BreakerEvent.PROBE_FAILED: BreakerState.OPEN,
        BreakerEvent.ISOLATED: BreakerState.ISOLATED,
        BreakerEvent.BEGUN_ANEW: BreakerState.CLOSED,
    },
    BreakerState.ISOLATED: {
        BreakerEvent.PERSON_PROBES: BreakerState.HALF_OPEN,
    },
}

SAME_EVENT: Final = 1.0
"""Seconds within which lost connections count as one failure."""
MAX_BREAK: Final = 600.0
"""The longest break time, after doubling."""
JITTER: Final = 0.1
"""Break times vary by this share, so that a hundred routers do not come back in one moment."""
HISTORY: Final = 20


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of state. ``at`` is the loop's time; ``lasts`` the break time when it opened."""

    at: float
    state: BreakerState
    reason: str
    lasts: float | None = None


class Breaker:
    """State, counts and history. ``break_time`` is the first break; repeated opening doubles it."""

    def __init__(self, threshold: int, break_time: float, random: random.Random) -> None:
        self.threshold = threshold
        self.break_time = break_time
        self.state = BreakerState.CLOSED
        self.failures = 0
        self.opens = 0
        self.reason = ""
        self.history: deque[Transition] = deque(maxlen=HISTORY)
        self.probe_token: int | None = None
        """The token of the probe under way; None when none is."""
        self.retry_at: float | None = None
        self._random = random
        self._repeats = 0
        self._tokens = 0
        self._lost_at = self._cut_at = float("-inf")
        self._closed_at = float("-inf")

    @property
    def allows(self) -> bool:
        """May callers' commands go?"""
        return self.state is BreakerState.CLOSED

    def retry_after(self, now: float) -> float | None:
        """Return seconds until the router is asked again; 0 while it is being probed; None when isolated."""
        if self.state is BreakerState.ISOLATED:
            return None
        return max(0.0, self.retry_at - now) if self.retry_at is not None else 0.0

    def succeeded(self, now: float) -> None:
        """Count an answer: the run of failures ends, and after a quiet break time the doubling too."""
        self.failures = 0
        if self._repeats and self.state is BreakerState.CLOSED and now - self._closed_at > self._break():
            self._repeats = 0

    def failed(self, now: float, reason: str, *, is_loss: bool = False, is_cut: bool = False) -> bool:
        """Count a connection's failure. True: the circuit has opened.

        ``is_loss``: a ready connection was lost, which others may have been in the same moment. ``is_cut``: one that
        was being opened was cut, and may have been lost with them.
        """
        if self.state is not BreakerState.CLOSED:
            return False
        self.reason = reason
        if (is_loss or is_cut) and now - self._lost_at < SAME_EVENT:
            return False
        if is_loss and now - self._cut_at < SAME_EVENT:
            return False
        if is_loss:
            self._lost_at = now
        elif is_cut:
            self._cut_at = now
        self.failures += 1
        if self.failures < self.threshold:
            return False
        self._open(BreakerEvent.TRIPPED, now, f"{self.failures} failures in a row, the last: {reason}")
        return True

    def begin_probe(self, now: float, *, by_hand: bool = False) -> int | None:
        """Enter HALF_OPEN when it is time, and return the one probe's token."""
        if self.state is BreakerState.OPEN and (by_hand or (self.retry_at is not None and now >= self.retry_at)):
            event = BreakerEvent.PERSON_PROBES if by_hand else BreakerEvent.COOLED_DOWN
        elif self.state is BreakerState.ISOLATED and by_hand:
            event = BreakerEvent.PERSON_PROBES
        else:
            return None
        self._move(event, now, "probed by hand" if by_hand else "the break is over")
        self.retry_at = None
        self._tokens += 1
        self.probe_token = self._tokens
        return self.probe_token

    def end_probe(self, token: int, now: float, *, failure: str | None) -> None:
        """Take a probe's result, once; a token that is not the present probe's changes nothing."""
        if token != self.probe_token:
            return
        self.probe_token = None
        if failure is None:
            self._move(BreakerEvent.PROBE_SUCCEEDED, now, "the router answers")
            self.failures = 0
            self._closed_at = now
        else:
            self.reason = failure
            self._open(BreakerEvent.PROBE_FAILED, now, failure)

    def begin_anew(self, now: float, reason: str) -> bool:
        """Forget what was counted: from now on another place is asked. True: that ends a break.

        An isolation stays; a person has ordered it, and not because of anything that was counted.
        """
        self.failures = self._repeats = 0
        self._lost_at = self._cut_at = self._closed_at = float("-inf")
        if self.state not in {BreakerState.OPEN, BreakerState.HALF_OPEN}:
            return False
        self.probe_token = self.retry_at = None
        self.reason = ""
        self._move(BreakerEvent.BEGUN_ANEW, now, reason)
        return True

    def isolate(self, now: float, reason: str) -> None:
        """Ask nothing more until a person ends it."""
        if self.state is not BreakerState.ISOLATED:
            self.probe_token = None
            self.retry_at = None
            self.reason = reason
            self._move(BreakerEvent.ISOLATED, now, reason)

    def _break(self) -> float:
        return float(min(MAX_BREAK, self.break_time * 2 ** max(0, self._repeats - 1)))

    def _open(self, event: BreakerEvent, now: float, reason: str) -> None:
        self.opens += 1
        self._repeats += 1
        lasts = self._break() * self._random.uniform(1 - JITTER, 1 + JITTER)
        self.retry_at = now + lasts
        self._move(event, now, reason, lasts)

    def _move(self, event: BreakerEvent, now: float, reason: str, lasts: float | None = None) -> None:
        self.state = TRANSITIONS[self.state][event]
        self.history.append(Transition(now, self.state, reason, lasts))
