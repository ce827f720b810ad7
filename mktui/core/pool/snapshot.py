"""Reads one frozen ``PoolStatistics`` off the dispatcher. Pure; changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui.core.pool.job import Priority
from mktui.core.pool.link import Link, LinkState
from mktui.core.pool.statistics import (
    BreakerStatistics,
    ConnectionStatistics,
    PerformanceStatistics,
    PoolStatistics,
    QueueStatistics,
    SlowCommand,
)

if TYPE_CHECKING:
    from mktui.core.pool.dispatcher import Dispatcher


def statistics(dispatcher: Dispatcher, now: float) -> PoolStatistics:
    """Return the pool's figures at ``now``."""
    links = list(dispatcher.roster)
    ready = [link for link in links if link.state is LinkState.READY]
    limit = dispatcher.limit.value
    return PoolStatistics(
        min_size=dispatcher.options.min_size,
        max_size=dispatcher.options.max_size,
        size=len(links),
        ready=len(ready),
        busy=sum(link.in_flight > 0 for link in ready),
        draining=dispatcher.roster.count(LinkState.DRAINING),
        suspect=dispatcher.roster.count(LinkState.SUSPECT),
        slots_used=sum(link.in_flight for link in ready),
        slots_total=limit * len(ready),
        in_flight_limit=limit,
        ceiling=dispatcher.ceiling.value,
        slow=(*dispatcher.recorder.slow, *_running_long(dispatcher, now)),
        auth_failed=dispatcher.openings.refusal.text if dispatcher.openings.refusal is not None else "",
        connections=tuple(_connection(link, limit, now) for link in links),
        circuit_breaker=_breaker(dispatcher, now),
        performance=_performance(dispatcher, now),
        queue=_queue(dispatcher, now),
    )


def _running_long(dispatcher: Dispatcher, now: float) -> list[SlowCommand]:
    long = dispatcher.options.command_timeout / 2
    return [
        SlowCommand(job.sent_at, job.command.path, job.caller, link.id, now - job.sent_at, is_running=True)
        for link in dispatcher.roster
        for job in link.jobs
        if not job.is_stream and now - job.sent_at > long
    ]


def _connection(link: Link, limit: int, now: float) -> ConnectionStatistics:
    state = "busy" if link.state is LinkState.READY and link.jobs else link.state.value
    return ConnectionStatistics(
        id=link.id,
        state=state,
        age=now - link.opened_at,
        idle=0.0 if link.jobs else now - max(link.idle_since, link.opened_at),
        in_flight=link.in_flight,
        limit=limit,
        commands=link.commands,
        errors=link.errors,
        latency=link.latency,
        bytes_in=link.traffic.bytes_in if link.traffic else 0,
        bytes_out=link.traffic.bytes_out if link.traffic else 0,
        local_port=link.local_port,
        writes=link.traffic.writes if link.traffic else 0,
    )


def _breaker(dispatcher: Dispatcher, now: float) -> BreakerStatistics:
    breaker = dispatcher.breaker
    return BreakerStatistics(
        state=breaker.state,
        failures=breaker.failures,
        threshold=breaker.threshold,
        opens=breaker.opens,
        retry_after=None if breaker.allows else breaker.retry_after(now),
        reason=breaker.reason,
        history=tuple(breaker.history),
    )


def _performance(dispatcher: Dispatcher, now: float) -> PerformanceStatistics:
    recorder = dispatcher.recorder
    window = recorder.window(now)
    return PerformanceStatistics(
        commands=recorder.commands,
        success_percent=100.0 * recorder.succeeded / recorder.commands if recorder.commands else None,
        errors=dict(recorder.errors),
        retries=recorder.retries,
        timeouts=recorder.timeouts,
        cancels=recorder.cancels,
        connects=recorder.connects,
        drops=recorder.drops,
        response=window.response,
        acquire=window.acquire,
        failing=window.failed,
    )


def _queue(dispatcher: Dispatcher, now: float) -> QueueStatistics:
    queue = dispatcher.queue
    oldest = queue.oldest()
    return QueueStatistics(
        critical=queue.waiting(Priority.CRITICAL),
        high=queue.waiting(Priority.HIGH),
        normal=queue.waiting(Priority.NORMAL),
        low=queue.waiting(Priority.LOW),
        oldest=None if oldest is None else now - oldest,
    )
