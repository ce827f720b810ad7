"""A recording served as a fleet is: the same pictures at the same pace, or faster. Nothing can be done to it."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from mktui import clock
from mktui.errors import RecordingUnreadable, WrongUse
from mktui.monitor.percentiles import Percentiles
from mktui.monitor.recording import read
from mktui.monitor.records import ErrorLog
from mktui.services.chronicle import log_of
from mktui.services.no_billing import NoBilling
from mktui.services.no_customers import NoCustomers
from mktui.services.no_newcomers import NoAlerts, NoConsole, NoNewcomers, NoSchedule
from mktui.services.no_tests import NoTests

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import NoReturn

    from mktui.config.save import Seen
    from mktui.core.client.connection_test import TestReport, TestStep
    from mktui.monitor.percentiles import Chart
    from mktui.monitor.records import Audited
    from mktui.monitor.snapshot import Snapshot
    from mktui.services.configuring import Saved
    from mktui.services.planning import Planning
    from mktui.sync.order import Order
    from mktui.sync.report import Report


def load(path: Path, say: Callable[[str], None] = lambda _text: None) -> list[Snapshot]:
    """Return the pictures of a recording, in their order; ``say`` hears when it was cut. Blocks.

    Raises:
        RecordingUnreadable: It is none, or holds none.
    """
    found = list(read(path, say))
    if not found:
        raise RecordingUnreadable(path, "it holds no picture")
    return found


class Replay:
    """Serves the picture of the moment. ``speed`` 60: an hour in a minute. At its end the last picture stays."""

    def __init__(self, pictures: Sequence[Snapshot], *, speed: float = 1.0) -> None:
        self.customers, self.billing = NoCustomers(), NoBilling()
        self.newcomers = NoNewcomers()
        self.console = NoConsole()
        self.alerts = NoAlerts()
        self.schedule = NoSchedule()
        self._trends: dict[str, tuple[Percentiles, int]] = {}
        self.stability = NoTests()
        self._pictures = pictures
        self._speed = speed
        self._begun_at: float | None = None
        self._logged_of: Snapshot | None = None
        self._log = ErrorLog()
        first = pictures[0].at
        self._offsets = [(each.at - first).total_seconds() for each in pictures]

    def snapshot(self) -> Snapshot:
        """Return the picture that was seen so long after the first one."""
        return self._pictures[self._number()]

    def _number(self) -> int:
        now = clock.now()
        if self._begun_at is None:
            self._begun_at = now
        elapsed = (now - self._begun_at) * self._speed
        return max(0, bisect_right(self._offsets, elapsed) - 1)

    def chart(self, name: str) -> Chart:
        """Return a router's percentiles as far as the recording has been shown."""
        trend, done = self._trends.get(name, (Percentiles(), 0))
        number = self._number()
        for picture in self._pictures[done : number + 1]:
            router = picture.router(name)
            if router is not None:
                trend.add(picture.at.timestamp(), router.pool.performance.response)
        self._trends[name] = trend, max(done, number + 1)
        return trend.chart

    async def test(self, name: str, *, on_step: Callable[[TestStep], None] | None = None) -> TestReport:
        """Nothing can be asked of what has been."""
        del on_step
        self._refuse(name)

    async def reset(self, name: str) -> None:
        """Nothing can be done to it."""
        self._refuse(name)

    async def config_text(self) -> Seen | None:
        """A recording has no file."""
        return None

    async def save_config(self, seen: Seen, text: str) -> Saved:
        """Nothing can be saved into what has been."""
        del text
        self._refuse(seen.file.name)

    async def isolate(self, name: str) -> None:
        """Nothing can be done to it."""
        self._refuse(name)

    async def probe(self, name: str) -> None:
        """Nothing can be done to it."""
        self._refuse(name)

    def start_plan(self, name: str, order: Order | None = None) -> None:
        """There is nothing to plan."""

    def plan_of(self, name: str) -> Planning | None:
        """There is no plan."""
        del name
        return None

    def start_sync(self, name: str, order: Order | None = None) -> None:
        """There is nothing to sync."""

    def last_report(self, name: str) -> Report | None:
        """Reports are not in a recording."""
        del name
        return None

    def errors(self) -> ErrorLog:
        """Return what went wrong, as far as the routers' events of the moment tell it."""
        picture = self.snapshot()
        if picture is not self._logged_of:
            self._logged_of, self._log = picture, log_of(picture)
        return self._log

    def watch_errors(self) -> None:
        """They are in the pictures as they were."""

    def changes(self) -> tuple[Audited, ...]:
        """Who changed what is not in a recording."""
        return ()

    def watch_changes(self) -> None:
        """They are not in a recording."""

    def watch_billing(self) -> None:
        """Billing is in the pictures as it was."""

    async def hold(self, name: str, reason: str) -> None:
        """Nothing can be done to it."""
        del reason
        self._refuse(name)

    async def let_go(self, name: str) -> None:
        """Nothing can be done to it."""
        self._refuse(name)

    def _refuse(self, name: str) -> NoReturn:
        raise WrongUse(f"{name}: this is a recording")
