"""Looks every few seconds whether something is wrong, keeps what it finds, and lets everybody be told. One task.

The book decides, which is pure; here is only what waits: for the next look, for the disk, for receivers. No pool and no
screen waits for any of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

import anyio

from mktui import clock
from mktui.monitor.alert_rules import judged
from mktui.monitor.alerts import AlertBook
from mktui.monitor.outbox import Outbox
from mktui.monitor.silences import standing
from mktui.monitor.snapshot import AlertsState
from mktui.services.alerts.keeping import Kept, KeptBox
from mktui.services.alerts.kept import receiver_as_kept, seen
from mktui.services.alerts.memory import SILENT, Memory
from mktui.services.alerts.sending import Courier
from mktui.services.log import write_crash

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import TaskGroup

    from mktui.monitor.alert_rules import Judgement, Key
    from mktui.monitor.alerts import Notice
    from mktui.monitor.silences import Silence
    from mktui.monitor.snapshot import SeenAlert, Snapshot
    from mktui.services.alerts.keeping import AlertFile
    from mktui.services.alerts.plan import AlertPlan
    from mktui.services.alerts.telling import Receiver

LOOK: Final = 5.0
"""Seconds between two looks."""
LAST_TRY: Final = 3.0
"""Seconds that receivers have at the end."""
BILLING: Final = 60.0
"""Seconds between two questions how the routers stand with billing."""
AFTER_A_BUG: Final = 60.0
_IN_A_ROW: Final = 20


class Watched(Protocol):
    """What is watched: a fleet."""

    def snapshot(self) -> Snapshot:
        """Return how everything is now."""

    def watch_billing(self) -> None:
        """Ask billing soon how the routers stand."""

    def note(self, router: str, kind: str, text: str) -> None:
        """Put something into a router's history."""


