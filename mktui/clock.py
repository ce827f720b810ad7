"""The one place that knows time and chance. Everything that decides takes ``now`` as an argument.

``now()`` is the event loop's own clock, so that a test's virtual clock moves everything at once.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Final

import anyio

RANDOM: Final = random.Random()  # noqa: S311 - jitter, not cryptography
"""The random source of jitter. Functions that use chance take a ``random.Random`` and default to this one."""


def now() -> float:
    """Return the running event loop's monotonic time in seconds. Its zero means nothing; differences do."""
    return anyio.current_time()


def utc_now() -> dt.datetime:
    """Return the calendar's time, in UTC."""
    return dt.datetime.now(dt.UTC)
