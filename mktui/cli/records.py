"""Snapshots as JSON: the same names everywhere, seconds unless the name says otherwise."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mktui.core.client.connection_test import TestReport
    from mktui.monitor.records import Audited, Diagnosis, SeenError
    from mktui.monitor.snapshot import JobState, RouterSnapshot, SyncState

Record = dict[str, Any]  # Any: JSON


def router_record(router: RouterSnapshot) -> Record:
    """Return one router."""
    pool, performance, breaker = router.pool, router.pool.performance, router.pool.circuit_breaker
    return {
        "name": router.name,
        "address": router.address,
        "health": router.health.status.value,
        "reasons": list(router.health.reasons),
        "response_time": router.health.response_time,
        "version": router.facts.version,
        "board": router.facts.board,
        "connections": {
            "min": pool.min_size, "max": pool.max_size, "size": pool.size, "ready": pool.ready, "busy": pool.busy,
            "success_rate": performance.success_percent, "connects": performance.connects, "drops": performance.drops,
        },
        "circuit_breaker": {
            "state": breaker.state.value, "failures": breaker.failures, "threshold": breaker.threshold,
            "opens": breaker.opens, "retry_after": breaker.retry_after, "reason": breaker.reason,
        },
        "performance": {
            "commands": performance.commands, "errors": dict(performance.errors), "retries": performance.retries,
            "timeouts": performance.timeouts, "response": asdict(performance.response),
            "acquire": asdict(performance.acquire),
        },
        "queue": asdict(pool.queue),
        "warnings": [
            asdict(each) | {"text": text} for each, text in zip(router.forecasts, warnings_of(router), strict=True)
        ],
    }  # fmt: skip


def warnings_of(router: RouterSnapshot) -> tuple[str, ...]:
    """Return what is said early of one router, in words."""
    if not router.forecasts:
        return ()
    from mktui.monitor.outlook import in_words  # noqa: PLC0415 - nearly always there is nothing to say

    return tuple(in_words(each) for each in router.forecasts)


def sync_record(state: SyncState) -> Record:
    """Return one router's sync; what is planned and not yet settled is deferred to the next run."""
    unsettled = state.planned - state.settled
    return {
        "planned": state.planned, "applied": state.applied, "failed": state.failed, "skipped": state.skipped,
        "deferred": state.deferred + unsettled, "unknown": state.unknown, "refused": state.refused,
        "reason": state.reason,
    }  # fmt: skip


def job_record(job: JobState) -> Record:
    """Return one scheduled job."""
    return {
        "job": job.job, "when": job.words, "routers": list(job.routers),
        "next_at": job.next_at.isoformat(), "running": job.is_running,
        "last_at": job.last_at.isoformat() if job.last_at else None, "seconds": job.seconds,
        "missed_at": job.missed_at.isoformat() if job.missed_at else None,
        "outcomes": [asdict(each) | {"at": each.at.isoformat()} for each in job.outcomes],
    }  # fmt: skip


def test_record(report: TestReport) -> Record:
    """Return one connection test."""
    return {
        "router": report.router, "address": report.address, "ok": report.ok, "verdict": report.verdict,
        "identity": report.identity, "version": report.version, "round_trip": report.round_trip,
        "error": type(report.error).__name__ if report.error else None,
        "warnings": list(report.warnings),
        "steps": [asdict(step) for step in report.steps],
    }  # fmt: skip


def diagnosis_record(found: Diagnosis) -> Record:
    """Return one finding."""
    return asdict(found) | {"severity": found.severity.value, "evidence": list(found.evidence)}


def error_record(seen: SeenError) -> Record:
    """Return one row of the error log."""
    return {
        "at": seen.at.isoformat(), "last_at": seen.latest.isoformat(), "router": seen.router, "class": seen.kind,
        "command": seen.command, "text": seen.text, "repeats": seen.repeats,
    }  # fmt: skip


def audit_record(change: Audited) -> Record:
    """Return one change."""
    return {
        "at": change.at.isoformat(), "who": change.who, "from": change.origin, "what": change.what,
        "router": change.router, "outcome": change.outcome,
    }  # fmt: skip
