"""A running mktui as a fleet that a screen can show: the same face as a fleet of one's own, and no router's session.

What a screen asks in passing is answered from what was last heard; a connection that is lost is sought again, and the
picture says since when it is old.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import anyio

from mktui import clock
from mktui.errors import ControlError, MktuiError, NobodyServes
from mktui.monitor.percentiles import Percentiles
from mktui.monitor.records import Audited, ErrorLog
from mktui.services.control import charts
from mktui.services.control.alerts import AttachedAlerts
from mktui.services.control.billing import AttachedBilling
from mktui.services.control.client import open_link
from mktui.services.control.consoles import AttachedConsole
from mktui.services.control.customers import AttachedCustomers
from mktui.services.control.dialling import ASKING, CONNECT
from mktui.services.control.feed import Picture
from mktui.services.control.forms import fingerprint, heard
from mktui.services.control.messages import Wish
from mktui.services.control.newcomers import AttachedNewcomers, print_of, saved_of
from mktui.services.control.schedule import AttachedSchedule
from mktui.services.control.stability import AttachedTests
from mktui.services.planning import Planning, PlanStage
from mktui.sync.order import Order

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import TaskGroup, TaskStatus

    from mktui.config.save import Seen
    from mktui.core.client.connection_test import TestReport, TestStep
    from mktui.monitor.percentiles import Chart
    from mktui.monitor.snapshot import Snapshot
    from mktui.services.configuring import Saved
    from mktui.services.control.client import ControlLink, OnStep
    from mktui.services.control.dialling import Target
    from mktui.sync.report import Report

EVERY: Final = 0.5
EVERY_FAR: Final = 1.0
"""Seconds between two pictures, here and over a network."""
QUIET: Final = 5.0
"""Seconds of silence after which the picture is called old."""
DEAD: Final = 30.0
"""Seconds of silence after which the connection is given up."""
FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 15.0
_ERRORS_EVERY: Final = 2.0
_CHARTS_EVERY: Final = 15.0
"""While the other side still has to read what was before its start."""


class AttachedFleet:
    """Shows what another mktui holds. Run ``run`` beside it."""

    def __init__(
        self, target: Target, tasks: TaskGroup, *, may_write: bool = True, origin: str = "", badge: str = ""
    ) -> None:
        self.may_write = may_write
        """What the other side allows, once it is connected."""
        self.customers = AttachedCustomers(self, tasks)
        self.newcomers = AttachedNewcomers(self)
        self.console = AttachedConsole(self)
        self.alerts = AttachedAlerts(self)
        self.schedule = AttachedSchedule(self)
        self.billing = AttachedBilling(self, tasks)
        self.stability = AttachedTests(self, tasks)
        self._percentiles: dict[str, Percentiles] = {}
        self._charts_due_at: dict[str, float] = {}
        self._target = target
        self._tasks = tasks
        self._origin = origin
        self._badge = badge
        self._screen = secrets.token_hex(16)
        self._link: ControlLink | None = None
        self._picture = Picture()
        self._seen: Snapshot | None = None
        self._heard_at = 0.0
        self._marks: dict[str, tuple[int, int]] = {}
        self._kept: dict[tuple[str, str], tuple[int, Any]] = {}  # Any: a plan, or a report
        self._fetching: set[tuple[str, str]] = set()
        self._log = ErrorLog()
        self._log_due_at = 0.0
        self._changes: tuple[Audited, ...] = ()
        self._changes_due_at = 0.0
        self._first_picture = anyio.Event()

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Be connected, again and again, until cancelled.

        Raises:
            ControlError: The first connection cannot be made.
        """
        wait, is_first = FIRST_WAIT, True
        while True:
            try:
                async with (
                    self._target.dial(first=is_first) as stream,
                    open_link(
                        stream, str(self._target), role="admin" if self.may_write else "viewer",
                        origin="" if self._target.is_far else self._origin, screen=self._screen,
                        badge="" if self._target.is_far else self._badge,
                        within=ASKING if self._target.is_far and is_first else CONNECT,
                    ) as link,
                ):  # fmt: skip
                    await self._hold(link)
                    if is_first:
                        is_first = False
                        task_status.started()
                    wait = FIRST_WAIT
                    await self._watch(link)
            except ControlError:
                if is_first:
                    raise
            finally:
                self._link = None
            await anyio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    async def _hold(self, link: ControlLink) -> None:
        """Begin to hear; returns with the first picture."""
        self._picture, self._marks, self._first_picture = Picture(), {}, anyio.Event()
        self._charts_due_at = {}
        self._kept = {key: (-1, kept) for key, (_, kept) in self._kept.items()}
        self.may_write = bool(link.greeting.get("may_write"))
        every = EVERY_FAR if self._target.is_far else EVERY
        self._heard_at = clock.now() if self._seen is None else self._heard_at
        await link.subscribe(self._take, every=every)
        with anyio.move_on_after(DEAD):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._until_lost, link, tasks.cancel_scope)
                await self._first_picture.wait()
                tasks.cancel_scope.cancel()
        if not self._first_picture.is_set():
            raise NobodyServes("no picture came", place=link.place)
        self._link = link

    async def _until_lost(self, link: ControlLink, scope: anyio.CancelScope) -> None:
        await link.lost.wait()
        scope.cancel()

    async def _watch(self, link: ControlLink) -> None:
        """Return when the connection has ended, or has been silent for too long."""
        while not link.lost.is_set() and clock.now() - self._heard_at < DEAD:
            with anyio.move_on_after(1):
                await link.lost.wait()

    def _take(self, news: Any) -> None:  # Any: JSON
        self._seen = self._picture.take(news)
        self._marks = {name: (int(plan), int(report)) for name, (plan, report) in news["marks"].items()}
        self._heard_at = clock.now()
        for router in self._seen.routers:
            percentiles = self._percentiles.setdefault(router.name, Percentiles())
            percentiles.add(self._heard_at, router.pool.performance.response)
        self._first_picture.set()

    # --- what a screen asks in passing

    def snapshot(self) -> Snapshot:
        """Return the last picture; one that is old says so, and its ages go on."""
        assert self._seen is not None, "not connected yet"
        silent = clock.now() - self._heard_at
        if self._link is not None and silent < QUIET:
            return self._seen
        return replace(self._seen, at=self._seen.at + timedelta(seconds=silent), lost_for=silent)

    def chart(self, name: str) -> Chart:
        """Return a router's percentiles: what is known there is asked for once, and this screen goes on from it."""
        if self._link is not None and clock.now() >= self._charts_due_at.get(name, 0.0):
            self._charts_due_at[name] = math.inf
            self._in_background(partial(self._fetch_chart, name), f"chart {name}")
        return self._percentiles.get(name, Percentiles()).chart

    def plan_of(self, name: str) -> Planning | None:
        """Return the plan that is looked at, as far as it has been heard."""
        self._want("planning", name, self._marks.get(name, (0, 0))[0])
        found: Planning | None = self._kept.get(("planning", name), (0, None))[1]
        return found

    def last_report(self, name: str) -> Report | None:
        """Return what became of each row of the last run, as far as it has been heard."""
        self._want("report", name, self._marks.get(name, (0, 0))[1])
        found: Report | None = self._kept.get(("report", name), (0, None))[1]
        return found

    def errors(self) -> ErrorLog:
        """Return the error log as far as it has been heard."""
        return self._log

    def watch_errors(self) -> None:
        """Ask for the error log soon; may be called as often as one likes."""
        if clock.now() >= self._log_due_at:
            self._log_due_at = clock.now() + _ERRORS_EVERY
            self._in_background(self._fetch_errors, "errors")

    def changes(self) -> tuple[Audited, ...]:
        """Return who changed what as far as it has been heard."""
        return self._changes

    def watch_changes(self) -> None:
        """Ask for the changes soon; may be called as often as one likes."""
        if clock.now() >= self._changes_due_at:
            self._changes_due_at = clock.now() + _ERRORS_EVERY
            self._in_background(self._fetch_changes, "changes")

    def watch_billing(self) -> None:
        """Ask soon how billing stands."""
        if self._link is not None:
            self._in_background(self._watch_billing, "billing")

    # --- what is done there

    def start_plan(self, name: str, order: Order | None = None) -> None:
        """Begin to plan there."""
        planning = Planning(order or Order(), clock.utc_now())
        self._keep(("planning", name), planning)
        wish = Wish.of(planning.order).model_dump(mode="json")
        self._start(planning, name, "plan", wish=wish)

    def start_sync(self, name: str, order: Order | None = None) -> None:
        """Begin a sync there: of exactly the plan that was seen here, when one was."""
        order = order or Order()
        saved = fingerprint(order.saved) if order.saved is not None else ""
        planning = self._kept.get(("planning", name), (0, None))[1] or Planning(order, clock.utc_now())
        self._start(planning, name, "apply", wish=Wish.of(order).model_dump(mode="json"), saved=saved)

    async def test(self, name: str, *, on_step: Callable[[TestStep], None] | None = None) -> TestReport:
        """Test a router, from there."""
        told: OnStep = (lambda step: on_step(heard(step))) if on_step is not None else (lambda _step: None)
        report: TestReport = heard(await self.ask("test", router=name, on_step=told))
        return report

    async def reset(self, name: str) -> None:
        """Replace a router's connections."""
        await self.ask("reset", router=name)

    async def isolate(self, name: str) -> None:
        """Ask a router nothing more."""
        await self.ask("isolate", router=name)

    async def probe(self, name: str) -> None:
        """Let a router back in."""
        await self.ask("probe", router=name)

    async def hold(self, name: str, reason: str) -> None:
        """Let no automatic sync touch a router."""
        await self.ask("hold", router=name, reason=reason)

    async def let_go(self, name: str) -> None:
        """Let a router's automatic syncs go on."""
        await self.ask("let go", router=name)

    async def config_text(self) -> Seen | None:
        """Return the configuration's file as it is there."""
        seen: Seen | None = heard(await self.ask("config"))
        return seen

    async def save_config(self, seen: Seen, text: str) -> Saved:
        """Save it there, and apply at once what can be."""
        return saved_of(await self.ask("save config", text=text, **print_of(seen)))

    async def ask(self, do: str, *, on_step: OnStep = lambda _step: None, **facts: Any) -> Any:  # Any: JSON
        """Ask the other side.

        Raises:
            NobodyServes: It is not connected now, or no longer.
            ControlRefused: It answered no.
        """
        link = self._link
        if link is None:
            raise NobodyServes("not connected; it is tried again and again", place=str(self._target))
        return await link.ask(do, on_step=on_step, **facts)

    # --- in the background

    def _start(self, planning: Planning, name: str, do: str, **facts: Any) -> None:  # Any: JSON
        async def work() -> None:
            try:
                await self.ask(do, router=name, **facts)
            except MktuiError as error:
                problem = " ".join(str(error).split())
                self._keep(("planning", name), replace(planning, stage=PlanStage.FAILED, plan=None, problem=problem))

        self._tasks.start_soon(work, name=f"{do} {name}")

    def _keep(self, key: tuple[str, str], value: Any) -> None:  # Any: a plan
        """Keep what is known here already, until the other side has something newer."""
        self._kept[key] = (self._kept.get(key, (0, None))[0], value)

    def _want(self, what: str, name: str, number: int) -> None:
        key = (what, name)
        if self._link is None or key in self._fetching or self._kept.get(key, (0, None))[0] == number:
            return

        async def fetch() -> None:
            try:
                self._kept[key] = (number, heard(await self.ask(what, router=name)))
            finally:
                self._fetching.discard(key)

        self._fetching.add(key)
        self._in_background(fetch, f"{what} {name}")

    def _in_background(self, work: Callable[[], Any], name: str) -> None:  # Any: an awaitable
        async def quietly() -> None:
            try:
                await work()
            except MktuiError:
                return  # what is known stays, with its age

        self._tasks.start_soon(quietly, name=f"attached {name}")

    async def _fetch_chart(self, name: str) -> None:
        steps, is_whole = charts.heard(await self.ask("chart", router=name))
        self._percentiles.setdefault(name, Percentiles()).recall(clock.now(), steps)
        if not is_whole:
            self._charts_due_at[name] = clock.now() + _CHARTS_EVERY

    async def _fetch_errors(self) -> None:
        self._log = heard(await self.ask("errors"))

    async def _fetch_changes(self) -> None:
        found = heard(await self.ask("changes"))
        if found != self._changes:
            self._changes = found

    async def _watch_billing(self) -> None:
        await self.ask("watch billing")
