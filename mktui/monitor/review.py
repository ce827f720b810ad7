"""What a month says about the settings: which to change, from what to what, by which figures; and who is near a limit.

A table of rules over a router's hours; each looks for one thing and names the figures it saw. Pure. With less than two
days of a router nothing is said of it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from mktui.errors import seconds_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mktui.core.pool.options import PoolOptions
    from mktui.monitor.hours import RouterHour

    Hours = Sequence[RouterHour]

ENOUGH: Final = 48
"""Hours."""
OFTEN: Final = 0.05
"""Share of the hours from which on something happens often."""
MOSTLY: Final = 0.5
BUSY_CPU: Final = 85.0
IDLE_CPU: Final = 60.0
FULL: Final = 90.0
NEAR: Final = 0.8
"""Share of a limit from which on one is near it."""
WAITS: Final = 1.0
LICENCES: Final = ((4, 200), (5, 500))
"""RouterOS licence levels, and how many PPP sessions they allow."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One setting that the figures say to change."""

    setting: str
    now: float
    proposed: float
    evidence: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class NearLimit:
    """A limit that a router is near: what it is, where it stands and where it ends."""

    what: str
    figure: float
    limit: float
    text: str


@dataclass(frozen=True, slots=True)
class RouterReview:
    """What is said of one router. ``hours`` were seen; ``is_enough`` False: nothing can be said."""

    router: str
    hours: float
    is_enough: bool
    advices: tuple[Advice, ...] = ()
    limits: tuple[NearLimit, ...] = ()


def review(hours: Iterable[RouterHour], pools: Mapping[str, PoolOptions]) -> tuple[RouterReview, ...]:
    """Return what the hours say of each router that has settings, in their order."""
    of_router: dict[str, list[RouterHour]] = defaultdict(list)
    for each in hours:
        of_router[each.router].append(each)
    return tuple(_of_router(name, of_router[name], pool) for name, pool in pools.items())


def _of_router(name: str, hours: Hours, pool: PoolOptions) -> RouterReview:
    seen = sum(each.seconds for each in hours) / 3600
    if seen < ENOUGH:
        return RouterReview(name, seen, is_enough=False)
    advices: dict[str, Advice] = {}
    for rule in RULES:
        if (advice := rule(hours, pool)) is not None:
            advices.setdefault(advice.setting, advice)  # the first that speaks of a setting
    limits = tuple(found for near in NEARNESS if (found := near(hours)) is not None)
    return RouterReview(name, seen, is_enough=True, advices=tuple(advices.values()), limits=limits)


def _share(hours: Hours, is_so: Callable[[RouterHour], bool]) -> tuple[float, str]:
    """Return in which share of the hours something is so, and that in words."""
    count = sum(map(is_so, hours))
    return count / len(hours), f"in {count:,} of {len(hours):,} hours"


def _known(hours: Hours, name: str) -> list[float]:
    return [value for each in hours if (value := getattr(each, name)) is not None]


def _middle(hours: Hours, name: str) -> float | None:
    known = _known(hours, name)
    return median(known) if known else None


# -- settings ---------------------------------------------------------------------------------------------------------


def fewer_sessions(hours: Hours, pool: PoolOptions) -> Advice | None:
    """Find a router that allows fewer sessions than the pool would open."""
    ceilings = [each.ceiling for each in hours if each.ceiling is not None]
    share, words = _share(hours, lambda each: each.ceiling is not None and each.ceiling < pool.max_size)
    if share < OFTEN:
        return None
    most = max(min(ceilings), pool.min_size, 1)
    if most >= pool.max_size:
        return None
    return Advice(
        "max_size", pool.max_size, most, (f"{words} the router allowed {min(ceilings)} sessions at most",),
        "More are refused, and each try costs it a login. Or raise max-sessions of its API service.",
    )  # fmt: skip


def more_sessions(hours: Hours, pool: PoolOptions) -> Advice | None:
    """Find commands that wait for slots of a router that could do more."""
    full, words = _share(hours, lambda each: (each.utilisation_peak or 0) >= FULL and (each.oldest_peak or 0) > WAITS)
    p95, cpu = _middle(hours, "p95"), _middle(hours, "cpu_percent")
    proposed = min(max(pool.max_size + 1, math.ceil(pool.max_size * 1.25)), *_ceilings(hours))
    is_able = (p95 or 0) <= pool.slow_response and cpu is not None and cpu < IDLE_CPU
    if full < OFTEN or not is_able or proposed <= pool.max_size:
        return None
    longest = max(_known(hours, "oldest_peak"))
    return Advice(
        "max_size", pool.max_size, proposed,
        (f"{words} all slots were taken and commands waited, {seconds_in_words(longest)} at the longest",
         f"its processor is at {cpu:.0f} % in the middle, its p95 at {1000 * (p95 or 0):.0f} ms"),
        "More is asked than slots allow, and the router has room.",
    )  # fmt: skip


def _ceilings(hours: Hours) -> list[int]:
    return [each.ceiling for each in hours if each.ceiling is not None] or [1000]


