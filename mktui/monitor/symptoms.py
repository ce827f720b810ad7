"""The rules of a diagnosis: each looks at a router's figures for one symptom. Pure; None: it is not there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from mktui.core.pool.breaker import BreakerState
from mktui.core.pool.health import ENOUGH
from mktui.core.pool.statistics import WINDOW
from mktui.errors import seconds_in_words
from mktui.monitor.outlook import evidence

if TYPE_CHECKING:
    from datetime import datetime

    from mktui.monitor.snapshot import RouterFacts, RouterSnapshot

HOUR: Final = 3600.0
DAY: Final = 86_400.0
FRESH: Final = 300.0
"""Seconds for which what a router said of its load stands for now."""
OFTEN: Final = 3
"""Times within the hour from which on something happens often."""
MANY_FAIL: Final = 5.0
"""Percent of the last minute's commands that may fail before it is said."""
LONG_WAIT: Final = 1.0
BUSY_CPU: Final = 85
YOUNG: Final = 900.0
"""Seconds after its boot in which a router counts as rebooted."""
_RIGHTS: Final = "not enough permissions"


class Finding(NamedTuple):
    """What a rule has seen."""

    symptom: str
    evidence: tuple[str, ...]
    cause: str
    remedy: str
    action: str = ""


def login_refused(router: RouterSnapshot, _now: datetime) -> Finding | None:
    """Find a login that the router does not take."""
    text = router.pool.auth_failed
    if not text:
        return None
    return Finding(
        "The router refuses our login.",
        (f"it says: {text}", f"{router.pool.ready} of {router.pool.min_size} connections are ready"),
        "User or password have changed on one side, the user's group lacks the policy api, or his address list"
        " leaves us out.",
        "See /user and its group on the router, and username and password of this router in the configuration; then"
        " test.",
        "test",
    )


_WHY_UNREACHABLE: Final = (
    ("refused", "It is up, but its API service is off, listens on another port, or /ip/service leaves our address out.",
     "On the router: /ip/service/print; enable api or api-ssl for our address. Then test."),
    ("no answer", "It is down, cut off, or a firewall on the way drops us.",
     "Ping it, look at the link and at its input chain; then test."),
    ("nothing came", "It is down, cut off, or a firewall on the way drops us.",
     "Ping it, look at the link and at its input chain; then test."),
    ("before the login", "It is up, and hangs up on us: its session limit is used up, or this is not its API port.",
     "On the router: /user/active/print, /ip/service/print; see who holds sessions, or raise max-sessions of api."),
    ("no routeros", "Another service answers on this port.", "See host and port of this router in the configuration."),
    ("certificate", "Its certificate is not the one that is expected.",
     "See tls and fingerprint of this router; after a change on purpose, pin the new one."),
    ("resolve", "Its name leads to no address.", "See host of this router, and the name server."),
)  # fmt: skip
_NOBODY_KNOWS: Final = ("Router or link are down.", "Look at link and power; then test.")


def unreachable(router: RouterSnapshot, _now: datetime) -> Finding | None:
    """Find a router that no session can be opened to."""
    breaker, pool = router.pool.circuit_breaker, router.pool
    if pool.ready or pool.suspect or pool.auth_failed or _is_taken_out(router):
        return None
    last = next(
        (event for event in reversed(router.events) if event.kind in {"connect failed", "connection lost"}), None
    )
    why = breaker.reason or (last.text if last is not None else "")
    if not why:
        return None
    cause, remedy = next(((c, r) for mark, c, r in _WHY_UNREACHABLE if mark in why.lower()), _NOBODY_KNOWS)
    again = "" if breaker.retry_after is None else f"it is asked again in {seconds_in_words(breaker.retry_after)}"
    evidence = (f"no connection to {router.address}: {why}", again)
    return Finding("The router cannot be reached.", tuple(filter(None, evidence)), cause, remedy, "test")


def opens_often(router: RouterSnapshot, now: datetime) -> Finding | None:
    """Find a circuit that opens again and again."""
    breaks = [each for each in router.breaks if not each.by_hand and (now - each.at).total_seconds() <= HOUR]
    if len(breaks) < OFTEN:  # probes that fail go on with the same break: a router that is simply away has one
        return None
    return Finding(
        "The circuit opens again and again.",
        (f"opened {len(breaks)}× within the hour", f"last: {breaks[-1].cause}"),
        "The router is there only now and then: a bad link, restarts, or more load than it can bear. Or the threshold"
        f" of {router.pool.circuit_breaker.threshold} failures is too low for this link.",
        "Mend what the errors name. On a bad link raise circuit_breaker_threshold and connection_timeout.",
        "errors",
    )  # fmt: skip