class Alerting:
    """Watches a fleet. ``say`` hears what somebody should know who reads no screen."""

    def __init__(self, fleet: Watched, plan: AlertPlan, say: Callable[[str], None]) -> None:
        self._fleet = fleet
        self._plan = plan
        self._next: AlertPlan | None = None
        self._post: TaskGroup | None = None
        self._say = say
        self._book = AlertBook(plan.settings)
        self.couriers: tuple[Courier, ...] = ()
        self.memory = Memory(plan.file, self._to_keep, say)
        self._of_another: Kept | None = Kept()
        """What the one who tells has kept; None: we tell."""
        self._problem = ""
        self._silences: tuple[Silence, ...] = ()
        self._standing: tuple[Silence, ...] = ()
        self._seen: tuple[SeenAlert, ...] = ()
        self._signature: object = None
        self._ask_billing_at = 0.0
        self._is_over = anyio.Event()

    @property
    def file(self) -> AlertFile:
        """Where everything is kept."""
        return self._plan.file

    def take(self, plan: AlertPlan) -> str:
        """Go by another plan from the next look on; its file stays as it was.

        Returns:
            Why nothing of it is seen yet: another one tells. "": it is.
        """
        self._next = replace(plan, file=self.file)
        return self._problem if self._of_another is not None else ""

    def _adopt(self) -> None:
        """Between two looks. A rule that went resolves its alerts; a receiver keeps what waits for it, by its name."""
        if self._next is None:
            return
        self._plan, self._next = self._next, None
        self._book.follow(self._plan.settings)
        self._signature = None  # who is told now is worth the disk's time
        before = {courier.name: courier for courier in self.couriers}
        self.couriers = tuple(self._courier_now(each, before.pop(each.name, None)) for each in self._plan.receivers)
        for gone in before.values():
            gone.finish()

    def _courier_now(self, receiver: Receiver, before: Courier | None) -> Courier:
        if before is not None:
            before.turn_to(receiver, self._plan.max_waiting, self._plan.external_url)
            return before
        courier = self._courier(receiver, None)
        if self._post is not None:  # else it is started with the others
            self._post.start_soon(courier.run)
        return courier

    async def read_silences(self) -> None:
        """Take in what is silenced."""
        self._silences = await self.memory.silences(self._silences)
        self._see()

    @property
    def state(self) -> AlertsState:
        """How it stands; while another one tells, as he has kept it."""
        other = self._of_another
        receivers = (
            tuple(courier.state for courier in self.couriers) if other is None
            else tuple(receiver_as_kept(each, other) for each in self._plan.receivers)
        )  # fmt: skip
        problem = self._problem or self.memory.problem
        return AlertsState(self._seen, self._standing, receivers, problem)

    def _see(self) -> None:
        """Make what is shown until the next look: there may be hundreds of alerts, and many who look at them."""
        now, other = clock.utc_now(), self._of_another
        self._standing = standing(self._silences, now)
        self._seen = seen(self._book.alerts if other is None else other.alerts, self._standing, now)

    async def run(self) -> None:
        """Look until cancelled; then receivers have a moment for what waits, and the rest is kept."""
        try:
            await self._wait_for_turn()
            await self.begin()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._tell, name="receivers of alerts")
                try:
                    await self._watch()
                finally:
                    self._is_over.set()
        finally:
            with anyio.CancelScope(shield=True):
                await self.memory.release()

    async def _wait_for_turn(self) -> None:
        """Return when nobody else tells; until then show what he does."""
        while holder := await self.memory.claim():
            told = f"{holder} tells of alerts; this one takes over when it ends"
            if told != self._problem:
                self._problem = told
                self._say(told)
            self._of_another = await self.memory.of_another()
            await self.read_silences()
            await anyio.sleep(LOOK)

    async def begin(self) -> None:
        """Go on from where it was left off: by us, or by who told before. A new receiver hears what the others know."""
        while (read := await self.memory.read()) is None:
            self._problem = SILENT
            await anyio.sleep(LOOK)
        kept, self._problem = read
        self._plan, self._next = self._next or self._plan, None
        if self._problem:
            self._say(self._problem)
        self._book = AlertBook(self._plan.settings, kept.alerts, {(rule, at): past for rule, at, past in kept.past})
        self.couriers = tuple(self._courier(each, kept.boxes.get(each.name)) for each in self._plan.receivers)
        self._of_another = None

    def _courier(self, receiver: Receiver, box: KeptBox | None) -> Courier:
        kept = box or KeptBox()
        outbox = Outbox(self._plan.max_waiting, kept.waiting, kept.open, kept.tried)
        outbox.left_out = kept.left_out
        courier = Courier(
            receiver, outbox, keep=self.memory.keep, say=self._say, external_url=self._plan.external_url,
            told=kept.told,
        )  # fmt: skip
        if box is None:
            courier.put(self._book.standing())
        return courier

    async def _tell(self) -> None:
        """Run the couriers; they outlive the watch by a moment."""
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as tasks:
                self._post = tasks
                for courier in self.couriers:
                    tasks.start_soon(courier.run)
                await self._is_over.wait()
                self._post = None
                tasks.cancel_scope.deadline = clock.now() + LAST_TRY
                for courier in self.couriers:
                    courier.finish()
            await self.memory.keep()

    async def _watch(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - a bug in a rule must not end the fleet; the next look may do
                self._problem = f"a bug in mktui: {type(error).__name__}; please report {write_crash(error)}"
                self._say(self._problem)
                await anyio.sleep(AFTER_A_BUG)
            await anyio.sleep(LOOK)

    async def look(self) -> None:
        """Look once."""
        self._adopt()
        await self.read_silences()
        await self._want_billing()
        notices = self._book.look(await self._judged(), clock.utc_now(), self._silences)
        self._see()
        for courier in self.couriers:
            courier.put(notices)
        for notice in notices:
            self._note(notice)
        signature = _signature(self._book)
        if notices or signature != self._signature or self.memory.problem:
            self._signature = signature
            await self.memory.keep()

    async def _judged(self) -> dict[Key, Judgement]:
        """Judge router by router: hundreds of them take a while, and pools come first."""
        routers, now = self._fleet.snapshot().routers, clock.utc_now()
        found: dict[Key, Judgement] = {}
        for first in range(0, len(routers), _IN_A_ROW):
            part = routers[first : first + _IN_A_ROW]
            found |= judged(part, now, self._plan.limits, self._plan.settings.waits)
            await anyio.lowlevel.checkpoint()
        return found

    async def _want_billing(self) -> None:
        """Let billing be asked, when a rule wants to know and there is a billing."""
        file = self._plan.billing_file
        is_wanted = "sync_pending" in self._plan.settings.waits and clock.now() >= self._ask_billing_at
        if is_wanted and (file is None or await anyio.Path(file).exists()):
            self._ask_billing_at = clock.now() + BILLING
            self._fleet.watch_billing()

    def _note(self, notice: Notice) -> None:
        """Put it into the router's history, and so into the log; who is told again need not see it again."""
        if not notice.is_repeat:
            self._fleet.note(notice.router, "alert", f"{notice.status.value}: {notice.summary}")

    def _to_keep(self) -> Kept:
        boxes = {
            courier.name: KeptBox(
                waiting=tuple(courier.outbox.waiting), open=frozenset(courier.outbox.open),
                tried=courier.outbox.tried, left_out=courier.outbox.left_out, told=courier.told,
            )
            for courier in self.couriers
        }  # fmt: skip
        past = tuple((*key, each) for key, each in self._book.past.items())
        return Kept(alerts=self._book.alerts, past=past, boxes=boxes)


def _signature(book: AlertBook) -> object:
    """Return what of the alerts has to be kept at once; their texts and figures are not worth a disk's time."""
    return [(each.key, each.state, each.told_at, each.quiet_since is None, each.returns) for each in book.alerts]
