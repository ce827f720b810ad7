"""Figures as a screen shows them: right-aligned by the caller, never a zero for what is not known. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from mktui.monitor.events import BAD
from mktui.services.timetable import with_zone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mktui.monitor.snapshot import AlertsState, JobState, RouterSnapshot, SyncState
    from mktui.tui.keymap import Keymap

UNKNOWN: Final = "–"
CONNECTING: Final = "connecting"
GLYPHS: Final = {"healthy": "●", "warning": "◐", "critical": "▲", "offline": "○"}
TROUBLE: Final = {"critical": 0, "offline": 1, "warning": 2, "healthy": 3}
_BARS: Final = "▁▂▃▄▅▆▇█"


def nobody(keymap: Keymap) -> str:
    """Return what is said where routers would be, when there is none."""
    adds = f"{keymap.key('new'):<4} adds one: it is tested live before it is saved"
    return f"no router yet\n\n  {adds}\n  {keymap.key('config'):<4} shows the configuration"


def alerts(state: AlertsState | None) -> str:
    """Return how many alerts fire, and whether somebody could not be told; "": there is nothing to say."""
    if state is None:
        return ""
    firing, failing = len(state.firing), sum(bool(each.problem) for each in state.receivers)
    parts = [count(firing, "alert")] if firing else []
    parts += [f"{count(failing, 'receiver')} not told"] if failing else []
    return f"{GLYPHS['critical']} {', '.join(parts)}" if parts else ""


def milliseconds(seconds: float | None) -> str:
    """Return 612 for 0.612."""
    return UNKNOWN if seconds is None else f"{seconds * 1000:.0f}"


def percent(value: float | None) -> str:
    """Return a share; 99.98 is never shown as 100."""
    if value is None:
        return UNKNOWN
    if 99 <= value < 100:
        return f"{math.floor(value * 100) / 100:.2f}"
    return f"{math.floor(value)}" if value >= 10 else f"{value:.1f}"


def count(number: int, what: str) -> str:
    """Return 1 timeout, 2 timeouts."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def age(seconds: float) -> str:
    """Return an age that moves in steps of 5 s, 1 min, 10 min: an idle screen stays still."""
    if seconds < 60:
        return f"{int(seconds // 5 * 5)}s"
    if seconds < 3600:
        return f"{int(seconds // 60)}m"
    hours, minutes = divmod(int(seconds // 600 * 10), 60)
    if hours < 24:
        return f"{hours}h{minutes:02}m"
    return f"{hours // 24}d{hours % 24:02}h"


def size(number_bytes: int) -> str:
    """Return 14.1M for 14 100 000."""
    value = float(number_bytes)
    for unit in ("", "k", "M", "G"):
        if value < 1000:
            return f"{value:.1f}{unit}" if unit and value < 100 else f"{value:.0f}{unit}"
        value /= 1000
    return f"{value:.0f}T"


def is_connecting(router: RouterSnapshot) -> bool:
    """Say whether a router is offline for no reason but that it was not reached yet."""
    return router.health.reasons == (CONNECTING,)


def circuit(router: RouterSnapshot) -> str:
    """Return in a few words whether the router may be asked."""
    breaker = router.pool.circuit_breaker
    if is_connecting(router):
        return CONNECTING
    if router.pool.auth_failed and not router.pool.ready:
        return "login refused"
    if breaker.state == "open" and breaker.retry_after is not None:
        return f"open, {math.ceil(breaker.retry_after)} s"
    if breaker.state == "half-open":
        return "probing"
    if breaker.state == "closed" and breaker.failures:
        return f"closed {breaker.failures}/{breaker.threshold}"
    return breaker.state.value


def sync(state: SyncState) -> str:
    """Return a sync in a few words."""
    if state.is_running:
        return f"{state.settled:,} of {state.planned:,}" if state.planned else "reading"
    if state.reason and state.finished_at is not None:
        return "deferred"
    if state.failed:
        return f"{state.failed:,} failed"
    for number, what in ((state.held, "held"), (state.pending, "pending"), (state.drift, "drift")):
        if number:
            return f"{number:,} {what}"
    if state.conflicts:
        return count(state.conflicts, "conflict")
    return "in step" if state.finished_at is not None else UNKNOWN


def standing(router: RouterSnapshot) -> str:
    """Return in one word how a router stands with billing: what matters most of all that is so."""
    state = router.sync
    if router.health.status.value == "offline":
        return "offline"
    if state.is_running:
        return "running"
    if state.reason and state.finished_at is not None:
        return "deferred"
    facts = (("failed", state.failed), ("held", state.held), ("clash", state.conflicts), ("pending", state.pending),
             ("drift", state.drift))  # fmt: skip
    for word, number in facts:
        if number:
            return word
    return "in step" if state.finished_at is not None else "unknown"


def standing_in_words(router: RouterSnapshot, now: datetime) -> str:
    """Return the same with its number, or since when."""
    word, state = standing(router), router.sync
    if word == "offline":
        since = router.trouble_since
        if since is None and is_connecting(router):
            return CONNECTING
        return "offline" if since is None else f"offline {age((now - since).total_seconds())}"
    if word == "clash":
        return count(state.conflicts, "conflict")
    return "not known yet" if word == "unknown" else sync(state)


def next_job(jobs: Sequence[JobState]) -> str:
    """Return what is done by itself now, or next and when."""
    if running := [each.job for each in jobs if each.is_running]:
        return f"{' and '.join(running)} running"
    soonest = min(jobs, key=lambda each: each.next_at, default=None)
    return "" if soonest is None else f"{soonest.job} {with_zone(soonest.next_at, '%a %H:%M')}"


def trouble(router: RouterSnapshot, now: datetime) -> str:
    """Return the router's last error and its age, or nothing."""
    for event in reversed(router.events):
        if event.kind in BAD:
            return f"{event.kind} {age((now - event.at).total_seconds())}"
    return UNKNOWN


def sparkline(values: Sequence[float | None], width: int) -> str:
    """Return one line of bars, the newest at the right; a gap where nothing was answered."""
    shown = list(values)[-width:]
    known = [value for value in shown if value is not None]
    if not known:
        return " " * width
    top = max(known) or 1.0
    bars = "".join(" " if value is None else _BARS[min(7, int(value / top * 7.999))] for value in shown)
    return bars.rjust(width)


def progress(done: int, total: int, width: int) -> str:
    """Return a bar."""
    filled = round(width * done / total) if total else 0
    return f"▕{'█' * filled}{'░' * (width - filled)}▏"


def fit(text: str, width: int) -> str:
    """Return a text cut to a width, with a sign that it was."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"
