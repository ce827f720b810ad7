"""Queued commands x slots -> actions. Every decision of the pool is taken here, synchronously, with ``now`` given.

The unit of capacity is the slot (connection, tag). There is no await between a check and what follows from it, so
there is no lock, and a test drives it without a loop. Whoever performs the actions reports what happened by calling
the methods in the past tense; each returns the actions that follow.
"""

from __future__ import annotations

import heapq
import itertools
import math
from typing import TYPE_CHECKING

from mktui.core.pool.actions import Action, Cancel, Wake, Write
from mktui.core.pool.job import Effect, Job, JobState, Outcome, Status
from mktui.core.pool.lifecycle import Lifecycle
from mktui.core.pool.queue import WaitingQueue
from mktui.errors import (
    CircuitOpen,
    CommandTimeout,
    CommandTrapped,
    ConnectionLost,
    MktuiError,
    OutcomeUnknown,
    Overloaded,
    PoolClosed,
    RouterError,
)

if TYPE_CHECKING:
    import random

    from mktui.core.pool.link import Link
    from mktui.core.pool.options import PoolOptions

CANCEL_GRACE = 2.0
"""Seconds that a ``/cancel`` has to bring back the tag's ``!done``; then the connection is suspect."""


class Dispatcher(Lifecycle):
    """One router's queue, slots and deadlines, on top of the life of its connections."""

    def __init__(self, router: str, options: PoolOptions, *, now: float, random: random.Random) -> None:
        super().__init__(router, options, now=now, random=random)
        self.queue = WaitingQueue()
        self._due: list[tuple[float, int, Job]] = []
        self._order = itertools.count()

    def submit(self, job: Job, now: float) -> list[Action]:
        """Take a job: it is sent, waits, or is refused at once."""
        refusal = self._refusal(now)
        if refusal is None and len(self.queue) >= self.options.max_waiting:
            refusal = self._make_room(job, now)
        if refusal is not None:
            self._settle(job, Outcome(Status.NOT_APPLIED, error=refusal), now)
            return self._flush()
        if not len(self.queue) and (link := self._slot(job)) is not None:
            self._write(job, link, now)
            return self._flush()
        self._set_due(job, min(job.deadline, now + self.options.acquire_timeout))
        self.queue.push(job)
        self._advance(now)
        return self._flush()

    def abandon(self, job: Job, now: float) -> list[Action]:
        """Let a caller go that was cancelled. Its tag stays taken until the router has ended it."""
        if job.state is not JobState.SETTLED:
            self.recorder.cancels += 1
            self._give_up(job, None, now)
            self._advance(now)
        return self._flush()

    def ended(self, job: Job, now: float) -> list[Action]:
        """Take a job's call back: answered, or lost with its connection."""
        link = self.roster.get(job.link) if job.link is not None else None
        call = job.call
        assert link is not None
        assert call is not None
        in_flight = link.in_flight
        self.roster.release(job, link, now)
        if call.lost is None:
            self._answered(job, link, in_flight, now)
        if job.state is not JobState.SETTLED:
            self._settle(job, self._judge(job), now)
        self._after_release(link, now)
        return self._flush()

    def not_sent(self, job: Job, now: float, error: MktuiError | None) -> list[Action]:
        """Take a job back whose bytes never left. ``error``: they cannot be said; None: its connection was going."""
        link = self.roster.get(job.link) if job.link is not None else None
        assert link is not None
        self.roster.release(job, link, now)
        if job.state is JobState.SETTLED:
            pass  # withdrawn: its caller has left
        elif error is None:
            lost = ConnectionLost(self.router, reason="closed before it was sent", maybe_executed=False)
            self._settle(job, Outcome(Status.NOT_APPLIED, error=lost), now)
        else:
            self._settle(job, Outcome(Status.NOT_APPLIED, error=error), now)
        self._after_release(link, now)
        return self._flush()

    def _slot(self, job: Job) -> Link | None:
        return self.roster.slot_for(job, self.limit.value, self.options.max_size)

    def _write(self, job: Job, link: Link, now: float) -> None:
        job.state = JobState.IN_FLIGHT
        job.link, job.sent_at = link.id, now
        self.roster.occupy(job, link, self.limit.value)
        self.recorder.acquired(now, now - job.submitted_at)
        self._do(Write(link.id, job))
        if job.is_stream:
            job.due = math.inf  # it ends when its reader leaves
        else:
            self._set_due(job, min(job.deadline, now + self.options.command_timeout))

    def _pump(self, now: float) -> None:
        """Give free slots to waiters, in the queue's order."""
        while len(self.queue):
            for job in self.queue.heads(now):
                link = self._slot(job)
                if link is not None:
                    self.queue.take(job)
                    self._write(job, link, now)
                    break
            else:
                return

    def _has_waiters(self) -> bool:
        return len(self.queue) > 0

    def _answered(self, job: Job, link: Link, in_flight: int, now: float) -> None:
        self.breaker.succeeded(now)
        if job.is_stream:
            return
        took = now - job.sent_at
        link.answered(took)
        self.limit.answered(took, in_flight)
        if job.state is not JobState.SETTLED:
            self.recorder.answered(now, took)

    def _judge(self, job: Job) -> Outcome:
        """Say how an ended call ended."""
        call = job.call
        assert call is not None
        path = job.command.path
        if call.lost is not None:
            if call.left and job.effect is not Effect.READ:
                return Outcome(
                    Status.UNKNOWN, error=OutcomeUnknown(self.router, path=path, reason=f"connection lost: {call.lost}")
                )
            lost = ConnectionLost(self.router, reason=call.lost, maybe_executed=call.left)
            return Outcome(Status.NOT_APPLIED, error=lost)
        if call.traps:
            texts = [trap.message for trap in call.traps]
            trapped = CommandTrapped(self.router, path=path, texts=texts, category=call.traps[0].category)
            return Outcome(Status.NOT_APPLIED, error=trapped)
        return Outcome(Status.APPLIED, rows=call.rows, ret=call.ret)

    def _settle(self, job: Job, outcome: Outcome, now: float) -> None:
        """End a job, once."""
        assert job.state is not JobState.SETTLED
        if job.state is JobState.QUEUED and job.due:
            self.queue.left(job)
        job.state = JobState.SETTLED
        job.outcome = outcome
        if outcome.error is not None and not isinstance(outcome.error, CommandTrapped):
            self.recorder.failed(now, type(outcome.error).__name__)
            if job.link is not None and (link := self.roster.get(job.link)) is not None:
                link.errors += 1
        self._do(Wake(job))

    def _give_up(self, job: Job, error: RouterError | None, now: float) -> None:
        """Settle a job whose caller leaves now; ``error`` is None when the caller was cancelled."""
        link = self.roster.get(job.link) if job.state is JobState.IN_FLIGHT and job.link is not None else None
        harmless = link is None or job.effect is Effect.READ
        if not harmless and not isinstance(error, OutcomeUnknown):
            error = OutcomeUnknown(self.router, path=job.command.path, reason="its caller was cancelled")
        if error is None:
            job.state, job.outcome = self._cancelled(job)
        else:
            self._settle(job, Outcome(Status.NOT_APPLIED if harmless else Status.UNKNOWN, error=error), now)
        if link is not None:
            link.abandoned[job] = now + CANCEL_GRACE
            self._do(Cancel(link.id, job))
            self._arm(now + CANCEL_GRACE)

    def _cancelled(self, job: Job) -> tuple[JobState, Outcome]:
        """Settle without an error: cancelling is no failure, and hurts nobody's figures."""
        if job.state is JobState.QUEUED:
            self.queue.left(job)
        return JobState.SETTLED, Outcome(Status.NOT_APPLIED)

    def _expire(self, job: Job, now: float) -> None:
        """End a job that is due."""
        path, after = job.command.path, now - job.submitted_at
        self.recorder.timeouts += 1
        error: RouterError
        if job.state is JobState.QUEUED:
            error = self._why_no_slot(path, after)
        else:
            self.limit.timed_out()
            if job.effect is Effect.READ:
                error = CommandTimeout(self.router, path=path, after=after, phase="its answer", maybe_executed=True)
            else:
                error = OutcomeUnknown(self.router, path=path, reason=f"no answer within {after:.1f} s")
        self._give_up(job, error, now)

    def _why_no_slot(self, path: str, after: float) -> RouterError:
        if not self.roster.ready and self.last_error is not None:
            return self.last_error.fresh()
        phase = "a free slot" if self.roster.ready else "a connection"
        return CommandTimeout(self.router, path=path, after=after, phase=phase, maybe_executed=False)

    def _refusal(self, now: float) -> RouterError | None:
        """Return why nothing may be asked now, or None."""
        if self.closed:
            return PoolClosed(self.router)
        if not self.breaker.allows:
            return CircuitOpen(self.router, retry_after=self.breaker.retry_after(now), reason=self.breaker.reason)
        if self.auth_refusal is not None and not self.roster.ready:
            return self.auth_refusal.fresh()
        return None

    def _make_room(self, job: Job, now: float) -> RouterError | None:
        """Evict the youngest waiter of the lowest level below ``job``, or say that there is no room."""
        victim = self.queue.youngest_below(job.priority)
        overloaded = Overloaded(self.router, waiting=len(self.queue))
        if victim is None:
            return overloaded
        self.recorder.evicted += 1
        self._settle(victim, Outcome(Status.NOT_APPLIED, error=overloaded), now)
        return None

    def _fail_waiters(self, now: float) -> None:
        """When nothing may be asked, everyone who waits hears it at once."""
        if self._refusal(now) is None:
            return
        for job in self.queue.drain():
            job.due = 0.0  # out of the queue already
            self._settle(job, Outcome(Status.NOT_APPLIED, error=self._refusal(now)), now)

    def _expire_due(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            due, _, job = heapq.heappop(self._due)
            if job.state is not JobState.SETTLED and job.due == due:
                self._expire(job, now)

    def _next_due(self) -> float | None:
        due = self._due
        while due and (due[0][2].state is JobState.SETTLED or due[0][2].due != due[0][0]):
            heapq.heappop(due)
        return due[0][0] if due else None

    def _set_due(self, job: Job, due: float) -> None:
        job.due = due
        heapq.heappush(self._due, (due, next(self._order), job))
        self._arm(due)
        if len(self._due) > 1000 and len(self._due) > 4 * (
            len(self.queue) + sum(link.in_flight for link in self.roster)
        ):
            self._due = [entry for entry in self._due if entry[2].state is not JobState.SETTLED]
            heapq.heapify(self._due)