def commands_fail(router: RouterSnapshot, now: datetime) -> Finding | None:
    """Find a share of failed commands that is too high."""
    performance = router.pool.performance
    lately = performance.response.count + performance.failing
    if lately < ENOUGH or performance.failing < max(OFTEN, MANY_FAIL / 100 * lately):
        return None
    kinds = sorted(performance.errors.items(), key=lambda item: -item[1])[:3]
    evidence = [f"{performance.failing} of {lately} commands of the last minute got no answer"]
    evidence += ["since the start: " + ", ".join(f"{number:,} {kind}" for kind, number in kinds)] if kinds else []
    if exhausted(router, now) is not None and not _unanswered(router):
        return Finding(
            "Many commands get no answer.", tuple(evidence),
            "They wait in vain for a slot, or are turned away at once.",
            "Find first why commands wait for a slot; the errors name which.", "errors",
        )  # fmt: skip
    return Finding(
        "Many commands get no answer.", tuple(evidence),
        "Sessions are cut under them, or the router does not answer within command_timeout.",
        "The errors name the commands. Ask less at once (max_size, max_in_flight), or wait longer (command_timeout).",
        "errors",
    )  # fmt: skip


def exhausted(router: RouterSnapshot, _now: datetime) -> Finding | None:
    """Find commands that wait for a slot."""
    pool, queue = router.pool, router.pool.queue
    waited = pool.performance.acquire.p95 or 0.0
    is_over = not queue.length and pool.slots_used < pool.slots_total
    if not pool.ready or is_over or max(queue.oldest or 0.0, waited) <= LONG_WAIT:  # full for a moment is no harm
        return None
    refused = pool.performance.errors.get("Overloaded", 0)
    evidence = [f"{queue.length} wait, {min(pool.slots_used, pool.slots_total)} of {pool.slots_total} slots are taken"]
    evidence += [f"the oldest waits since {seconds_in_words(queue.oldest)}"] if queue.oldest is not None else []
    evidence += [f"p95 of the last minute's waits: {seconds_in_words(waited)}"] if queue.oldest is None else []
    evidence += [f"{refused:,} were turned away since the start"] if refused else []
    return Finding("Commands wait for a free slot.", tuple(evidence), *_why_exhausted(router), "open")


def _why_exhausted(router: RouterSnapshot) -> tuple[str, str]:
    """Return why slots are short, and what to do."""
    pool = router.pool
    if _unanswered(router):
        return (
            "Slots are held by commands that the router does not answer.",
            "Find why it is silent: test asks it alone.",
        )
    if (pool.performance.response.p95 or 0) > router.slow_response:
        cause = "The router answers slowly, so that slots come free late."
        return cause, "Find what makes it slow first: more connections make it slower."
    return (
        "More is asked than is answered.",
        f"Raise max_size ({pool.max_size}) or max_in_flight ({pool.in_flight_limit} now) by little, or ask less often.",
    )


def _unanswered(router: RouterSnapshot) -> bool:
    """Say whether slots are held by commands without an answer: those that have one did not take half of the time."""
    pool, response = router.pool, router.pool.performance.response
    answered = response.count * (response.average or 0.0)
    return any(each.is_running for each in pool.slow) and answered < pool.slots_total * WINDOW / 2


def connection_errors(router: RouterSnapshot, _now: datetime) -> Finding | None:
    """Find connections that are lost or cannot be opened, often."""
    lost, failed = (router.within_the_hour.get(kind, 0) for kind in ("connection lost", "connect failed"))
    is_over = router.trouble_since is None
    if lost + failed < OFTEN or (is_over and router.troubles_within_the_hour < OFTEN):  # it was away, once
        return None
    last = [event.text for event in router.events if event.kind in {"connection lost", "connect failed"}][-1:]
    return Finding(
        "Connections break, or cannot be opened.",
        (f"within the hour: {lost:,} lost, {failed:,} not opened", *(f"last: {text}" for text in last)),
        "An unstable link, a router that restarts, a firewall that forgets idle sessions, or its session limit.",
        "Look at the link and the router's log. Where a firewall forgets, a shorter health_check_interval helps.",
        "errors",
    )


def silent_link(router: RouterSnapshot, _now: datetime) -> Finding | None:
    """Find connections on which the router has gone silent."""
    lately = router.within_the_hour.get("connection suspect", 0)
    if not router.pool.suspect and lately < OFTEN:
        return None
    is_now = "A connection is open, and the router is silent on it."
    return Finding(
        is_now if router.pool.suspect else "Connections go silent, and come back or are replaced.",
        (f"{router.pool.suspect} of {router.pool.size} connections suspect", f"{lately} gone silent within the hour"),
        "The link loses packets or has turned into a black hole, or the router is too busy to answer.",
        "Test shows whether a new session answers; if so, a reset replaces the silent ones.",
        "test",
    )


