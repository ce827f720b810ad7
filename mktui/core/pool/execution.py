"""One command's way to its end, over as many attempts as are safe: retries, order of writes, settling by reading."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from mktui.clock import RANDOM
from mktui.core.pool import retry, settle
from mktui.core.pool.actions import CommandFailed, CommandSettled, EventKind
from mktui.core.pool.effects import Effect, names_a_row_id
from mktui.core.pool.job import Outcome, Status
from mktui.errors import CircuitOpen, PoolClosed

if TYPE_CHECKING:
    from mktui.core.pool.job import Request
    from mktui.core.pool.pool import Pool


class Execution:
    """How a pool's requests are tried. Each attempt is a job of the dispatcher's; what follows is decided here."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._budget = retry.RetryBudget()

    async def run(self, request: Request) -> Outcome:
        """Run a request to its outcome; one that fails is told to whoever listens."""
        outcome = await (self._tried(request) if request.effect is Effect.READ else self._written(request))
        if outcome.error is not None and not isinstance(outcome.error, CircuitOpen | PoolClosed):
            path, error = request.command.path, outcome.error
            self._pool.tell(CommandFailed(self._pool.clock.now(), EventKind.FAILED, str(error), path, error))
        return outcome

    async def _written(self, request: Request) -> Outcome:
        """Run a write in its rows' order, and tell whoever listens how it ended, also when its caller has left."""
        dispatcher = self._pool.dispatcher
        request.claim = dispatcher.claim(request.command)
        request.meant_for = request.epoch
        if not names_a_row_id(request.command):
            request.epoch = None
        elif request.epoch is None:
            request.epoch = dispatcher.epoch.number
        try:
            request.outcome = await self._tried(request)
            if request.outcome.unknown and request.effect is Effect.IDEMPOTENT:
                request.outcome = await self._settled_by_reading(request, request.outcome)
            return request.outcome
        finally:
            now = self._pool.clock.now()
            if request.claim is not None:
                self._pool.perform(dispatcher.finished(request.claim, now, unknown=request.outcome.unknown))
            text = f"{request.command.path} {request.outcome.status.value}"
            self._pool.tell(CommandSettled(now, EventKind.SETTLED, text, request.command, request.outcome))

    async def _settled_by_reading(self, request: Request, unknown: Outcome) -> Outcome:
        """Find out whether a write happened; when it did not, send it once more."""
        question = settle.question(request.command)
        if question is None:
            return unknown
        read = replace(request, command=question, effect=Effect.READ, claim=None)
        found = await self._tried(read)
        if found.error is not None:
            return unknown
        verdict = settle.verdict(request.command, found.rows)
        if verdict is settle.Verdict.APPLIED:
            return Outcome(Status.APPLIED)
        return await self._tried(request) if verdict is settle.Verdict.UNCHANGED else unknown

    async def _tried(self, request: Request) -> Outcome:
        """Run a command, and again after a passing fault when that is safe."""
        self._budget.request()
        attempt = 0
        while True:
            job = request.job(self._pool.clock.now())
            try:
                outcome = await self._pool.settled(job)
            except anyio.get_cancelled_exc_class():
                request.outcome = job.take_outcome()
                raise
            if outcome.unknown:
                request.meant_for = job.sent_in  # what is to be found out about it is to be found there
            attempt += 1
            pause = self._pause_before_retry(outcome, request.effect, attempt, request.deadline)
            if pause is None:
                return outcome
            request.outcome = outcome
            self._pool.dispatcher.recorder.retried(self._pool.clock.now())
            await anyio.sleep(pause)

    def _pause_before_retry(self, outcome: Outcome, effect: Effect, attempt: int, deadline: float) -> float | None:
        options = self._pool.dispatcher.options
        error = outcome.error
        if error is None or attempt > options.retry_attempts or not retry.may_retry(error, effect):
            return None
        pause = retry.pause(attempt, options.retry_delay, options.max_retry_delay, RANDOM)
        if self._pool.clock.now() + pause >= deadline or not self._budget.spend():
            return None
        return pause
