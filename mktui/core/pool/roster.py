"""The connections of one pool and what their number asks for. Plain state and pure questions.

Everything counts towards max_size from the decision to open until the socket is really closed: the router counts so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui.core.pool.link import Link, LinkState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mktui.core.pool.job import Job
    from mktui.core.pool.options import PoolOptions

_UNKNOWN_LATENCY: Final = 0.001
"""Seconds: faster than this is no reason to give a connection more."""


class Roster:
    """All links of one router, by id."""

    def __init__(self) -> None:
        self.generation = 0
        self.weighted = False
        """Weighted round robin; else the least loaded."""
        self._links: dict[int, Link] = {}
        self._next_id = 1
        self._extra_slot: Job | None = None
        self._streams = 0

    def __iter__(self) -> Iterator[Link]:
        return iter(list(self._links.values()))

    def __len__(self) -> int:
        return len(self._links)

    def get(self, link_id: int) -> Link | None:
        """Return a link that still counts."""
        return self._links.get(link_id)

    def add(self, now: float, jitter: float = 1.0) -> Link:
        """Begin a link."""
        link = Link(self._next_id, self.generation, now, jitter=jitter)
        self._links[link.id] = link
        self._next_id += 1
        return link

    def remove(self, link: Link) -> None:
        """Forget a link whose socket is closed."""
        self._links.pop(link.id, None)

    def count(self, *states: LinkState) -> int:
        """Return how many are in one of ``states``."""
        return sum(link.state in states for link in self._links.values())

    def newest(self, state: LinkState) -> int:
        """Return how many of those that were opened since the last reset are in ``state``."""
        return sum(link.state is state and link.generation == self.generation for link in self._links.values())

    @property
    def ready(self) -> int:
        """How many take work."""
        return self.count(LinkState.READY)

    def waited(self, job: Job, now: float) -> float:
        """Return for how long a job has waited for a slot: not for a connection, while there was none."""
        if now <= job.submitted_at:
            return 0.0
        ready = (link.ready_at for link in self._links.values() if link.state is LinkState.READY)
        return now - max(job.submitted_at, min(ready, default=now))

    def slot_for(self, job: Job, limit: int, max_size: int) -> Link | None:
        """Return a link with a free slot for ``job``: the least loaded, or by ``balance`` the one whose turn it is."""
        if not job.is_stream and not self.weighted:
            quick = self._least_loaded(limit)
            if quick is not None or (job.priority and not self._streams):
                return quick
        ready = [link for link in self._links.values() if link.state is LinkState.READY]
        lane = self._stream_lane(ready, limit, max_size) if job.is_stream else _command_lane(ready)
        free = [link for link in lane if link.in_flight < limit]
        if free:
            return _next_by_weight(free) if self.weighted else min(free, key=_load)
        if job.priority == 0 and self._extra_slot is None:  # critical has one extra slot per router
            return min(lane, key=_load, default=None)
        return None

    def _least_loaded(self, limit: int) -> Link | None:
        """Return the usual answer, at a third of the cost: the least loaded link without streams that has a slot."""
        best: Link | None = None
        most = limit
        for link in self._links.values():
            if link.state is not LinkState.READY or link.streams:
                continue
            load = len(link.jobs)
            if load < most or (load == most and best is not None and link.commands < best.commands):
                best, most = link, load
        return best

    def occupy(self, job: Job, link: Link, limit: int) -> None:
        """Take a slot."""
        if link.in_flight >= limit:
            self._extra_slot = job
        link.jobs[job] = None
        link.streams += job.is_stream
        self._streams += job.is_stream
        link.commands += 1
        if self.weighted:
            self._share_credit(link)

    def release(self, job: Job, link: Link, now: float) -> None:
        """Free a slot, once: the tag's ``!done`` has come, or the session is over."""
        del link.jobs[job]
        link.abandoned.pop(job, None)
        link.streams -= job.is_stream
        self._streams -= job.is_stream
        if self._extra_slot is job:
            self._extra_slot = None
        if not link.jobs:
            link.idle_since = now

    def wants_another(self, options: PoolOptions, room: int, waiting: Callable[[], bool], now: float) -> bool:
        """Say whether a connection should be opened: one at a time, never more than there is ``room`` for."""
        if len(self._links) >= room or self.count(LinkState.CONNECTING):
            return False
        return waiting() or self.ready < options.min_size or self._needs_successor(options, now)

    def next_to_replace(self, options: PoolOptions, room: int, now: float) -> Link | None:
        """Return the next link to drain, one at a time: after a reset, too old, or more than there is room for.

        The last ready link stays until its successor is ready, unless there is room for only one.
        """
        if self.count(LinkState.DRAINING):
            return None
        ready = [link for link in self._links.values() if link.state is LinkState.READY]
        stale = [link for link in ready if self._is_stale(link, options, now)]
        surplus = ready if len(ready) > room else stale
        if not surplus or (len(ready) == 1 and room > 1):
            return None
        return min(surplus, key=lambda link: (link.in_flight, link.id))

    def idle_too_long(self, options: PoolOptions, now: float) -> Link | None:
        """Return a link to close because nobody has used it for idle_timeout and min_size stays."""
        if self.ready <= options.min_size:
            return None
        idle = [link for link in self._links.values() if link.state is LinkState.READY and not link.jobs]
        longest = min(idle, key=lambda link: link.idle_until(options), default=None)
        if longest is None or now < longest.idle_until(options):
            return None
        return longest

    def looks(self, options: PoolOptions, now: float) -> list[float]:
        """Return when a link may want something done by time alone: doubted, replaced, or closed because it idles."""
        links = list(self._links.values())
        ready = [link for link in links if link.state is LinkState.READY]
        times = [at for link in links for at in link.looks(options)]
        times += [at for link in ready if (at := link.expires_at(options)) > now]
        if len(ready) > options.min_size:
            times += [link.idle_until(options) for link in ready if not link.jobs]
        return times

    def _needs_successor(self, options: PoolOptions, now: float) -> bool:
        ready = [link for link in self._links.values() if link.state is LinkState.READY]
        return len(ready) == 1 and self._is_stale(ready[0], options, now)

    def _is_stale(self, link: Link, options: PoolOptions, now: float) -> bool:
        return link.generation < self.generation or now >= link.expires_at(options)

    def _share_credit(self, chosen: Link) -> None:
        """Smooth weighted round robin: each ready link earns its weight, the one that works pays for all."""
        ready = [link for link in self._links.values() if link.state is LinkState.READY]
        for link in ready:
            link.credit += _weight(link)
        chosen.credit -= sum(_weight(link) for link in ready)

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


def _load(link: Link) -> tuple[int, int]:
    """Ties go to the one that has worked least."""
    return link.in_flight, link.commands


def _weight(link: Link) -> float:
    return 1.0 / max(link.latency or _UNKNOWN_LATENCY, _UNKNOWN_LATENCY)


def _next_by_weight(free: list[Link]) -> Link:
    return max(free, key=lambda link: link.credit + _weight(link))
