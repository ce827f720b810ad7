"""The connections of one pool and what their number asks for. Plain state and pure questions.

Everything counts towards max_size from the decision to open until the socket is really closed: the router counts so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui.core.pool.link import Link, LinkState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mktui.core.pool.job import Job
    from mktui.core.pool.options import PoolOptions


class Roster:
    """All links of one router, by id."""

    def __init__(self) -> None:
        self.generation = 0
        self._links: dict[int, Link] = {}
        self._next_id = 1
        self._extra_slot: Job | None = None

    def __iter__(self) -> Iterator[Link]:
        return iter(list(self._links.values()))

    def __len__(self) -> int:
        return len(self._links)

    def get(self, link_id: int) -> Link | None:
        """Return a link that still counts."""
        return self._links.get(link_id)

    def add(self, now: float) -> Link:
        """Begin a link."""
        link = Link(self._next_id, self.generation, now)
        self._links[link.id] = link
        self._next_id += 1
        return link

    def remove(self, link: Link) -> None:
        """Forget a link whose socket is closed."""
        self._links.pop(link.id, None)

    def count(self, *states: LinkState) -> int:
        """Return how many are in one of ``states``."""
        return sum(link.state in states for link in self._links.values())

    @property
    def ready(self) -> int:
        """How many take work."""
        return self.count(LinkState.READY)

    def slot_for(self, job: Job, limit: int, max_size: int) -> Link | None:
        """Return the least loaded link with a free slot for ``job``; ties go to the one that has worked least."""
        ready = [link for link in self._links.values() if link.state is LinkState.READY]
        lane = self._stream_lane(ready, limit, max_size) if job.is_stream else _command_lane(ready)
        free = [link for link in lane if link.in_flight < limit]
        if free:
            return min(free, key=lambda link: (link.in_flight, link.commands))
        if job.priority == 0 and self._extra_slot is None:  # critical has one extra slot per router
            return min(lane, key=lambda link: (link.in_flight, link.commands), default=None)
        return None

    def occupy(self, job: Job, link: Link, limit: int) -> None:
        """Take a slot."""
        if link.in_flight >= limit:
            self._extra_slot = job
        link.jobs[job] = None
        link.streams += job.is_stream
        link.commands += 1

    def release(self, job: Job, link: Link, now: float) -> None:
        """Free a slot, once: the tag's ``!done`` has come, or the session is over."""
        del link.jobs[job]
        link.abandoned.pop(job, None)
        link.streams -= job.is_stream
        if self._extra_slot is job:
            self._extra_slot = None
        if not link.jobs:
            link.idle_since = now

    def wants_another(self, options: PoolOptions, *, waiting: bool) -> bool:
        """Say whether a connection should be opened: one at a time, never more than max_size."""
        if len(self._links) >= options.max_size or self.count(LinkState.CONNECTING):
            return False
        return waiting or self.ready < options.min_size or self._needs_successor()

    def next_to_replace(self, options: PoolOptions) -> Link | None:
        """Return the next link that a reset (or a smaller max_size) drains, one at a time.

        The last ready link stays until its successor is ready, unless max_size leaves room for only one.
        """
        if self.count(LinkState.DRAINING):
            return None
        ready = [link for link in self._links.values() if link.state is LinkState.READY]
        stale = [link for link in ready if link.generation < self.generation]
        surplus = ready if len(ready) > options.max_size else stale
        if not surplus or (len(ready) == 1 and options.max_size > 1):
            return None
        return min(surplus, key=lambda link: (link.in_flight, link.id))

    def idle_too_long(self, options: PoolOptions, now: float) -> Link | None:
        """Return a link to close because nobody has used it for idle_timeout and min_size stays."""
        if self.ready <= options.min_size:
            return None
        idle = [link for link in self._links.values() if link.state is LinkState.READY and not link.jobs]
        longest = min(idle, key=lambda link: link.idle_since, default=None)
        if longest is None or now < longest.idle_since + options.idle_timeout:
            return None
        return longest

    def _needs_successor(self) -> bool:
        ready = [link for link in self._links.values() if link.state is LinkState.READY]
        return len(ready) == 1 and ready[0].generation < self.generation

    @staticmethod
    def _stream_lane(ready: list[Link], limit: int, max_size: int) -> list[Link]:
        """Streams share few connections, so that one always is left for commands."""
        if max_size == 1:
            return [link for link in ready if link.streams < max(1, limit // 2)]
        streaming = [link for link in ready if link.streams and link.in_flight < limit]
        if streaming:
            return streaming
        if sum(link.streams > 0 for link in ready) >= max_size - 1:
            return []
        return [link for link in ready if not link.streams]


def _command_lane(ready: list[Link]) -> list[Link]:
    """Commands keep off the streams' connections while there is another."""
    quiet = [link for link in ready if not link.streams]
    return quiet or ready
