"""Carries a plan out through the client: stage by stage, progressive, and one outcome a row.

A rejected row is recorded and the run goes on; what depends on it is skipped; a router that cannot be asked defers the
rest. Nothing is ever sent twice from here: an unknown outcome is settled by the next run's reading.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final, Protocol

import anyio

from mktui import clock
from mktui.core.pool.job import Priority
from mktui.core.protocol.sentences import Command
from mktui.errors import BillingError, CommandTrapped
from mktui.sync.plan import SECRET_FIELDS, Action
from mktui.sync.report import Report, RowReport, RowStatus

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

    from mktui.core.client.client import Client
    from mktui.core.pool.job import Outcome
    from mktui.sync.digests import Digests
    from mktui.sync.plan import Change, Plan

    OnRow = Callable[[RowReport], None]

WINDOW: Final = 100
"""Rows under way at once: small enough that a lost router leaves few outcomes unknown."""
_NO_RIGHT: Final = "not enough permissions"
_HOPELESS_SHARE: Final = 0.5


class Diary(Protocol):
    """Who is told before rows leave, and when they are settled. What it raises ends the run."""

    async def sending(self, changes: Sequence[Change]) -> None:
        """Hear that these are about to leave."""

    async def settled(self, rows: Sequence[RowReport]) -> None:
        """Hear how they ended."""


class NoDiary:
    """Nothing is kept: for a rehearsal, and for what is tried in memory."""

    async def sending(self, changes: Sequence[Change]) -> None:
        """Forget it."""

    async def settled(self, rows: Sequence[RowReport]) -> None:
        """Forget it."""


class Writer:
    """One apply: what has been settled, and what can no longer be done."""

    def __init__(
        self,
        plan: Plan,
        client: Client,
        passwords: Mapping[str, str],
        digests: Digests,
        *,
        diary: Diary | None = None,
        on_row: OnRow = lambda _row: None,
        priority: Priority = Priority.NORMAL,
        max_failures: int = 20,
        breathe: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.rows: list[RowReport] = []
        self._plan = plan
        self._client = client
        self._passwords = passwords
        self._digests = digests
        self._diary: Diary = diary or NoDiary()
        self._on_row = on_row
        self._priority = priority
        self._max_failures = max_failures
        self._breathe = breathe
        self._there = set(plan.profiles)
        self._failures_in_a_row = 0
        self._stopped: RowReport | None = None
        self._denied: dict[str, RowReport] = {}

    async def write(self, *, until: int | None = None, since: int = -1) -> list[RowReport]:
        """Write the stages after ``since`` and up to ``until``; returns how their rows ended, and raises for none."""
        first = len(self.rows)
        wanted = [each for each in self._plan.changes if each.stage > since and (until is None or each.stage <= until)]
        for _, changes in groupby(wanted, key=lambda change: (change.stage, change.menu)):
            await self._write_group(_windows(list(changes)))
        return self.rows[first:]

    async def _write_group(self, windows: Iterator[Sequence[Change]]) -> None:
        """Write what may go together: while a window is under way, the last one is noted and the next one announced."""
        ready = await self._announced(windows)
        done: list[RowReport] = []
        while ready:
            executed: list[RowReport] = []
            failure: Exception | None = None
            following: Sequence[Change] = ()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._execute, ready, executed)
                try:
                    await self._settled(done)
                    following = await self._announced(windows)
                except BillingError as error:  # what is under way is waited for, and noted if that can be
                    failure = error
            self._judge_all(executed)  # whoever watches has heard of them already
            done, ready = executed, following
            if failure is not None:
                await self._settled(done)
                raise failure
        await self._settled(done)

    async def _announced(self, windows: Iterator[Sequence[Change]]) -> Sequence[Change]:
        """Return the next changes that can be written, after the diary has heard of them; empty: there are no more."""
        for window in windows:
            impossible = [why for change in window if (why := self._why_not(change)) is not None]
            self._judge_all(impossible)
            for why in impossible:
                self._on_row(why)
            await self._settled(impossible)
            excluded = {id(why.change) for why in impossible}
            ready = [change for change in window if id(change) not in excluded]
            if ready:
                if self._breathe is not None and len(ready) > WINDOW / 2:
                    await self._breathe()
                await self._diary.sending(ready)
                return ready
        return ()

    async def _execute(self, ready: Sequence[Change], executed: list[RowReport]) -> None:
        """Send a window and collect how its rows end, in the order in which they do."""
        batches = [list(self._commands(change)) for change in ready]
        owners = [number for number, batch in enumerate(batches) for _ in batch]
        ended: list[list[Outcome]] = [[] for _ in ready]
        begun_at = clock.now()

        def settle(number: int) -> None:
            took_ms = round(1000 * (clock.now() - begun_at), 3)
            executed.append(_settle(ready[number], ended[number], took_ms))
            self._on_row(executed[-1])

        def hear(index: int, outcome: Outcome) -> None:
            number = owners[index]
            ended[number].append(outcome)
            if len(ended[number]) == len(batches[number]):
                settle(number)

        for number, batch in enumerate(batches):
            if not batch:  # it became ours without a word
                settle(number)
        commands = [command for batch in batches for command in batch]
        await self._client.execute_batch(
            commands, priority=self._priority, epoch=self._plan.epoch, on_outcome=hear
        )  # fmt: skip

    async def _settled(self, rows: Sequence[RowReport]) -> None:
        if rows:
            await self._diary.settled(rows)

    def _why_not(self, change: Change) -> RowReport | None:
        """Return how a change ends that cannot be written now; None: it can."""
        if self._stopped is not None:
            return RowReport(change, RowStatus.DEFERRED, self._stopped.error, self._stopped.text)
        if (denied := self._denied.get(change.menu)) is not None:
            return RowReport(change, RowStatus.SKIPPED, denied.error, denied.text)
        if change.needs is not None and change.needs not in self._there:
            return RowReport(change, RowStatus.SKIPPED, "dependency", f"profile {change.needs[1]} is not on the router")
        if not self._has_its_password(change):
            text = "its password in billing is not the one that was planned: plan again"
            return RowReport(change, RowStatus.SKIPPED, "stale plan", text)
        return None

    def _has_its_password(self, change: Change) -> bool:
        digest = change.values.get("password")
        if not digest:
            return True
        password = self._passwords.get(change.external_id)
        return password is not None and self._digests.agrees(digest, password)

    def _commands(self, change: Change) -> Iterable[Command]:
        values = {
            name: self._passwords[change.external_id] if name in SECRET_FIELDS and value else value
            for name, value in change.values.items()
        }
        if change.action.is_add:
            yield Command(f"{change.menu}/add", {"name": change.name, **values})
            return
        assert change.row_id is not None
        row = {".id": change.row_id}
        if change.action is Action.DELETE:
            yield Command(f"{change.menu}/remove", row)
            return
        if values:
            yield Command(f"{change.menu}/set", {**row, **values})
        for name in change.unset:
            yield Command(f"{change.menu}/unset", {**row, "value-name": name})

    def _judge_all(self, rows: Sequence[RowReport]) -> None:
        self.rows += rows
        for row in rows:
            self._judge(row)

    def _judge(self, row: RowReport) -> None:
        """See what a row's end means for the rest of the run."""
        change = row.change
        if row.status is RowStatus.APPLIED:
            self._failures_in_a_row = 0
            if change.action.is_add or change.action is Action.RENAME:
                self._there.add(change.key)
        elif row.status is RowStatus.FAILED:
            self._failures_in_a_row += 1
            if _NO_RIGHT in row.text:
                self._denied[change.menu] = row
            failed = sum(each.status is RowStatus.FAILED for each in self.rows)
            is_hopeless = failed >= self._max_failures and failed > _HOPELESS_SHARE * len(self._plan.changes)
            if (self._failures_in_a_row >= self._max_failures or is_hopeless) and self._stopped is None:
                text = f"the run was stopped after {self._failures_in_a_row} refused rows in a row"
                self._stopped = RowReport(change, RowStatus.DEFERRED, "too many failures", text)
        elif row.status in {RowStatus.DEFERRED, RowStatus.UNKNOWN} and self._stopped is None:
            self._stopped = row


