"""When to try again, and how long to wait first. Pure.

Full jitter: a uniform pause between nothing and a ceiling that doubles, so that callers who failed together do not
come back together. A budget bounds retries to a share of requests: a dying router is not beaten by its clients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui.core.pool.effects import Effect
from mktui.errors import CircuitOpen, Overloaded

if TYPE_CHECKING:
    import random

    from mktui.errors import MktuiError

BUDGET_SHARE: Final = 0.2
"""Retries allowed per request, in the long run."""
BUDGET_FLOOR: Final = 3.0
"""Retries that are always allowed after a quiet time."""


class RetryBudget:
    """A bucket that each request fills by a share and each retry empties by one."""

    def __init__(self) -> None:
        self._tokens = BUDGET_FLOOR

    def request(self) -> None:
        """Count a first attempt."""
        if self._tokens < BUDGET_FLOOR:
            self._tokens = min(BUDGET_FLOOR, self._tokens + BUDGET_SHARE)

    def spend(self) -> bool:
        """Take one retry out of the bucket; False when it is empty."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def may_retry(error: MktuiError, effect: Effect) -> bool:
    """Say whether sending again is safe: a passing fault, and it cannot be done twice.

    What the pool itself refused (circuit open, queue full) is for the caller to try later: more of it would not help.
    """
    if isinstance(error, (CircuitOpen, Overloaded)) or not error.transient:
        return False
    return not error.maybe_executed or effect is Effect.READ


def pause(attempt: int, delay: float, max_delay: float, random: random.Random) -> float:
    """Return the seconds before retry number ``attempt`` (from 1)."""
    return random.uniform(0.0, min(max_delay, delay * 2 ** (attempt - 1)))
