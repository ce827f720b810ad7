"""What is done by itself: jobs that went well and not, one that runs, none at all, and as they were 95 s ago."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mktui.errors import NobodyServes
from mktui.monitor.snapshot import JobOutcome
from mktui.tui.screens.schedule import ScheduleScreen
from tests.terminal.pictured import Shown, State, keys
from tests.terminal.pictured_routers import lost
from tests.terminal.recorded import RecordedServices, fleet
from tests.terminal.recorded_schedule import CHECK, JOBS, NOW, RESET, SYNC

if TYPE_CHECKING:
    from collections.abc import Callable

    from mktui.monitor.snapshot import JobState
    from tests.terminal.pictured import Reasons

NORMAL, EMPTY, LOADING, ERROR, OFFLINE = State
MISSED: Final = replace(RESET, last_at=None, outcomes=(), seconds=None, missed_at=NOW.replace(day=22, hour=4, minute=0))
BEGUN: Final = NOW - timedelta(seconds=12)
RUNNING: Final = replace(CHECK, is_running=True, last_at=BEGUN, seconds=None, outcomes=CHECK.outcomes[:3])
HELD: Final = JobOutcome("tower-7", "failed", "tower-7 is being synced by ana on noc-2: wait until it is done", NOW)
TOWERS: Final = tuple(f"tower-{number}" for number in range(1, 41))
MANY: Final = replace(
    SYNC, words="hourly", routers=TOWERS,
    outcomes=(HELD, *(JobOutcome(name, "done", "in step", NOW) for name in TOWERS if name != HELD.router)),
)  # fmt: skip


def keeping(*jobs: JobState, refuses: bool = False) -> Callable[[], RecordedServices]:
    """The fleet with these jobs."""

    def services() -> RecordedServices:
        found = RecordedServices(replace(fleet(), maintenance=jobs))
        found.schedule.refuses = NobodyServes("nobody answers", place="/run/mktui.sock") if refuses else None
        return found

    return services


def lost_jobs() -> RecordedServices:
    """What was seen of them 95 s ago."""
    services = lost()
    services.recorded = replace(services.recorded, maintenance=JOBS)
    return services


SHOWN: Final = (
    Shown(ScheduleScreen, NORMAL, keys("8"), keeping(*JOBS)),
    Shown(ScheduleScreen, NORMAL, keys("8", "G"), keeping(CHECK, MISSED, MANY), which="many"),
    Shown(ScheduleScreen, EMPTY, keys("8"), keeping()),
    Shown(ScheduleScreen, LOADING, keys("8"), keeping(RUNNING, RESET, SYNC)),
    Shown(ScheduleScreen, ERROR, keys("8", "G", "J", "y"), keeping(*JOBS, refuses=True)),
    Shown(ScheduleScreen, OFFLINE, keys("8"), lost_jobs),
)
CANNOT: Final[Reasons] = {}
