"""What is done by itself at the recorded moment, by a clock in Prague, and a desk where jobs are run now."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

import anyio

from mktui.monitor.snapshot import JobOutcome, JobState

if TYPE_CHECKING:
    from mktui.errors import MktuiError

NOW: Final = datetime(2026, 11, 23, 4, 40, 12, tzinfo=timezone(timedelta(hours=1)))
ROUTERS: Final = ("edge-1", "edge-2", "hotspot-plaza", "tower-west", "tower-cerro-alto")
AWAY: Final = "offline: circuit open: connection refused"
REFUSED: Final = "offline: login refused: invalid user name or password (6)"


def _ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


CHECK: Final = JobState(
    "self check", "daily 03:30", NOW.replace(day=24, hour=3, minute=30, second=0), routers=ROUTERS, seconds=6.2,
    last_at=_ago(70.2), outcomes=(
        JobOutcome("edge-1", "done", "edge-1 is fine: RouterOS 7.20.8 (long-term), 0.1 s", _ago(70.1)),
        JobOutcome("edge-2", "done", "edge-2 is fine: RouterOS 7.20.8 (long-term), 0.2 s", _ago(70.1)),
        JobOutcome("hotspot-plaza", "done", "hotspot-plaza is fine: RouterOS 7.16.2 (stable), 3.1 s", _ago(70.1)),
        JobOutcome("tower-west", "failed", "tower-west cannot be reached: 10.0.9.1:8728 refuses the connection "
                   "(is its api service on?)", _ago(70.1)),
        JobOutcome("tower-cerro-alto", "failed", "tower-cerro-alto refuses the login: invalid user name or password "
                   "(6)", _ago(70.1)),
    ),
)  # fmt: skip
RESET: Final = JobState(
    "pool reset", "sunday 04:00 on edge-2, tower-*", NOW.replace(day=29, hour=4, minute=0, second=0),
    routers=("edge-2", "tower-west", "tower-cerro-alto"), seconds=2.4, last_at=NOW.replace(day=22, hour=4, minute=0),
    outcomes=(
        JobOutcome("tower-west", "skipped", AWAY, NOW.replace(day=22, hour=4, minute=0)),
        JobOutcome("tower-cerro-alto", "skipped", REFUSED, NOW.replace(day=22, hour=4, minute=0)),
        JobOutcome("edge-2", "done", "", NOW.replace(day=22, hour=4, minute=0)),
    ),
)  # fmt: skip
SYNC: Final = JobState(
    "sync", "hourly on edge-*", NOW.replace(hour=5, minute=0, second=0), routers=("edge-1", "edge-2"), seconds=4.8,
    last_at=_ago(40.2), outcomes=(
        JobOutcome("edge-1", "done", "41 planned: 41 applied", _ago(40.1)),
        JobOutcome("edge-2", "done", "in step", _ago(40.1)),
    ),
)  # fmt: skip
JOBS: Final = (CHECK, RESET, SYNC)


class RecordedSchedule:
    """Remembers what was asked for. ``refuses``: what it answers instead."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.refuses: MktuiError | None = None

    async def run(self, job: str) -> None:
        """Remember it."""
        await anyio.lowlevel.checkpoint()
        if self.refuses is not None:
            raise self.refuses
        self.ran.append(job)
