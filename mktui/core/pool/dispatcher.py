"""Queued commands x slots -> actions. Every decision of the pool is taken here, synchronously, with ``now`` given.

The unit of capacity is the slot (connection, tag). There is no await between a check and what follows from it, so
there is no lock, and a test drives it without a loop. Whoever performs the actions reports what happened by calling
the methods in the past tense; each returns the actions that follow.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mktui.core.pool.actions import Action, Cancel, Wake, Write
from mktui.core.pool.deadlines import Deadlines
from mktui.core.pool.effects import Effect, rows_of
from mktui.core.pool.job import Job, JobState, Outcome, Priority, Status
from mktui.core.pool.lifecycle import Lifecycle
from mktui.core.pool.queue import WaitingQueue
from mktui.core.pool.rate import TokenBucket
from mktui.core.pool.row_order import Claim, RowOrder
from mktui.core.protocol.sentences import Command
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
    StaleRow,
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
        self.rows = RowOrder()
        self.parked: dict[Job, None] = {}
        """Writes whose turn at their row has not come."""
        self._deadlines = Deadlines()
        self._rate = TokenBucket(options.max_commands_per_second, now)

    def reset(self, now: float, options: PoolOptions, *, elsewhere: bool = False) -> list[Action]:
        """Take new options and replace every connection, one at a time; commands in flight go on to their end."""
        self._rate.reconfigure(options.max_commands_per_second, now)
        return super().reset(now, options, elsewhere=elsewhere)

    def claim(self, command: Command) -> Claim | None:
        """Take a write's place in the line of the rows it names; ``finished`` gives it back."""
        rows = rows_of(command)
        return self.rows.enter(rows) if rows else None

    def finished(self, claim: Claim, now: float, *, unknown: bool) -> list[Action]:
        """Hear that a write's caller knows its outcome, or has left."""
        claim.is_finished, claim.is_unknown = True, unknown
        self._pass_on(claim, now)
        return self._flush()

    def submit(self, job: Job, now: float) -> list[Action]:
        """Take a job: it is sent, waits, or is refused at once."""
        refusal = self._refusal(now)
        if refusal is None and self.waiting >= self.options.max_waiting:
            refusal = self._make_room(job, now)
        if refusal is not None:
            self._settle(job, Outcome(Status.NOT_APPLIED, error=refusal), now)
        elif job.claim is None:
            self._enqueue(job, now)
        else:
            self._park(job, job.claim, now)
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
        self._tag_is_back(job, link, now)
        job.call = None  # it holds the rows, and timers know the job for a while yet
        return self._flush()

    def not_sent(self, job: Job, now: float, error: MktuiError | None) -> list[Action]:
        """Take a job back whose bytes never left. ``error``: they cannot be said; None: its connection was going."""
        link = self.roster.get(job.link) if job.link is not None else None
        assert link is not None
        self.roster.release(job, link, now)
        if job.state is not JobState.SETTLED:  # else it was withdrawn: its caller has left
            lost = error or ConnectionLost(self.router, reason="closed before it was sent", maybe_executed=False)
            self._settle(job, Outcome(Status.NOT_APPLIED, error=lost), now)
        self._tag_is_back(job, link, now)
        return self._flush()

    @property
    def waiting(self) -> int:
        """How many commands wait, for a slot or for their turn at a row."""
        return len(self.queue) + len(self.parked)

    def _new_life(self, change: str, now: float) -> None:
        super()._new_life(change, now)
        self.rows.forget_doubts()

    # --- the way to a slot

    def _park(self, job: Job, claim: Claim, now: float) -> None:
        """Let a write wait for its turn, which may be now."""
        job.state = JobState.PARKED
        claim.parked = job
        self.parked[job] = None
        self._set_due(job, min(job.deadline, job.submitted_at + self.options.acquire_timeout))
        self._let_go(claim, now)

    def _let_go(self, claim: Claim, now: float) -> None:
        """Send a parked write on its way when its turn has come and its rows are in no doubt."""
        job = claim.parked
        if job is None or job.state is not JobState.PARKED or not self.rows.is_turn(claim):
            return
        if self.rows.is_in_doubt(claim):
            self._read_first(job, claim, now)
            return
        del self.parked[job]
        claim.parked = None
        job.state, job.due = JobState.QUEUED, 0.0  # in no line at all
        self._enqueue(job, now)

    def _read_first(self, job: Job, claim: Claim, now: float) -> None:
        """Read the rows that an earlier write left in doubt; then the parked write goes."""
        if claim.is_reading:
            return
        claim.is_reading = True
        menu, row_id = claim.keys[0]
        query = (f"?.id={row_id}",) if len(claim.keys) == 1 and row_id else ()
        command = Command(f"{menu}/print", {".proplist": ".id"}, query)
        reading = Job(command, Effect.READ, job.priority, job.deadline, now, caller=job.caller)
        reading.then = lambda at: self._was_read(claim, reading, at)
        self._enqueue(reading, now)

    def _was_read(self, claim: Claim, reading: Job, now: float) -> None:
        claim.is_reading = False
        assert reading.outcome is not None
        job = claim.parked
        if reading.outcome.error is None:
            self.rows.was_read(claim)
            self._let_go(claim, now)
        elif job is not None and job.state is JobState.PARKED:
            self._settle(job, Outcome(Status.NOT_APPLIED, error=reading.outcome.error.fresh()), now)

    def _enqueue(self, job: Job, now: float) -> None:
        """Send a job at once, or let it wait for a slot."""
        if not len(self.queue) and (link := self._slot(job)) is not None and self._may_send(job, now):
            self._write(job, link, now)
            return
        job.state = JobState.QUEUED
        self._set_due(job, min(job.deadline, job.submitted_at + self.options.acquire_timeout))
        first = not len(self.queue)
        self.queue.push(job)
        if first or job.priority is Priority.CRITICAL or job.is_stream:  # else whoever is before it waits too
            self._pump(now)
        self._open_if_wanted(now)

    def _slot(self, job: Job) -> Link | None:
        return self.roster.slot_for(job, self.limit.value, self.options.max_size)

    def _may_send(self, job: Job, now: float) -> bool:
        if job.priority is Priority.CRITICAL or self._rate.take(now):
            return True
        self._arm(self._rate.ready_at(now))
        return False

    def _write(self, job: Job, link: Link, now: float) -> None:
        if self.epoch.is_past(job.epoch, job.meant_for):
            self._settle(job, Outcome(Status.NOT_APPLIED, error=StaleRow(self.router, path=job.command.path)), now)
            return
        job.state = JobState.IN_FLIGHT
        job.link, job.sent_at, job.sent_in = link.id, now, self.epoch.number or 0
        if job.claim is not None:
            job.claim.tags += 1
        self.roster.occupy(job, link, self.limit.value)
        self.recorder.acquired(now, self.roster.waited(job, now))
        self._do(Write(link.id, job, self._window(job, link)))
        if job.is_stream:
            job.due = math.inf  # it ends when its reader leaves
        else:
            self._set_due(job, min(job.deadline, now + self.options.command_timeout))

    def _window(self, job: Job, link: Link) -> float:
        """Return the seconds that a command may wait for others to travel with.

        None for high and critical; none for a command that is alone on its connection, or takes its last slot: nobody
        would come to travel with it.
        """
        in_flight = link.in_flight - link.streams
        alone = in_flight <= 1 or in_flight >= self.limit.value
        if alone or job.priority <= Priority.HIGH or not self.options.enable_batching:
            return 0.0
        return self.options.batch_timeout

    def _pump(self, now: float) -> None:
        """Give free slots to waiters, in the queue's order."""
        while len(self.queue):
            for job in self.queue.heads(now):
                link = self._slot(job)
                if link is None:
                    continue
                if not self._may_send(job, now):
                    return
                self.queue.take(job)
                job.due = 0.0  # out of the queue already
                self._write(job, link, now)
                break
            else:
                return

    def _has_waiters(self, now: float) -> bool:
        """Say whether somebody waits for a slot, and not only for the rate limit."""
        return len(self.queue) > 0 and any(self._slot(head) is None for head in self.queue.heads(now))

    def _tag_is_back(self, job: Job, link: Link, now: float) -> None:
        if job.claim is not None:
            job.claim.tags -= 1
            self._pass_on(job.claim, now)
        self._after_release(link, now)

    def _pass_on(self, claim: Claim, now: float) -> None:
        for heir in self.rows.leave(claim):
            self._let_go(heir, now)

    # --- how a job ends

    def _answered(self, job: Job, link: Link, in_flight: int, now: float) -> None:
        is_former = self._is_former(link)
        if not is_former:
            self.breaker.succeeded(now)
        if job.is_stream:
            return
        took = now - job.sent_at
        link.answered(took)
        if not is_former:
            self.limit.answered(took, in_flight)
        if job.state is not JobState.SETTLED:
            self.recorder.answered(now, took)
        if took > self.options.slow_response:
            self.recorder.was_slow(now, job.command.path, job.caller, link.id, took)

    def _judge(self, job: Job) -> Outcome:
        """Say how an ended call ended."""
        call = job.call
        assert call is not None
        path = job.command.path
        if call.lost is not None:
            if call.left and job.effect is not Effect.READ:
                reason = f"connection lost: {call.lost}"
                return Outcome(Status.UNKNOWN, error=OutcomeUnknown(self.router, path=path, reason=reason))
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
        self._leave_line(job)
        job.state = JobState.SETTLED
        job.outcome = outcome
        if outcome.error is not None and not isinstance(outcome.error, CommandTrapped):
            self.recorder.failed(now, outcome.error)
            if job.link is not None and (link := self.roster.get(job.link)) is not None:
                link.errors += 1
        if job.then is not None:
            job.then(now)
        else:
            self._do(Wake(job))

    def _leave_line(self, job: Job) -> None:
        if job.state is JobState.PARKED:
            del self.parked[job]
        elif job.state is JobState.QUEUED and job.due:
            self.queue.left(job)

    def _give_up(self, job: Job, error: RouterError | None, now: float) -> None:
        """Settle a job whose caller leaves now; ``error`` is None when the caller was cancelled."""
        link = self.roster.get(job.link) if job.state is JobState.IN_FLIGHT and job.link is not None else None
        harmless = link is None or job.effect is Effect.READ
        if not harmless and not isinstance(error, OutcomeUnknown):
            error = OutcomeUnknown(self.router, path=job.command.path, reason="its caller was cancelled")
        if error is None:  # cancelling is no failure, and hurts nobody's figures
            self._leave_line(job)
            job.state, job.outcome = JobState.SETTLED, Outcome(Status.NOT_APPLIED)
        else:
            self._settle(job, Outcome(Status.NOT_APPLIED if harmless else Status.UNKNOWN, error=error), now)
        if link is not None:
            link.abandoned[job] = now + CANCEL_GRACE
            self._do(Cancel(link.id, job))
            self._arm(now + CANCEL_GRACE)

    def _expire(self, job: Job, now: float) -> None:
        """End a job that is due."""
        path, after = job.command.path, now - job.submitted_at
        self.recorder.timeouts += 1
        error: RouterError
        if job.state is not JobState.IN_FLIGHT:
            error = self._why_no_slot(job, after)
        else:
            self.limit.timed_out()
            if job.effect is Effect.READ:
                error = CommandTimeout(self.router, path=path, after=after, phase="its answer", maybe_executed=True)
            else:
                error = OutcomeUnknown(self.router, path=path, reason=f"no answer within {after:.1f} s")
        self._give_up(job, error, now)

    def _why_no_slot(self, job: Job, after: float) -> RouterError:
        if not self.roster.ready and self.openings.last_error is not None:
            return self.openings.last_error.fresh()
        phase = "a free slot" if self.roster.ready else "a connection"
        if job.state is JobState.PARKED:
            phase = "the end of an earlier write to the same row"
        return CommandTimeout(self.router, path=job.command.path, after=after, phase=phase, maybe_executed=False)

    def _refusal(self, now: float) -> RouterError | None:
        """Return why nothing may be asked now, or None."""
        if self.closed:
            return PoolClosed(self.router)
        if not self.breaker.allows:
            return CircuitOpen(self.router, retry_after=self.breaker.retry_after(now), reason=self.breaker.reason)
        if self.openings.refusal is not None and not self.roster.ready:
            return self.openings.refusal.fresh()
        return None

    def _make_room(self, job: Job, now: float) -> RouterError | None:
        """Evict the youngest waiter of the lowest level below ``job``, or say that there is no room."""
        victim = self.queue.youngest_below(job.priority)
        overloaded = Overloaded(self.router, waiting=self.waiting)
        if victim is None:
            return overloaded
        self.recorder.evicted += 1
        self._settle(victim, Outcome(Status.NOT_APPLIED, error=overloaded), now)
        return None

    def _fail_waiters(self, now: float) -> None:
        """When nothing may be asked, everyone who waits hears it at once."""
        if self._refusal(now) is None:
            return
        waiting = self.queue.drain()
        for job in waiting:
            job.due = 0.0  # out of the queue already
        for job in [*waiting, *self.parked]:
            if job.state is not JobState.SETTLED:
                self._settle(job, Outcome(Status.NOT_APPLIED, error=self._refusal(now)), now)

    def _expire_due(self, now: float) -> None:
        for job in self._deadlines.expired(now):
            self._expire(job, now)

    def _next_due(self, now: float) -> float | None:
        due = self._deadlines.next()
        if not len(self.queue) or not self._rate.is_limited or self._rate.ready_at(now) <= now:
            return due
        ready_at = self._rate.ready_at(now)
        return ready_at if due is None else min(due, ready_at)

    def _set_due(self, job: Job, due: float) -> None:
        self._deadlines.set(job, due)
        self._arm(due)
