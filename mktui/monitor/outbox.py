"""What one receiver has still to be told, in order, and within bounds; in the form that Alertmanager sends. Pure.

A receiver hears pairs whatever happens: an alert that it knows as firing is told as resolved once, and what it has
never heard of as firing is not resolved. When too much waits, repetitions are left out, and pairs of which both ends
wait, the oldest first: they have come and gone while nobody listened. What is left is at most one notice of each alert,
and what was sent already.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from mktui.monitor.alerts import Notice, Status

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

BATCH: Final = 50
"""Alerts of one rule that are told in one message."""
_NOT_ENDED: Final = "0001-01-01T00:00:00Z"


class Outbox:
    """The notices for one receiver. ``open``: the fingerprints that it knows, or will know, as firing.

    ``tried``: so many of the first were sent, and it may have heard them though nobody knows: they are not left out.
    """

    def __init__(self, limit: int, waiting: Iterable[Notice] = (), is_open: Iterable[str] = (), tried: int = 0) -> None:
        self.limit = limit
        self.waiting = list(waiting)
        self.open = set(is_open)
        self.tried = max(0, min(tried, len(self.waiting)))
        self.left_out = 0
        """Notices that were left out because too much waited."""
        self._taken = 0

    def put(self, notice: Notice) -> None:
        """Add a notice behind all others."""
        is_known = notice.fingerprint in self.open
        if notice.status is Status.FIRING:
            notice = replace(notice, is_repeat=is_known)
            if is_known and self._waits(notice):
                return
            self.open.add(notice.fingerprint)
        elif is_known:
            self.open.discard(notice.fingerprint)
        else:
            return
        self.waiting.append(notice)
        while len(self.waiting) > self.limit and self._leave_out():
            pass

    def take(self) -> tuple[Notice, ...]:
        """Return what is told next, in one message; it waits on until it is ``done``."""
        first = next(iter(self.waiting), None)
        same = itertools.takewhile(
            lambda each: first is not None and (each.rule, each.status) == (first.rule, first.status), self.waiting
        )
        taken: dict[str, Notice] = {}
        for notice in itertools.islice(same, BATCH):
            if notice.fingerprint in taken:
                break
            taken[notice.fingerprint] = notice
        self._taken = len(taken)
        self.tried = max(self.tried, self._taken)
        return tuple(taken.values())

    def done(self) -> None:
        """What was taken has been told."""
        del self.waiting[: self._taken]
        self.tried -= self._taken
        self._taken = 0

    def back(self) -> None:
        """What was taken could not be told: it waits on."""
        self._taken = 0

    def _waits(self, notice: Notice) -> bool:
        return any(each.fingerprint == notice.fingerprint for each in self.waiting[self._taken :])

    def _leave_out(self) -> bool:
        """Leave out a repetition, or else the oldest two ends of one alert; False: there is neither."""
        free = range(self.tried, len(self.waiting))
        repeat = next((at for at in free if self.waiting[at].is_repeat), None)
        if repeat is not None:
            gone = [repeat]
        else:
            count = Counter(self.waiting[at].fingerprint for at in free)
            first = next((at for at in free if count[self.waiting[at].fingerprint] > 1), None)
            if first is None:
                return False
            gone = [at for at in free if self.waiting[at].fingerprint == self.waiting[first].fingerprint][:2]
        for at in reversed(gone):
            del self.waiting[at]
        self.left_out += len(gone)
        return True


def message(notices: Sequence[Notice], receiver: str, external_url: str) -> dict[str, Any]:  # Any: JSON
    """Return the body that Alertmanager sends to a webhook, version 4; all notices are of one rule and one status."""
    alerts = [_alert(each, external_url) for each in notices]
    group = {"alertname": notices[0].rule}
    return {
        "version": "4", "groupKey": f'{{}}:{{alertname="{notices[0].rule}"}}', "truncatedAlerts": 0,
        "status": notices[0].status.value, "receiver": receiver, "groupLabels": group,
        "commonLabels": _common([each["labels"] for each in alerts]),
        "commonAnnotations": _common([each["annotations"] for each in alerts]),
        "externalURL": external_url, "alerts": alerts,
    }  # fmt: skip


def _alert(notice: Notice, external_url: str) -> dict[str, Any]:  # Any: JSON
    return {
        "status": notice.status.value,
        "labels": {
            "alertname": notice.rule, "router": _text(notice.router), "severity": notice.severity, "service": "mktui",
        },
        "annotations": {"summary": notice.summary, "description": notice.description},
        "startsAt": _moment(notice.starts_at),
        "endsAt": _NOT_ENDED if notice.ends_at is None else _moment(notice.ends_at),
        "generatorURL": external_url,
        "fingerprint": notice.fingerprint,
    }  # fmt: skip


def _common(all_of: list[dict[str, str]]) -> dict[str, str]:
    return {name: value for name, value in all_of[0].items() if all(each.get(name) == value for each in all_of)}


def _moment(at: dt.datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _text(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
