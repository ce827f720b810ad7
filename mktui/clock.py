"""The one place that knows time and chance. Everything that decides takes ``now`` as an argument.

``now()`` is the event loop's own clock, so that a test's virtual clock moves everything at once.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio
from anyio.lowlevel import current_token

if TYPE_CHECKING:
    from collections.abc import Callable

RANDOM: Final = random.Random()  # noqa: S311 - jitter, not cryptography
"""The random source of jitter. Functions that use chance take a ``random.Random`` and default to this one."""


def now() -> float:
    """Return the running event loop's monotonic time in seconds. Its zero means nothing; differences do."""
    return anyio.current_time()


@dataclass(frozen=True, slots=True)
class LoopClock:
    """One loop's time and events without asking each time which loop it is: a tenth of the cost."""

    now: Callable[[], float]
    token: Callable[[], object]
    """The running loop's token; RuntimeError outside any loop of its kind."""
    own_token: object
    event: Callable[[], anyio.Event]

    @property
    def is_running(self) -> bool:
        """The caller runs in this very loop."""
        try:
            return self.token() is self.own_token
        except RuntimeError:
            return False


def of_this_loop() -> LoopClock:
    """Return the running loop's clock."""
    backend = current_token().backend_class
    return LoopClock(backend.current_time, backend.current_token, backend.current_token(), backend.create_event)


def utc_now() -> dt.datetime:
    """Return the calendar's time, in UTC."""
    return dt.datetime.now(dt.UTC)
