"""Who goes next: four levels, first come first served inside each, and nobody waits for ever.

A waiter's effective level rises by one for each ``AGEING`` seconds, never above HIGH: critical stays first, low is
served in the end. Since order inside a level is by arrival, only the four heads are ever compared.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from mktui.core.pool.job import JobState, Priority

if TYPE_CHECKING:
    from mktui.core.pool.job import Job

AGEING: Final = 2.0
"""Seconds of waiting that raise a waiter by one level."""


class WaitingQueue:
    """The jobs that wait for a slot. Jobs settled elsewhere (timed out, cancelled) are passed over."""

    def __init__(self) -> None:
        self._levels: tuple[deque[Job], ...] = tuple(deque() for _ in Priority)
        self._counts = [0] * len(Priority)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def waiting(self, level: Priority) -> int:
        """Return how many wait at a level."""
        return self._counts[level]

    def oldest(self) -> float | None:
        """Return when the longest waiter arrived, or None."""
        heads = [head.submitted_at for level in self._levels if (head := _head(level)) is not None]
        return min(heads, default=None)

    def push(self, job: Job) -> None:
        """Let a job wait."""
        self._levels[job.priority].append(job)
        self._counts[job.priority] += 1
        self._length += 1

    def left(self, job: Job) -> None:
        """Note that a waiting job was settled; its place is cleared when its turn comes."""
        self._counts[job.priority] -= 1
        self._length -= 1
        if self._counts[job.priority] == 0:
            self._levels[job.priority].clear()

    def heads(self, now: float) -> list[Job]:
        """Return the head of each level that has one, the next to be served first."""
        heads = [head for level in self._levels if (head := _head(level)) is not None]
        if len(heads) > 1:
            heads.sort(key=lambda job: (_effective(job, now), job.submitted_at))
        return heads

    def take(self, job: Job) -> None:
        """Remove a head."""
        taken = self._levels[job.priority].popleft()
        assert taken is job
        self._counts[job.priority] -= 1
        self._length -= 1

    def youngest_below(self, level: Priority) -> Job | None:
        """Return the youngest waiter of the lowest level under ``level``: who is evicted when the queue is full."""
        for lower in reversed(Priority):
            if lower <= level:
                return None
            for job in reversed(self._levels[lower]):
                if job.state is JobState.QUEUED:
                    return job
        return None

    def drain(self) -> list[Job]:
        """Remove and return everyone, in the order of levels and arrival."""
        waiting = [job for level in self._levels for job in level if job.state is JobState.QUEUED]
        for level in self._levels:
            level.clear()
        self._counts = [0] * len(Priority)
        self._length = 0
        return waiting


def _head(jobs: deque[Job]) -> Job | None:
    while jobs and jobs[0].state is not JobState.QUEUED:
        jobs.popleft()
    return jobs[0] if jobs else None


def _effective(job: Job, now: float) -> int:
    if job.priority <= Priority.HIGH:
        return job.priority
    risen = job.priority - int((now - job.submitted_at) / AGEING)
    return max(Priority.HIGH, risen)
