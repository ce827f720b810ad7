"""What is worth waking somebody for: one table of rules over the picture of a router. Pure.

A rule says that something is wrong, that it is not, or that this cannot be known now: then what was known stays.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from mktui.core.pool.breaker import BreakerState
from mktui.core.pool.health import CONNECTING, HealthStatus
from mktui.errors import seconds_in_words
from mktui.letters import cut, printable
from mktui.monitor.outlook import evidence
from mktui.monitor.symptoms import clock_skew as clocks_disagree
from mktui.monitor.symptoms import exhausted, held_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from mktui.monitor.snapshot import RouterSnapshot

_LONGEST: Final = 500
"""Letters of a text that are told."""


class Severity(enum.StrEnum):
    """How soon somebody should look."""

    CRITICAL = "critical"
    WARNING = "warning"


class Seen(NamedTuple):
    """What is wrong: one line, and what it is known by."""

    summary: str
    description: str = ""


class Unknown(enum.Enum):
    """It cannot be known now whether something is wrong."""

    UNKNOWN = enum.auto()


UNKNOWN: Final = Unknown.UNKNOWN
Judgement = Seen | Unknown | None
Key = tuple[str, str]
"""Rule, router."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a rule sees something. ``certain``: only an early warning that is likely is told."""

    failed_rows: int = 1
    pending_rows: int = 1
    certain: bool = True


class Rule(NamedTuple):
    """One row of the table. ``is_unknown``: nothing can be said of a router yet, whatever it looks like."""

    name: str
    severity: Severity
    is_unknown: Callable[[RouterSnapshot], bool]
    judge: Callable[[RouterSnapshot, datetime, Limits], Judgement]


def _is_isolated(router: RouterSnapshot) -> bool:
    return router.pool.circuit_breaker.state is BreakerState.ISOLATED


def _is_young(router: RouterSnapshot) -> bool:
    """Nothing has been heard of it since the start, not even that it cannot be reached."""
    return router.health.reasons == (CONNECTING,)


def _is_unsettled(router: RouterSnapshot) -> bool:
    """Nothing is known of a last run, or the next one is counting."""
    sync = router.sync
    return sync.is_running or (sync.finished_at is None and not sync.remarks)


def _is_said(_router: RouterSnapshot) -> bool:
    """The rule says itself what it cannot know."""
    return False


def _router_down(router: RouterSnapshot, _now: datetime, _limits: Limits) -> Judgement:
    if router.health.status is not HealthStatus.OFFLINE or _is_isolated(router):  # who isolates it knows
        return None
    return Seen(f"{router.name} is down", "; ".join(router.health.reasons))


def _breaker_open(router: RouterSnapshot, _now: datetime, _limits: Limits) -> Judgement:
    breaker = router.pool.circuit_breaker
    if breaker.state not in {BreakerState.OPEN, BreakerState.HALF_OPEN}:
        return None
    return Seen(f"the circuit of {router.name} is open", breaker.reason)


def _pool_exhausted(router: RouterSnapshot, now: datetime, _limits: Limits) -> Judgement:
    found = exhausted(router, now)
    return found and Seen(f"commands for {router.name} wait for a free slot", "; ".join(found.evidence))


def _sync_pending(router: RouterSnapshot, _now: datetime, limits: Limits) -> Judgement:
    pending = router.sync.pending
    if router.sync.paused is not None:  # who holds its syncs knows
        return None
    if pending < limits.pending_rows:
        return None if router.sync.owned is not None else UNKNOWN  # billing has not been asked
    return Seen(f"{router.name} waits for a sync", f"{pending:,} rows that billing wants are not on the router")


def _failed_rows(router: RouterSnapshot, _now: datetime, limits: Limits) -> Judgement:
    if router.sync.failed < limits.failed_rows:
        return None
    return Seen(f"rows failed in the last sync of {router.name}", f"{router.sync.failed:,} failed")


def _guard_refusal(router: RouterSnapshot, now: datetime, _limits: Limits) -> Judgement:
    found = held_back(router, now)
    return found and Seen(f"a guard holds back changes for {router.name}", "; ".join(found.evidence))


def _clock_skew(router: RouterSnapshot, now: datetime, _limits: Limits) -> Judgement:
    found = clocks_disagree(router, now)
    return found and Seen(f"clocks disagree at {router.name}: nobody is cut off", "; ".join(found.evidence))


def _password_unverifiable(router: RouterSnapshot, _now: datetime, _limits: Limits) -> Judgement:
    hidden = [remark.text for remark in router.sync.remarks if remark.kind == "unverifiable"]
    return Seen(f"passwords on {router.name} cannot be compared", hidden[0]) if hidden else None


def _early_warning(router: RouterSnapshot, _now: datetime, limits: Limits) -> Judgement:
    told = [each for each in router.forecasts if each.confidence == "likely" or not limits.certain]
    if not told:
        return None
    what = f"a figure of {router.name} reaches its limit in {seconds_in_words(told[0].seconds)}"
    return Seen(what, "; ".join(evidence(each) for each in told))


RULES: Final = (
    Rule("router_down", Severity.CRITICAL, _is_young, _router_down),
    Rule("breaker_open", Severity.WARNING, _is_young, _breaker_open),
    Rule("pool_exhausted", Severity.WARNING, _is_young, _pool_exhausted),
    Rule("sync_pending", Severity.WARNING, _is_said, _sync_pending),
    Rule("failed_rows", Severity.WARNING, _is_unsettled, _failed_rows),
    Rule("guard_refusal", Severity.WARNING, _is_unsettled, _guard_refusal),
    Rule("clock_skew", Severity.WARNING, _is_unsettled, _clock_skew),
    Rule("password_unverifiable", Severity.WARNING, _is_unsettled, _password_unverifiable),
    Rule("early_warning", Severity.WARNING, _is_young, _early_warning),
)
SEVERITIES: Final[Mapping[str, Severity]] = {rule.name: rule.severity for rule in RULES}


def judged(
    routers: Iterable[RouterSnapshot], now: datetime, limits: Limits, rules: Iterable[str]
) -> dict[Key, Judgement]:
    """Return what each of these rules says of each router."""
    wanted = set(rules)
    return {
        (rule.name, router.name): UNKNOWN if rule.is_unknown(router) else _readable(rule.judge(router, now, limits))
        for router in routers
        for rule in RULES
        if rule.name in wanted
    }


def _readable(judgement: Judgement) -> Judgement:
    """A router's bytes need not be text, and need not end."""
    return Seen(*map(_text, judgement)) if isinstance(judgement, Seen) else judgement


def _text(text: str) -> str:
    one_line = " ".join(text.encode("utf-8", "backslashreplace").decode().split())
    return cut(printable(one_line), _LONGEST)
