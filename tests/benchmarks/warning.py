"""Early warning, judged on simulated failures and well routers by seeds that nothing was tuned on."""

from __future__ import annotations

from collections import Counter
from statistics import median

from mktui.monitor.outlook import LIKELY
from tests.benchmarks.measure import Line
from tests.monitor.traces import FAILURES, HEALTHY, HELD_OUT_SEEDS, Outcome, false_alarms, judge_failure

_USEFUL = 5.0
"""Minutes; a shorter lead is a miss."""
_DAYS = 7


def warning(*, quick: bool) -> list[Line]:
    """Lead times and misses for each kind of failure; false alarms a day for each kind of well router."""
    failures, weeks = (2, 1) if quick else (40, 10)
    lines, seen = [], list[Outcome]()
    for what in FAILURES:
        outcomes = [judge_failure(what, seed) for seed in HELD_OUT_SEEDS[:failures]]
        lines.append(_of_failures(f"said before: {what}", outcomes))
        seen += outcomes
    lines.append(_of_failures("said before: all of them", seen))
    days = 1 if quick else _DAYS
    total, sure = 0, 0
    for kind in HEALTHY:
        alarms = Counter(
            alarm.rpartition(" ")[2] for seed in HELD_OUT_SEEDS[:weeks] for alarm in false_alarms(kind, seed, days)
        )
        total, sure = total + alarms.total(), sure + alarms[LIKELY]
        lines.append(_of_alarms(kind, alarms.total(), alarms[LIKELY], days * weeks))
    lines.append(_of_alarms("all of them", total, sure, days * weeks * len(HEALTHY)))
    return lines


def _of_failures(work: str, outcomes: list[Outcome]) -> Line:
    leads = sorted(each.lead or 0.0 for each in outcomes)
    missed = sum(lead < _USEFUL for lead in leads) / len(leads)
    ours = f"{median(leads):.0f} min before; nine of ten: {leads[len(leads) // 10]:.0f} min"
    return Line(work, ours, f"{100 * missed:.0f} % missed", missed, "–", None, len(outcomes))


def _of_alarms(kind: str, alarms: int, sure: int, days: int) -> Line:
    rate = alarms / days
    ours = f"{rate:.2f} false alarms a day"
    return Line(f"a well router: {kind}", ours, f"{sure} called likely", rate, "–", None, days)
