"""Which job gives up next: a heap with lazy deletion. Pure."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING, Final

from mktui.core.pool.job import Job, JobState

if TYPE_CHECKING:
    from collections.abc import Iterator

_TIDY: Final = 1000


class Deadlines:
    """Jobs by the moment their present phase ends. A job's newest ``due`` counts; settled jobs are passed over."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Job]] = []
        self._order = itertools.count()
        self._tidy_at = _TIDY

    def set(self, job: Job, due: float) -> None:
        """Let a job's phase end at ``due``."""
        job.due = due
        heapq.heappush(self._heap, (due, next(self._order), job))
        if len(self._heap) > self._tidy_at:
            self._heap = [entry for entry in self._heap if _counts(entry)]
            heapq.heapify(self._heap)
            self._tidy_at = max(_TIDY, 2 * len(self._heap))

    def next(self) -> float | None:
        """Return the next moment, or None."""
        while self._heap and not _counts(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def expired(self, now: float) -> Iterator[Job]:
        """Yield the jobs that are due; each is to be settled before the next is asked for."""
        while self._heap and self._heap[0][0] <= now:
            entry = heapq.heappop(self._heap)
            if _counts(entry):
                yield entry[2]


def _counts(entry: tuple[float, int, Job]) -> bool:
    due, _, job = entry
    return job.state is not JobState.SETTLED and job.due == due
