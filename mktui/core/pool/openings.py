"""When the next session may be tried, and why the last one could not be opened. Pure: ``now`` is an argument."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mktui.core.pool import retry

if TYPE_CHECKING:
    import random

    from mktui.core.pool.options import PoolOptions
    from mktui.errors import LoginRefused, RouterError


class Openings:
    """What came of opening sessions. ``refusal`` stops it until ``retry_at``; a failure makes it pause."""

    def __init__(self, now: float, random: random.Random) -> None:
        self.refusal: LoginRefused | None = None
        self.last_error: RouterError | None = None
        self.not_before = now
        self.retry_at = math.inf
        self._random = random
        self._failures = 0

    def at_once(self, now: float) -> None:
        """Wait no longer: a person asks for it."""
        self.refusal, self.not_before = None, now

    def begin_anew(self, now: float) -> None:
        """Forget what came of it: from now on another place is tried."""
        self.succeeded()
        self.at_once(now)

    def succeeded(self) -> None:
        """Take a session that is open."""
        self.refusal, self.last_error, self._failures = None, None, 0

    def failed(self, error: RouterError, options: PoolOptions, now: float) -> None:
        """Take a failure to connect: the next try has a pause before it."""
        self.last_error = error
        self._failures += 1
        pause = retry.pause(self._failures, options.retry_delay, options.max_retry_delay, self._random)
        self.not_before = now + pause

    def refused(self, error: LoginRefused, options: PoolOptions, now: float) -> None:
        """Stop trying: the router is alive and says no, and each try is a line in its log."""
        self.refusal = self.last_error = error
        self.retry_at = now + options.auth_retry if options.auth_retry else math.inf

    def tick(self, now: float) -> None:
        """Try again when a refused login has been waited out."""
        if now >= self.retry_at:
            self.refusal = None

    def times(self, now: float) -> list[float]:
        """Return when a session may be tried that may not be now."""
        times = [self.retry_at] if self.refusal is not None else []
        return [*times, self.not_before] if self.not_before > now else times