def long_running(router: RouterSnapshot, _now: datetime) -> Finding | None:
    """Find commands that are under way for much too long: a leak, or a question too big."""
    running = sorted((each for each in router.pool.slow if each.is_running), key=lambda each: -each.took)
    if not running:
        return None
    longest = [
        f"{each.path} since {seconds_in_words(each.took)} on connection {each.connection}"
        + (f", asked by {each.caller}" if each.caller else "")
        for each in running[:3]
    ]
    more = [f"and {len(running) - 3} more"] if len(running) > 3 else []
    return Finding(
        "A command runs for very long.", (*longest, *more),
        "It asks for more than the router can give quickly (a whole log, a long table), or its answer is lost.",
        "Ask for fewer columns or rows. What is lost ends by itself at command_timeout.", "open",
    )  # fmt: skip


def slow(router: RouterSnapshot, now: datetime) -> Finding | None:
    """Find answers that come late."""
    response = router.pool.performance.response
    if response.p95 is None or response.p95 <= router.slow_response:
        return None
    p50, p95 = 1000 * (response.p50 or 0), 1000 * response.p95
    evidence = [f"p50 {p50:.0f}, p95 {p95:.0f} ms, the limit is {1000 * router.slow_response:.0f} ms"]
    done = [each for each in router.pool.slow if not each.is_running][-1:]
    evidence += [f"slow lately: {each.path}, {seconds_in_words(each.took)}" for each in done]
    cpu = router.facts.cpu_percent if _seconds_old(router.facts, now) <= FRESH else None
    evidence += [f"its cpu is at {cpu} %"] if cpu is not None else []
    is_busy = cpu is not None and cpu >= BUSY_CPU
    return Finding(
        "Answers come slowly.", tuple(evidence),
        "Its processor is busy." if is_busy else "A long way to it, big tables, or others who ask it too.",
        "Ask less at once: max_size, max_in_flight, max_commands_per_second." if is_busy else
        "Test measures the way alone; if that is quick, it is what is asked.", "test",
    )  # fmt: skip


def busy_router(router: RouterSnapshot, now: datetime) -> Finding | None:
    """Find a router whose processor has nothing left."""
    facts, old = router.facts, _seconds_old(router.facts, now)
    if facts.cpu_percent is None or facts.cpu_percent < BUSY_CPU or old > FRESH:
        return None
    ago = seconds_in_words(old)
    return Finding(
        "The router's processor is nearly full.", (f"cpu {facts.cpu_percent} %, {ago} ago", f"board {facts.board}"),
        "Traffic, firewall rules or queues; a busy processor answers the API last.",
        "On the router: /tool/profile. Spare it meanwhile with max_commands_per_second.", "open",
    )  # fmt: skip


def session_limit(router: RouterSnapshot, _now: datetime) -> Finding | None:
    """Find a router that allows us fewer sessions than we would use."""
    pool = router.pool
    if pool.ceiling is None or pool.ceiling >= pool.max_size:
        return None
    return Finding(
        "The router allows us fewer sessions than we want.",
        (f"it allows {pool.ceiling}, max_size is {pool.max_size}",),
        "max-sessions of its API service (20 since RouterOS 7.16), which others use up too.",
        "On the router: /ip/service/set api max-sessions=...; see who else holds sessions; or lower max_size.", "test",
    )  # fmt: skip


def rights(router: RouterSnapshot, now: datetime) -> Finding | None:
    """Find commands that our user may not give."""
    told = [
        f"{event.text}, {seconds_in_words(ago)} ago" for event in router.events
        if _RIGHTS in event.text and (ago := max(0.0, (now - event.at).total_seconds())) <= DAY
    ]  # fmt: skip
    told += [remark.text for remark in router.sync.remarks if _RIGHTS in remark.text]
    hidden = [remark.text for remark in router.sync.remarks if remark.kind == "unverifiable"]
    if not told and not hidden:
        return None
    return Finding(
        "Our user may not do everything.", tuple((told[-1:] + hidden)[:2]),
        "The group of our API user lacks a policy.",
        "Give the group the policies api, read, write and sensitive. Test says which are missing.", "test",
    )  # fmt: skip


def clock_skew(router: RouterSnapshot, _now: datetime) -> Finding | None:
    """Find a clock that is wrong: nobody is cut off meanwhile."""
    told = [remark.text for remark in router.sync.remarks if "our clock is" in remark.text]
    if not told:
        return None
    return Finding(
        "Two clocks disagree: nobody is cut off meanwhile.", tuple(told[:2]),
        "No time server on one side, or a router without a battery that has booted.",
        "Set NTP on the router and here (timedatectl), then plan again.", "sync",
    )  # fmt: skip


