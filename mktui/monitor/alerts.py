"""Alerts as a book: what is wrong becomes pending, then firing, then resolved, and each change is told once. Pure.

Told are pairs. What has fired is fired again only as a repetition, and resolved once; what was silenced from its
beginning to its end is told not at all. A condition that comes and goes has to be away longer each time before it
counts as resolved, so that an unsteady link is a handful of pairs and not hundreds.
"""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from mktui.monitor.alert_rules import SEVERITIES, UNKNOWN, Seen, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mktui.monitor.alert_rules import Judgement, Key
    from mktui.monitor.silences import Silence

GAP: Final = dt.timedelta(seconds=60)
"""Between two looks further apart nothing is known: the machine slept, or its clock was set."""
FLAPPING: Final = dt.timedelta(hours=1)
"""What comes back sooner than this after it was resolved is unsteady."""
LONGEST_STEADY: Final = dt.timedelta(minutes=30)
_DOUBLINGS: Final = 12


class State(enum.StrEnum):
    """How far an alert is."""

    PENDING = "pending"
    FIRING = "firing"


class Status(enum.StrEnum):
    """What is told."""

    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Settings:
    """``waits``: the rules that are on, and for how long each must be so. ``steady``: it must be away for so long.

    ``repeat``: what is still so is told again; ``repeats``: the rules for which that is another time.
    """

    waits: Mapping[str, dt.timedelta]
    repeat: dt.timedelta = dt.timedelta(hours=4)
    steady: dt.timedelta = dt.timedelta(minutes=1)
    repeats: Mapping[str, dt.timedelta] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that is wrong. ``told_at`` None: nobody has been told; ``quiet_since``: it seems to be over."""

    rule: str
    router: str
    state: State
    since: dt.datetime
    summary: str
    description: str = ""
    fired_at: dt.datetime | None = None
    told_at: dt.datetime | None = None
    quiet_since: dt.datetime | None = None
    returns: int = 0
    """How often it has come back within the hour."""

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.rule, self.router


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that is told. ``is_repeat``: it was told before, and is still so."""

    status: Status
    rule: str
    router: str
    severity: str
    starts_at: dt.datetime
    summary: str
    description: str = ""
    ends_at: dt.datetime | None = None
    is_repeat: bool = False

    @property
    def fingerprint(self) -> str:
        """What a receiver knows the alert by, fired and resolved alike."""
        return fingerprint(self.rule, self.router)


