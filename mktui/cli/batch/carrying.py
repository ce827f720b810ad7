"""Carries a batch out: each router gets its lines in their order, the routers side by side.

Reads that follow one another travel together; a write waits for all before it, and all behind it wait for it. A write
is sent at most once. Who interrupts waits a moment for the answers of writes that have left: what nobody can tell
afterwards is said to be unknown.
"""

from __future__ import annotations

import enum
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.cli.batch.finding import find
from mktui.cli.events import pool_events
from mktui.cli.exit_codes import ExitCode, code_of
from mktui.cli.unbroken import moment_left, was_done, was_withdrawn
from mktui.core.client.client import open_client
from mktui.core.pool.actions import CommandSettled
from mktui.core.pool.job import Priority, Status
from mktui.errors import CircuitOpen, MktuiError
from mktui.services.start import chosen_routers, setup_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mktui.cli.batch.script import Step
    from mktui.config.load import LoadedConfig
    from mktui.core.client.client import Client
    from mktui.core.pool.actions import PoolEvent
    from mktui.core.pool.job import Outcome


class End(enum.StrEnum):
    """How a line ended."""

    APPLIED = "applied"
    NOT_APPLIED = "not applied"
    UNKNOWN = "unknown"
    NOT_ANSWERED = "not answered"
    """A read that was interrupted: the router may have been asked, and nothing hangs on it."""
    NOT_SENT = "not sent"