def held_back(router: RouterSnapshot, _now: datetime) -> Finding | None:
    """Find changes that a guard holds back for another reason than a clock."""
    held = [remark for remark in router.sync.remarks if remark.kind == "held" and "our clock is" not in remark.text]
    if not held:
        return None
    return Finding(
        "A guard holds changes back.", tuple(f"{each.count:,}× {each.text}" for each in held[:2]),
        "More would be cut off or changed than is usual in a day: a bad import, or a big day.",
        "Look at the plan; when it is right, allow it for one run with the option that is named.", "sync",
    )  # fmt: skip


def radius_shadow(router: RouterSnapshot, _now: datetime) -> Finding | None:
    """Find a router that asks RADIUS too."""
    told = [remark.text for remark in router.sync.remarks if remark.kind == "shadow"]
    if not told:
        return None
    return Finding(
        "Local secrets hide RADIUS users of the same name.", tuple(told[:1]),
        "Both are used; the router looks into /ppp/secret first.",
        "Decide for one of them: /ppp/aaa set use-radius=no, or no sync to this router.", "sync",
    )  # fmt: skip


def encoding(router: RouterSnapshot, _now: datetime) -> Finding | None:
    """Find bytes that are no text in the encoding we read by."""
    texts = [router.facts.identity, *(event.text for event in router.events)]
    texts += [remark.text for remark in router.sync.remarks]
    seen = next((text for text in texts if any("\udc80" <= letter <= "\udcff" for letter in text)), None)
    if seen is None:
        return None
    shown = seen.encode("utf-8", "backslashreplace").decode()
    return Finding(
        "Some of the router's bytes are no text.", (f"seen: {shown[:60]}",),
        "Somebody wrote them with WinBox in another encoding, such as windows-1252.",
        "Set encoding of this router in the configuration, or write the names again. Nothing is lost meanwhile.",
    )  # fmt: skip


def isolated(router: RouterSnapshot, _now: datetime) -> Finding | None:
    """Find a router that somebody has taken out."""
    if not _is_taken_out(router):
        return None
    return Finding(
        "The router was isolated by hand.", ("nothing is asked of it",),
        "Somebody wanted it left alone.", "Let it back in when that is over.", "breaker",
    )  # fmt: skip


def rebooted(router: RouterSnapshot, now: datetime) -> Finding | None:
    """Find a router that has booted lately."""
    facts = router.facts
    changed = router.within_the_hour.get("router changed", 0)
    uptime = None if facts.uptime is None else facts.uptime + _seconds_old(facts, now)
    if not changed and (uptime is None or uptime >= YOUNG):
        return None
    told_at = next((event.at for event in reversed(router.events) if event.kind == "router changed"), None)
    is_newer = told_at is None or (facts.read_at is not None and facts.read_at >= told_at)
    evidence = [f"it is up since {seconds_in_words(uptime)}"] if uptime is not None and is_newer else []
    evidence += [f"{changed}× seen as booted or another box within the hour"] if changed else []
    return Finding(
        "The router was rebooted.", tuple(evidence),
        "An upgrade, a power cut, the watchdog, or somebody's hand.",
        "Its log says why: /log/print. What it lost, the next sync writes again.", "sync",
    )  # fmt: skip


_WHILE_THERE_IS_TIME: Final = {
    "p95": "Look at what is asked of it, and at its processor, before commands run into their time limit.",
    "error_percent": "See which commands fail, and since when; test shows whether the link does it.",
    "utilisation_percent": "See which commands run for long: slots may leak. A pool reset gives them back.",
    "oldest": "More is asked than is answered: ask less often, or find what has become slow.",
    "cpu_percent": "On the router: /tool/profile. Spare it with max_commands_per_second.",
    "memory_percent": "On the router: /system/resource/print, large logs and lists; plan a reboot for the night.",
}  # fmt: skip


def early_warning(router: RouterSnapshot, _now: datetime) -> Finding | None:
    """Find figures that rise towards a limit."""
    if not router.forecasts:
        return None
    soonest = router.forecasts[0]
    return Finding(
        "A figure rises towards its limit.", tuple(evidence(each) for each in router.forecasts),
        "It has risen steadily, more than at this time yesterday. Likely: nearly every minute of it agrees.",
        _WHILE_THERE_IS_TIME[soonest.figure],
    )  # fmt: skip


def _is_taken_out(router: RouterSnapshot) -> bool:
    """Say whether somebody wants it left alone; a first probe after that still has nothing to say of the router."""
    last = router.breaks[-1] if router.breaks else None
    is_probed = last is not None and last.by_hand and last.closed_at is None and last.tries == 1
    return router.pool.circuit_breaker.state is BreakerState.ISOLATED or is_probed


def _seconds_old(facts: RouterFacts, now: datetime) -> float:
    """Return how long ago the router said this of itself; a fact of unknown age is as old as can be."""
    return math.inf if facts.read_at is None else max(0.0, (now - facts.read_at).total_seconds())