async def apply(
    plan: Plan, client: Client, passwords: Mapping[str, str], digests: Digests, *, on_row: OnRow = lambda _row: None
) -> Report:
    """Write a plan without keeping a journal. ``on_row`` hears each row as it is settled. Never raises for a row."""
    begun_at = clock.now()
    writer = Writer(plan, client, passwords, digests, on_row=on_row)
    await writer.write()
    return Report(
        plan.router, len(plan.changes), tuple(writer.rows), len(plan.refused), clock.now() - begun_at,
        findings=plan.refused,
    )  # fmt: skip


def _windows(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    return (changes[at : at + WINDOW] for at in range(0, len(changes), WINDOW))


def _settle(change: Change, outcomes: Sequence[Outcome], took_ms: float) -> RowReport:
    """Say how a change of one command or several ended: the worst of them counts."""
    worst = next((outcome for outcome in outcomes if not outcome.ok), None)
    if worst is None:
        return RowReport(change, RowStatus.APPLIED, took_ms=took_ms)
    error = worst.error
    name = type(error).__name__ if error is not None else ""
    if isinstance(error, CommandTrapped):
        return RowReport(change, RowStatus.FAILED, name, "; ".join(error.texts), took_ms)
    if worst.unknown:
        return RowReport(change, RowStatus.UNKNOWN, name, str(error), took_ms)
    return RowReport(change, RowStatus.DEFERRED, name, str(error), took_ms)
