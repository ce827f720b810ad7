"""What a month says about the settings: which to change, from what to what, by which figures; and who is near a limit.

A table of rules over a router's hours; each looks for one thing and names the figures it saw. Pure. With less than two
days of a router nothing is said of it. A rule judges by what is so in many hours, and proposes by the middle of those:
no single odd hour, whatever happened in it, changes what is said.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from statistics import median, median_low
from typing import TYPE_CHECKING, Final

from annotated_types import Le

from mktui.core.pool.options import PoolOptions
from mktui.errors import seconds_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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
AWAY: Final = 0.1
"""Share of an hour from which on the router was away in it, not only hard to reach."""
LATELY: Final = 24
"""Hours that a figure which grows is read from."""
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


def _those(hours: Hours, is_so: Callable[[RouterHour], bool]) -> tuple[Hours, str]:
    """Return the hours in which something is so, none when that is rare, and their share in words."""
    found = [each for each in hours if is_so(each)]
    return found if len(found) >= OFTEN * len(hours) else [], f"in {len(found):,} of {len(hours):,} hours"


def _known(hours: Hours, name: str) -> list[float]:
    return [value for each in hours if (value := getattr(each, name)) is not None]


def _middle(hours: Hours, name: str) -> float | None:
    known = _known(hours, name)
    return median(known) if known else None


def _at_most(setting: str, proposed: float) -> float:
    """Return what is proposed, or the most that the setting may be."""
    least: list[float] = [each.le for each in PoolOptions.model_fields[setting].metadata if isinstance(each, Le)]  # type: ignore[misc]  # a number, of a number's setting
    return min(proposed, *least)


# -- settings ---------------------------------------------------------------------------------------------------------


def fewer_sessions(hours: Hours, pool: PoolOptions) -> Advice | None:
    """Find a router that allows fewer sessions than the pool would open."""
    fewer, words = _those(hours, lambda each: each.ceiling is not None and each.ceiling < pool.max_size)
    ceilings = _ceilings(fewer)
    if not ceilings or (most := max(median_low(ceilings), pool.min_size, 1)) >= pool.max_size:
        return None
    usual, least = median_low(ceilings), min(ceilings)
    seen = f"{words} the router allowed {usual} sessions at most" + (f", {least} at the least" if least < usual else "")
    return Advice(
        "max_size", pool.max_size, most, (seen,),
        "More are refused, and each try costs it a login. Or raise max-sessions of its API service.",
    )  # fmt: skip


def more_sessions(hours: Hours, pool: PoolOptions) -> Advice | None:
    """Find commands that wait for slots of a router that could do more."""
    full, words = _those(hours, lambda each: (each.utilisation_peak or 0) >= FULL and (each.oldest_peak or 0) > WAITS)
    p95, cpu = _middle(hours, "p95"), _middle(hours, "cpu_percent")
    is_able = (p95 or 0) <= pool.slow_response and cpu is not None and cpu < IDLE_CPU
    limited, _ = _those(hours, lambda each: each.ceiling is not None)
    wanted = max(pool.max_size + 1, math.ceil(pool.max_size * 1.25))
    proposed = min(_at_most("max_size", wanted), median_low(_ceilings(limited) or [wanted]))
    if not full or not is_able or proposed <= pool.max_size:
        return None
    longest = max(_known(full, "oldest_peak"))
    return Advice(
        "max_size", pool.max_size, proposed,
        (f"{words} all slots were taken and commands waited, {seconds_in_words(longest)} at the longest",
         f"its processor is at {cpu:.0f} % in the middle, its p95 at {1000 * (p95 or 0):.0f} ms"),
        "More is asked than slots allow, and the router has room.",
    )  # fmt: skip


def _ceilings(hours: Hours) -> list[int]:
    return [each.ceiling for each in hours if each.ceiling is not None]


def spare_it(hours: Hours, pool: PoolOptions) -> Advice | None:
    """Find a router whose processor is full while it answers slowly."""
    busy, words = _those(
        hours, lambda each: (each.cpu_percent or 0) >= BUSY_CPU and (each.p95 or 0) > pool.slow_response
    )
    rate = median(each.commands / each.seconds for each in busy) if busy else 0.0
    proposed = _at_most("max_commands_per_second", max(1.0, math.floor(0.7 * rate)))
    now = pool.max_commands_per_second
    if (now and proposed >= now) or proposed >= rate:
        return None
    return Advice(
        "max_commands_per_second", now, proposed,
        (f"{words} its processor was at {BUSY_CPU:.0f} % or more, its p95 over {seconds_in_words(pool.slow_response)}",
         f"{rate:.1f} commands a second were asked of it then"),
        "A full processor answers the API last: asking less is quicker.",
    )  # fmt: skip


def wait_longer(hours: Hours, pool: PoolOptions) -> Advice | None:
    """Find commands that end at their time limit although the router does answer, only late."""
    late, words = _those(
        hours,
        lambda each: (
            each.timeouts > max(0.0, 0.005 * each.commands - 1) and (each.p95_peak or 0) > 0.5 * pool.command_timeout
        ),
    )
    timeouts, commands = sum(each.timeouts for each in late), sum(each.commands for each in late)
    proposed = _at_most("command_timeout", math.ceil(pool.command_timeout * 1.5))
    if timeouts < 10 or proposed <= pool.command_timeout:
        return None
    peak = max(_known(late, "p95_peak"))
    return Advice(
        "command_timeout", pool.command_timeout, proposed,
        (f"{timeouts:,} of {commands:,} commands ended at the limit, {words}", f"p95 rose to {seconds_in_words(peak)}"),
        "It answers, but late: what is given up is asked again, and loads it more.",
    )  # fmt: skip


def warn_later(hours: Hours, pool: PoolOptions) -> Advice | None:
    """Find a warning that always stands."""
    slow, words = _those(hours, lambda each: (each.p95 or 0) > pool.slow_response)
    p95, cpu = _middle(hours, "p95"), _middle(hours, "cpu_percent")
    if len(slow) < MOSTLY * len(hours) or p95 is None or (cpu is not None and cpu >= IDLE_CPU):
        return None
    proposed = _at_most("slow_response", math.ceil(15 * p95) / 10)
    if proposed <= pool.slow_response:
        return None
    return Advice(
        "slow_response", pool.slow_response, proposed,
        (f"{words} p95 was over it, {1000 * p95:.0f} ms in the middle",),
        "This is how the router is; a warning that always stands is read by nobody.",
    )  # fmt: skip


def more_patience(hours: Hours, pool: PoolOptions) -> Advice | None:
    """Find a circuit that opens again and again over a router that is there.

    Probes of a router that is away open it again each time: hours in which it was away say nothing about a link.
    """
    broken, words = _those(hours, lambda each: each.opens > 0 and each.away <= AWAY * each.seconds)
    opens, away = sum(each.opens for each in broken), sum(each.away for each in broken)
    if not broken or pool.circuit_breaker_threshold >= 10:
        return None
    return Advice(
        "circuit_breaker_threshold", pool.circuit_breaker_threshold, min(10, pool.circuit_breaker_threshold + 3),
        (f"{words} the circuit opened, {opens:,} times in all",
         f"the router was away {100 * away / sum(each.seconds for each in broken):.1f} % of them"),
        "A bad link, not a dead router: each break shuts out commands that would have got through.",
    )  # fmt: skip


def longer_queue(hours: Hours, pool: PoolOptions) -> Advice | None:
    """Find commands that are turned away although nothing waits for long."""
    full, words = _those(hours, lambda each: each.turned_away > max(0.0, 0.001 * each.commands - 1))
    turned_away, commands = sum(each.turned_away for each in full), sum(each.commands for each in full)
    waited = _middle(full, "oldest_peak") or 0.0
    proposed = int(_at_most("max_waiting", pool.max_waiting * 2))
    if turned_away < 10 or waited > pool.acquire_timeout or proposed <= pool.max_waiting:
        return None
    return Advice(
        "max_waiting", pool.max_waiting, proposed,
        (f"{turned_away:,} of {commands:,} commands were turned away, {words}",
         f"the longest wait was {seconds_in_words(waited)} in the middle of these hours"),
        "Much comes at once and is soon done.",
    )  # fmt: skip


RULES: Final = (fewer_sessions, spare_it, more_sessions, wait_longer, warn_later, more_patience, longer_queue)
"""In the order in which they may speak; of two about one setting the first does."""


# -- limits -----------------------------------------------------------------------------------------------------------


def near_sessions(hours: Hours) -> NearLimit | None:
    """Find a router of whose sessions we use nearly all."""
    near, words = _those(hours, lambda each: each.ceiling is not None and each.sessions_peak >= NEAR * each.ceiling)
    if not near:
        return None
    ours, allowed = median_low([each.sessions_peak for each in near]), median_low(_ceilings(near))
    return NearLimit("sessions", ours, allowed, f"{ours} sessions of ours, and it allows {allowed}, {words}")


def near_cpu(hours: Hours) -> NearLimit | None:
    """Find a processor that is nearly full in the busiest tenth of the hours."""
    known = sorted(_known(hours, "cpu_percent"))
    if len(known) < ENOUGH // 2 or (busy := known[len(known) * 9 // 10]) < NEAR * BUSY_CPU:
        return None
    return NearLimit("cpu", busy, BUSY_CPU, f"cpu {busy:.0f} % or more in the busiest tenth of the hours")


def near_memory(hours: Hours) -> NearLimit | None:
    """Find a memory that is nearly full."""
    full, words = _those(hours, lambda each: (each.memory_peak or 0) >= NEAR * 100)
    if not full:
        return None
    most = max(_known(full, "memory_peak"))
    return NearLimit("memory", most, 100.0, f"up to {most:.0f} % of its memory are in use, {NEAR:.0%} or more {words}")


def near_rows(hours: Hours) -> NearLimit | None:
    """Find customers who will soon be more than a licence allows to be online."""
    known = [each.rows for each in hours if each.rows is not None][-LATELY:]
    rows = median_low(known) if known else 0
    for level, most in LICENCES:
        if NEAR * most <= rows <= most:
            text = f"{rows} rows of ours; with a licence of level {level} no more than {most} can be online"
            return NearLimit("rows", rows, most, text)
    return None


NEARNESS: Final = (near_sessions, near_cpu, near_memory, near_rows)
