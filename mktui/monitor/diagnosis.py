"""Why a router is in trouble, and what to do: a table of rules over one frozen snapshot. Pure.

Each rule looks for one symptom and names the figures it saw; the rules themselves stand in ``symptoms``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mktui.monitor import symptoms
from mktui.monitor.records import Diagnosis, Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mktui.monitor.snapshot import RouterSnapshot

    Rule = Callable[[RouterSnapshot, datetime], symptoms.Finding | None]

RULES: Final[dict[str, tuple[Severity, Rule]]] = {
    "login refused": (Severity.CRITICAL, symptoms.login_refused),
    "unreachable": (Severity.CRITICAL, symptoms.unreachable),
    "circuit opens often": (Severity.CRITICAL, symptoms.opens_often),
    "commands fail": (Severity.CRITICAL, symptoms.commands_fail),
    "pool exhausted": (Severity.CRITICAL, symptoms.exhausted),
    "connection errors": (Severity.WARNING, symptoms.connection_errors),
    "link": (Severity.WARNING, symptoms.silent_link),
    "long-running command": (Severity.WARNING, symptoms.long_running),
    "slow": (Severity.WARNING, symptoms.slow),
    "router cpu": (Severity.WARNING, symptoms.busy_router),
    "early warning": (Severity.WARNING, symptoms.early_warning),
    "session limit": (Severity.WARNING, symptoms.session_limit),
    "rights": (Severity.WARNING, symptoms.rights),
    "clock": (Severity.WARNING, symptoms.clock_skew),
    "guard": (Severity.WARNING, symptoms.held_back),
    "radius": (Severity.WARNING, symptoms.radius_shadow),
    "encoding": (Severity.NOTICE, symptoms.encoding),
    "isolated": (Severity.NOTICE, symptoms.isolated),
    "rebooted": (Severity.NOTICE, symptoms.rebooted),
}
"""Name -> how bad it is, and what finds it; in the order in which they are told."""


def diagnose(router: RouterSnapshot, now: datetime) -> tuple[Diagnosis, ...]:
    """Return what is wrong with a router, worst first; nothing when nothing is."""
    found = [
        Diagnosis(name, severity, seen.symptom, seen.evidence, seen.cause, seen.remedy, seen.action)
        for name, (severity, rule) in RULES.items()
        if (seen := rule(router, now)) is not None
    ]
    return tuple(sorted(found, key=lambda each: list(Severity).index(each.severity)))