def fingerprint(rule: str, router: str) -> str:
    """Return 16 hexadecimal digits that stand for an alert."""
    return hashlib.sha256(f"{rule}\0{router}".encode("utf-8", "surrogateescape")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Past:
    """An alert that was resolved."""

    ended_at: dt.datetime
    returns: int


class AlertBook:
    """Every alert that is pending or firing. ``now`` is UTC by the calendar's clock, which may be set to and fro."""

    def __init__(
        self, settings: Settings, alerts: Iterable[Alert] = (), past: Mapping[Key, Past] | None = None
    ) -> None:
        self._settings = settings
        self._alerts = {alert.key: alert for alert in alerts}
        self.past = dict(past or {})
        self._looked_at: dt.datetime | None = None

    def follow(self, settings: Settings) -> None:
        """Go by other settings from the next look on; what no rule is on for any more is then resolved."""
        self._settings = settings

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """What is pending or firing, the oldest first."""
        return tuple(sorted(self._alerts.values(), key=lambda alert: (alert.since, alert.key)))

    def standing(self) -> list[Notice]:
        """Return what somebody who comes now has to be told: all that others have been."""
        return [_notice(each, Status.FIRING, is_repeat=True) for each in self.alerts if each.told_at is not None]

    def look(
        self, judgements: Mapping[Key, Judgement], now: dt.datetime, silences: Iterable[Silence] = ()
    ) -> list[Notice]:
        """Take in how things are; return what is to be told now.

        An alert of which nothing is said at all, not even that it is unknown, has lost its router or its rule: it is
        resolved at once.
        """
        if self._looked_at is None or not dt.timedelta(0) <= now - self._looked_at <= GAP:
            self._begin_anew(now)
        self._looked_at = now
        self.past = {key: past for key, past in self.past.items() if dt.timedelta(0) <= now - past.ended_at < FLAPPING}
        notices = [
            notice
            for key in [key for key in self._alerts if key not in judgements]
            for notice in self._resolve(self._alerts[key], now)
        ]
        active = tuple(silences)
        for key, judgement in judgements.items():
            if key in self._alerts or isinstance(judgement, Seen):
                is_silenced = any(silence.covers(key, now) for silence in active)
                notices += self._judge(key, judgement, now, is_silenced=is_silenced)
        return sorted(notices, key=lambda notice: (notice.rule, notice.status, notice.router))

    def _begin_anew(self, now: dt.datetime) -> None:
        """What was about to change has to be seen for its whole time again."""
        for key, alert in self._alerts.items():
            since = now if alert.state is State.PENDING else min(alert.since, now)
            quiet = None if alert.quiet_since is None else now
            told = None if alert.told_at is None else min(alert.told_at, now)
            self._alerts[key] = replace(alert, since=since, quiet_since=quiet, told_at=told)

    def _judge(self, key: Key, judgement: Judgement, now: dt.datetime, *, is_silenced: bool) -> list[Notice]:
        alert = self._alerts.get(key)
        if isinstance(judgement, Seen):
            alert = self._alerts[key] = self._seen(key, alert, judgement, now)
        assert alert is not None
        if judgement is None:
            return self._quiet(alert, now)
        if alert.state is State.PENDING:
            if judgement is UNKNOWN or now - alert.since < self._settings.waits[alert.rule]:
                return []
            alert = replace(alert, state=State.FIRING, fired_at=now)
        return self._fire(alert, now, is_silenced=is_silenced)

    def _seen(self, key: Key, alert: Alert | None, seen: Seen, now: dt.datetime) -> Alert:
        if alert is not None:
            return replace(alert, quiet_since=None, summary=seen.summary, description=seen.description)
        past = self.past.pop(key, None)
        returns = 0 if past is None else min(past.returns + 1, _DOUBLINGS)
        return Alert(*key, State.PENDING, now, seen.summary, seen.description, returns=returns)

    def _quiet(self, alert: Alert, now: dt.datetime) -> list[Notice]:
        if alert.state is State.PENDING:
            del self._alerts[alert.key]
            if alert.returns:  # it has not fired, and is as unsteady as it was
                self.past[alert.key] = Past(now, alert.returns - 1)
            return []
        since = alert.quiet_since or now
        if now - since >= min(self._settings.steady * 2**alert.returns, max(LONGEST_STEADY, self._settings.steady)):
            return self._resolve(alert, now)
        self._alerts[alert.key] = replace(alert, quiet_since=since)
        return []

    def _fire(self, alert: Alert, now: dt.datetime, *, is_silenced: bool) -> list[Notice]:
        repeat = self._settings.repeats.get(alert.rule, self._settings.repeat)
        is_due = alert.told_at is None or now - alert.told_at >= repeat
        is_told = is_due and not is_silenced
        self._alerts[alert.key] = replace(alert, told_at=now) if is_told else alert
        return [_notice(alert, Status.FIRING, is_repeat=alert.told_at is not None)] if is_told else []

    def _resolve(self, alert: Alert, now: dt.datetime) -> list[Notice]:
        del self._alerts[alert.key]
        if alert.state is State.FIRING:
            self.past[alert.key] = Past(now, alert.returns)
        return [] if alert.told_at is None else [_notice(alert, Status.RESOLVED, ends_at=now)]


def severity_of(rule: str) -> str:
    """Return a rule's severity; of one that is no longer, warning."""
    return SEVERITIES.get(rule, Severity.WARNING).value


def _notice(alert: Alert, status: Status, *, ends_at: dt.datetime | None = None, is_repeat: bool = False) -> Notice:
    return Notice(
        status,
        alert.rule,
        alert.router,
        severity_of(alert.rule),
        alert.since,
        alert.summary,
        alert.description,
        ends_at,
        is_repeat,
    )
