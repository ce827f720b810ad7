"""Alerts as somebody who does not tell them sees them: as they were kept last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mktui.monitor.alerts import severity_of
from mktui.monitor.silences import standing, until
from mktui.monitor.snapshot import AlertsState, ReceiverState, SeenAlert
from mktui.services.alerts.keeping import Kept, KeptBox

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from mktui.monitor.alerts import Alert
    from mktui.monitor.silences import Silence
    from mktui.services.alerts.plan import AlertPlan
    from mktui.services.alerts.telling import Receiver


def as_kept(plan: AlertPlan, now: dt.datetime) -> AlertsState:
    """Return what the file holds. Blocks."""
    kept, silences = plan.file.look(), plan.file.silences()
    return AlertsState(
        seen(kept.alerts, silences, now), standing(silences, now),
        tuple(receiver_as_kept(each, kept) for each in plan.receivers),
    )  # fmt: skip


def seen(alerts: Iterable[Alert], silences: Iterable[Silence], now: dt.datetime) -> tuple[SeenAlert, ...]:
    """Return alerts as a picture shows them."""
    known = tuple(silences)
    return tuple(
        SeenAlert(
            alert.rule, alert.router, severity_of(alert.rule), alert.since, alert.summary, alert.description,
            alert.fired_at, alert.told_at, alert.quiet_since, until(known, alert.key, now),
        )
        for alert in alerts
    )  # fmt: skip


def silenced(state: AlertsState, silences: Iterable[Silence], now: dt.datetime) -> AlertsState:
    """Return the same with what is silenced by now, which whoever tells looks into only every few seconds."""
    held = standing(silences, now)
    alerts = tuple(replace(each, silenced_until=until(held, (each.rule, each.router), now)) for each in state.alerts)
    return replace(state, alerts=alerts, silences=held)


def receiver_as_kept(receiver: Receiver, kept: Kept) -> ReceiverState:
    """Return how a receiver stood when that was kept."""
    box = kept.boxes.get(receiver.name, KeptBox())
    return ReceiverState(receiver.name, receiver.kind, len(box.waiting), box.left_out, box.told)