def spare_it(hours: Hours, pool: PoolOptions) -> Advice | None:
    """Find a router whose processor is full while it answers slowly."""
    share, words = _share(
        hours, lambda each: (each.cpu_percent or 0) >= BUSY_CPU and (each.p95 or 0) > pool.slow_response
    )
    rates = [each.commands / each.seconds for each in hours if (each.cpu_percent or 0) >= BUSY_CPU]
    if share < OFTEN or not rates:
        return None
    proposed = max(1.0, math.floor(0.7 * max(rates)))
    now = pool.max_commands_per_second
    if (now and proposed >= now) or proposed >= max(rates):
        return None
    return Advice(
        "max_commands_per_second", now, proposed,
        (f"{words} its processor was at {BUSY_CPU:.0f} % or more, its p95 over {seconds_in_words(pool.slow_response)}",
         f"up to {max(rates):.1f} commands a second were asked of it then"),
        "A full processor answers the API last: asking less is quicker.",
    )  # fmt: skip


def wait_longer(hours: Hours, pool: PoolOptions) -> Advice | None:
    """Find commands that end at their time limit although the router does answer, only late."""
    timeouts, commands = sum(each.timeouts for each in hours), sum(each.commands for each in hours)
    peaks = _known(hours, "p95_peak")
    is_late = bool(peaks) and max(peaks) > 0.5 * pool.command_timeout
    if not commands or timeouts < max(10, 0.005 * commands) or not is_late:
        return None
    return Advice(
        "command_timeout", pool.command_timeout, math.ceil(pool.command_timeout * 1.5),
        (f"{timeouts:,} of {commands:,} commands ended at the limit", f"p95 rose to {seconds_in_words(max(peaks))}"),
        "It answers, but late: what is given up is asked again, and loads it more.",
    )  # fmt: skip


def warn_later(hours: Hours, pool: PoolOptions) -> Advice | None:
    """Find a warning that always stands."""
    share, words = _share(hours, lambda each: (each.p95 or 0) > pool.slow_response)
    p95, cpu = _middle(hours, "p95"), _middle(hours, "cpu_percent")
    if share < MOSTLY or p95 is None or (cpu is not None and cpu >= IDLE_CPU):
        return None
    return Advice(
        "slow_response", pool.slow_response, math.ceil(15 * p95) / 10,
        (f"{words} p95 was over it, {1000 * p95:.0f} ms in the middle",),
        "This is how the router is; a warning that always stands is read by nobody.",
    )  # fmt: skip


def more_patience(hours: Hours, pool: PoolOptions) -> Advice | None:
    """Find a circuit that opens again and again over a router that is hardly ever away."""
    opens, days = sum(each.opens for each in hours), sum(each.seconds for each in hours) / 86_400
    away = sum(each.away for each in hours) / sum(each.seconds for each in hours)
    if opens < max(3.0, days) or away > 0.01 or pool.circuit_breaker_threshold >= 10:
        return None
    return Advice(
        "circuit_breaker_threshold", pool.circuit_breaker_threshold, min(10, pool.circuit_breaker_threshold + 3),
        (f"the circuit opened {opens:,} times in {days:.0f} days", f"the router was away {100 * away:.1f} % of them"),
        "A bad link, not a dead router: each break shuts out commands that would have got through.",
    )  # fmt: skip


def longer_queue(hours: Hours, pool: PoolOptions) -> Advice | None:
    """Find commands that are turned away although nothing waits for long."""
    turned_away, commands = sum(each.turned_away for each in hours), sum(each.commands for each in hours)
    longest = max(_known(hours, "oldest_peak"), default=0.0)
    if turned_away < max(10, 0.001 * commands) or longest > pool.acquire_timeout:
        return None
    return Advice(
        "max_waiting", pool.max_waiting, pool.max_waiting * 2,
        (f"{turned_away:,} of {commands:,} commands were turned away", f"none waited over {seconds_in_words(longest)}"),
        "Much comes at once and is soon done.",
    )  # fmt: skip


RULES: Final = (fewer_sessions, spare_it, more_sessions, wait_longer, warn_later, more_patience, longer_queue)
"""In the order in which they may speak; of two about one setting the first does."""


# -- limits -----------------------------------------------------------------------------------------------------------


def near_sessions(hours: Hours) -> NearLimit | None:
    """Find a router of whose sessions we use nearly all."""
    ceilings = [each.ceiling for each in hours if each.ceiling is not None]
    most = max(each.sessions_peak for each in hours)
    if not ceilings or most < NEAR * min(ceilings):
        return None
    return NearLimit("sessions", most, min(ceilings), f"{most} sessions of ours, and it allows {min(ceilings)}")


def near_cpu(hours: Hours) -> NearLimit | None:
    """Find a processor that is nearly full in the busiest tenth of the hours."""
    known = sorted(_known(hours, "cpu_percent"))
    if not known or (busy := known[len(known) * 9 // 10]) < NEAR * BUSY_CPU:
        return None
    return NearLimit("cpu", busy, BUSY_CPU, f"cpu {busy:.0f} % or more in the busiest tenth of the hours")


def near_memory(hours: Hours) -> NearLimit | None:
    """Find a memory that is nearly full."""
    known = _known(hours, "memory_peak")
    if not known or max(known) < NEAR * 100:
        return None
    return NearLimit("memory", max(known), 100.0, f"up to {max(known):.0f} % of its memory are in use")


def near_rows(hours: Hours) -> NearLimit | None:
    """Find customers who will soon be more than a licence allows to be online."""
    rows = next((each.rows for each in reversed(hours) if each.rows is not None), None)
    for level, most in LICENCES:
        if rows is not None and NEAR * most <= rows <= most:
            text = f"{rows} rows of ours; with a licence of level {level} no more than {most} can be online"
            return NearLimit("rows", rows, most, text)
    return None


NEARNESS: Final = (near_sessions, near_cpu, near_memory, near_rows)
