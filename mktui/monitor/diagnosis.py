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


FOLLOWS: Final[dict[str, frozenset[str]]] = {
    "commands fail": frozenset({"login refused", "unreachable"}),
    "connection errors": frozenset({"login refused", "unreachable", "circuit opens often"}),
}
"""What is not told beside others, since it only follows from what they tell."""


def diagnose(router: RouterSnapshot, now: datetime) -> tuple[Diagnosis, ...]:
    """Return what is wrong with a router, worst first; nothing when nothing is."""
    seen = {name: finding for name, (_, rule) in RULES.items() if (finding := rule(router, now)) is not None}
    found = [
        Diagnosis(name, RULES[name][0], each.symptom, each.evidence, each.cause, each.remedy, each.action)
        for name, each in seen.items()
        if not FOLLOWS.get(name, frozenset()) & seen.keys()
    ]
    return tuple(sorted(found, key=lambda each: list(Severity).index(each.severity)))
