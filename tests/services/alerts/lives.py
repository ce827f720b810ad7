"""Alerts that live, are killed and live again in one loop: recorded routers, a drawer for a file, takers by order."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio

from mktui.core.pool.health import Health, HealthStatus
from mktui.monitor.alert_rules import Limits
from mktui.monitor.alerts import Settings, Status
from mktui.monitor.snapshot import Snapshot
from mktui.services.alerts.keeping import AlertFile, Kept
from mktui.services.alerts.plan import AlertPlan
from mktui.services.alerts.telling import NotTold
from mktui.services.alerts.watching import Alerting
from tests.terminal.recorded import edge_1

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Sequence

    from mktui.monitor.alerts import Notice
    from mktui.monitor.silences import Silence

BEGIN: Final = dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC)
SECOND: Final = dt.timedelta(seconds=1)


class Calendar:
    """The time of day, as the test has it."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> dt.datetime:
        return self.now


@dataclass
class Routers:
    """A fleet: who is in it, and who of them is down."""

    down: set[str] = field(default_factory=set)
    names: tuple[str, ...] = ("a", "b")
    noted: list[str] = field(default_factory=list)
    billing_asked: int = 0
    looks: int = 0

    def snapshot(self) -> Snapshot:
        """Return how they are."""
        self.looks += 1
        well, down = edge_1(), Health(HealthStatus.OFFLINE, None, (f"unreachable: {self.looks} tries in vain",))
        routers = (replace(well, name=name, health=down if name in self.down else well.health) for name in self.names)
        return Snapshot(BEGIN, "fleet", tuple(routers))

    def watch_billing(self) -> None:
        """Count it."""
        self.billing_asked += 1

    def note(self, router: str, kind: str, text: str) -> None:
        """Keep it."""
        self.noted.append(f"{router} {kind} {text}")


@dataclass
class Shelf:
    """What outlives a process. ``release``: until it is set, nothing that is written gets there."""

    texts: list[str] = field(default_factory=list)
    silences: tuple[Silence, ...] = ()
    is_full: bool = False
    release: threading.Event | None = None


class Drawer(AlertFile):
    """A file that is none: quick, and as whole or not at all as one."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        super().__init__(Path("/nowhere/alerts.json"))
        self.shelf = shelf or Shelf()
        self.is_dead = False

    def reborn(self) -> Drawer:
        """Return it as another process finds it."""
        return Drawer(self.shelf)

    @property
    def writes(self) -> int:
        """How often it was written."""
        return len(self.shelf.texts)

    def claim(self) -> str:
        """Nobody else is there."""
        return ""

    def read(self) -> tuple[Kept, str]:
        """Return what was kept."""
        return (Kept.model_validate_json(self.shelf.texts[-1]) if self.shelf.texts else Kept()), ""

    def write(self, kept: Kept) -> None:
        """Keep it."""
        if self.shelf.is_full:
            raise OSError(28, "No space left on device")
        if self.shelf.release is not None:
            self.shelf.release.wait(20)
        if not self.is_dead:  # a thread of somebody who was killed does not go on
            self.shelf.texts.append(kept.model_dump_json())

    def silences(self) -> tuple[Silence, ...]:
        """Return what is silenced."""
        return self.shelf.silences


class Somebody:
    """Who is told, and takes a message or not by order; ``heard``: status, router, since when, whether again."""

    kind: Final = "hook"

    def __init__(self, name: str = "noc", orders: Iterable[bool] = ()) -> None:
        self.name = name
        self.orders = list(orders)
        self.heard: list[tuple[str, str, dt.datetime, bool]] = []
        self.tries = 0

    async def tell(self, body: dict[str, Any], notices: Sequence[Notice]) -> None:  # Any: JSON
        """Take it, or not."""
        del body
        self.tries += 1
        await anyio.lowlevel.checkpoint()
        if self.orders and not self.orders.pop(0):
            raise NotTold(self.name, "by order")
        self.heard += [(each.status.value, each.router, each.starts_at, each.is_repeat) for each in notices]
        await anyio.lowlevel.checkpoint()  # here he may be killed before we know

    def of(self, router: str) -> list[tuple[str, dt.datetime, bool]]:
        """Return what he heard of a router; the same twice in a row once: that is for him to see."""
        found: list[tuple[str, dt.datetime, bool]] = []
        for status, name, since, is_repeat in self.heard:
            if name == router and found[-1:] != [(status, since, is_repeat)]:
                found.append((status, since, is_repeat))
        return found


def plan(receivers: Iterable[Somebody], file: AlertFile, **changes: Any) -> AlertPlan:  # Any: fields of a plan
    """Only the rule that a router is down, at once, and over at once."""
    settings = Settings({"router_down": 0 * SECOND}, dt.timedelta(hours=4), 0 * SECOND)
    return replace(AlertPlan(settings, Limits(), tuple(receivers), file, max_waiting=1000), **changes)


class Life:
    """One process: it begins with what was kept, and ends in good order or not."""

    def __init__(self, routers: Routers, plan: AlertPlan, say: Callable[[str], None] = lambda _text: None) -> None:
        assert isinstance(plan.file, Drawer)
        self._file = plan.file.reborn()
        self.alerting = Alerting(routers, replace(plan, file=self._file), say)
        self._scope = anyio.CancelScope()

    async def run(self, script: Callable[[Alerting], Any]) -> None:  # Any: an awaitable
        """Live through a script, and be killed at its end."""
        with self._scope:
            await self.alerting.begin()
            async with anyio.create_task_group() as tasks:
                for courier in self.alerting.couriers:
                    tasks.start_soon(courier.run)
                await script(self.alerting)
                tasks.cancel_scope.cancel()
        self._file.is_dead = True


async def settled(alerting: Alerting) -> None:
    """Wait until nothing waits for anybody."""
    with anyio.fail_after(20):
        while any(courier.outbox.waiting for courier in alerting.couriers):
            await anyio.lowlevel.checkpoint()
    await alerting.memory.keep()


def assert_pairs(heard: Sequence[tuple[str, dt.datetime, bool]]) -> None:
    """Each resolved follows its fired, and what fires twice says that it is a repetition."""
    is_open: dt.datetime | None = None
    for status, since, is_repeat in heard:
        if status == Status.RESOLVED.value:
            assert is_open is not None, heard
            is_open = None
        else:
            assert is_repeat or is_open is None, heard
            is_open = since