_ENDS: Final = {Status.APPLIED: End.APPLIED, Status.NOT_APPLIED: End.NOT_APPLIED, Status.UNKNOWN: End.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one line."""

    step: Step
    end: End
    rows: list[dict[str, str]] = field(default_factory=list, repr=False)
    ret: str | None = None
    error: MktuiError | None = None
    found: int | None = None
    """How many rows its ``[find …]`` has found; None: it has none, or they could not be read."""

    @property
    def code(self) -> ExitCode:
        """The exit code that this line stands for alone."""
        if self.end is End.UNKNOWN:
            return ExitCode.PARTLY
        return ExitCode.DONE if self.error is None else code_of(self.error)


@dataclass(slots=True)
class Progress:
    """What has become of every line so far: ``results`` grows as lines end, in whatever order."""

    steps: Sequence[Step]
    results: list[Result] = field(default_factory=list)
    under_way: dict[int, Step] = field(default_factory=dict)
    known: dict[int, End] = field(default_factory=dict)
    """How writes have ended of which their sender has not heard: interrupted before they had left, or just then."""
    is_stopped: bool = False
    most: int = 1
    """Most rows that a ``[find …]`` may find."""
    on_result: Callable[[Result], None] = lambda _result: None
    on_write: Callable[[Result], None] = lambda _result: None
    """Hears of each write that was sent."""

    def settled(self, result: Result) -> None:
        """Take a line's end."""
        self.under_way.pop(result.step.number, None)
        self.results.append(result)
        if not result.step.is_read and result.end is not End.NOT_SENT:  # kept first: to tell it may fail
            self.on_write(result)
        self.on_result(result)

    def hear(self, tell: Callable[[PoolEvent], None], event: PoolEvent) -> None:
        """Pass an event on, and take in how a write has ended whose sender may be interrupted."""
        tell(event)
        end = End.APPLIED if was_done(event) else End.NOT_SENT if was_withdrawn(event) else None
        if end is not None:
            assert isinstance(event, CommandSettled)
            self.known |= {each.number: end for each in self.under_way.values() if each.command is event.command}

    def finish(self) -> list[Result]:
        """Settle what is still open, and return everything in the order of the lines."""
        for step in list(self.under_way.values()):
            self.settled(Result(step, End.NOT_ANSWERED if step.is_read else self.known.get(step.number, End.UNKNOWN)))
        ended = {result.step.number for result in self.results}
        for step in self.steps:
            if step.number not in ended:
                self.settled(Result(step, End.NOT_SENT))
        return sorted(self.results, key=lambda result: result.step.number)

    def counts(self) -> tuple[int, int, int]:
        """Return how many lines there are, have ended, and have not been applied."""
        return len(self.steps), len(self.results), sum(result.end is not End.APPLIED for result in self.results)


def in_words(results: Iterable[Result]) -> str:
    """Say what was done and what was not."""
    counted = Counter(result.end for result in results)
    return ", ".join(f"{counted[end]} {end.value}" for end in End if counted[end]) or "nothing to do"


async def carry_out(loaded: LoadedConfig, progress: Progress, *, keep_going: bool, timeout: float | None) -> None:
    """Send the lines.

    Raises:
        ConfigError: A password cannot be fetched; nothing was sent.
    """
    names = list(dict.fromkeys(step.router for step in progress.steps))
    setups = [await setup_of(loaded, router) for router in (chosen_routers(loaded, names) if names else ())]
    async with AsyncExitStack() as stack:
        carriers = []
        for setup in setups:
            once = setup.pool.model_copy(update={"min_size": 1})
            hear = partial(progress.hear, pool_events())
            opened = open_client(setup.options, once, connect=setup.connect, on_event=hear)
            steps = [step for step in progress.steps if step.router == setup.options.name]
            carriers.append(_Carrier(await stack.enter_async_context(opened), steps, progress, keep_going, timeout))
        await _side_by_side(carriers)


async def _side_by_side(carriers: Sequence[_Carrier]) -> None:
    left = len(carriers)
    all_done = anyio.Event()

    async def one(carrier: _Carrier) -> None:
        nonlocal left
        await carrier.run()
        left -= 1
        if not left:
            all_done.set()

    async with anyio.create_task_group() as tasks:
        for carrier in carriers:
            tasks.start_soon(one, carrier)
        try:
            if carriers:
                await all_done.wait()
        except anyio.get_cancelled_exc_class():
            for carrier in carriers:
                carrier.give_up_soon()
            raise


class _Carrier:
    """One router's part of a batch."""

    def __init__(
        self, client: Client, steps: Sequence[Step], progress: Progress, keep_going: bool, timeout: float | None
    ) -> None:
        self._client, self._steps, self._progress = client, steps, progress
        self._keep_going, self._timeout = keep_going, timeout
        self._writing = anyio.CancelScope(shield=True)

    async def run(self) -> None:
        """Send the lines in their order."""
        for is_read, group in groupby(self._steps, key=lambda step: step.is_read):
            if is_read:
                await self._send(list(group))
                continue
            for step in group:
                await self._write(step)

    def give_up_soon(self) -> None:
        """Wait no longer than a moment for the write that is under way."""
        self._writing.deadline = clock.now() + moment_left(self._client)

    async def _write(self, step: Step) -> None:
        """Send one write; it is not cut off in the middle."""
        with anyio.CancelScope(shield=True) as self._writing:
            await (self._find_and_send(step) if step.find else self._send([step]))
        await anyio.lowlevel.checkpoint()

    async def _find_and_send(self, step: Step) -> None:
        """Read which rows a line is for, and send it for these."""
        if self._progress.is_stopped:
            return
        try:
            command, life, found = await find(self._client, step, self._progress.most, self._timeout)
        except MktuiError as error:
            self._settle(Result(step, End.NOT_APPLIED, error=error))
            return
        self._progress.under_way[step.number] = step
        await self._client.execute_batch(
            [command], priority=Priority.HIGH, timeout=self._timeout, epoch=life,
            on_outcome=lambda _index, outcome: self._hear(step, outcome, found),
        )  # fmt: skip

    async def _send(self, steps: list[Step]) -> None:
        if self._progress.is_stopped:
            return
        self._progress.under_way |= {step.number: step for step in steps}
        await self._client.execute_batch(
            [step.command for step in steps], priority=Priority.HIGH, timeout=self._timeout,
            on_outcome=lambda index, outcome: self._hear(steps[index], outcome),
        )  # fmt: skip

    def _hear(self, step: Step, outcome: Outcome, found: int | None = None) -> None:
        error = outcome.error
        if isinstance(error, CircuitOpen):  # say what happened, not what the breaker makes of it
            error = self._client.last_error or error
        self._settle(Result(step, _ENDS[outcome.status], outcome.rows, outcome.ret, error, found))

    def _settle(self, result: Result) -> None:
        self._progress.settled(result)
        if result.end is not End.APPLIED and not self._keep_going:
            self._progress.is_stopped = True
