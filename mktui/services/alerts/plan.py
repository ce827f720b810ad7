"""What a configuration's ``[alerts]`` wants done, as whoever does it takes it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mktui.config.alerts import HookConfig
from mktui.monitor.alert_rules import Limits
from mktui.monitor.alerts import Settings
from mktui.services.alerts.hook import Hook
from mktui.services.alerts.keeping import AlertFile, file_of

if TYPE_CHECKING:
    from mktui.config.alerts import WebhookConfig
    from mktui.config.load import LoadedConfig
    from mktui.services.alerts.telling import Receiver


@dataclass(frozen=True, slots=True)
class AlertPlan:
    """``billing_file``: billing is not asked before this file is there; None: it is a server's."""

    settings: Settings
    limits: Limits
    receivers: tuple[Receiver, ...]
    file: AlertFile
    max_waiting: int
    external_url: str = ""
    billing_file: Path | None = None


def plan_of(loaded: LoadedConfig) -> AlertPlan:
    """Return what a configuration wants."""
    alerts, billing = loaded.config.alerts, loaded.config.billing
    timings = alerts.rules.timings
    settings = Settings(
        {rule: timing.wait for rule, timing in timings.items()}, dt.timedelta(hours=alerts.repeat_hours),
        dt.timedelta(seconds=alerts.steady),
        {rule: timing.repeat for rule, timing in timings.items() if timing.repeat is not None},
    )  # fmt: skip
    return AlertPlan(
        settings, Limits(alerts.failed_rows, alerts.pending_rows, certain=alerts.likely_only),
        tuple(receiver_of(each) for each in alerts.receivers), AlertFile(file_of(loaded.file)), alerts.max_waiting,
        alerts.external_url, file_of_database(billing.url),
    )  # fmt: skip


def receiver_of(settings: WebhookConfig | HookConfig) -> Receiver:
    """Return what tells somebody."""
    if isinstance(settings, HookConfig):
        return Hook(settings)
    from mktui.services.alerts.webhook import Webhook  # noqa: PLC0415 - TLS and HTTP, for who is told that way

    return Webhook(settings)


def file_of_database(url: str) -> Path | None:
    """Return the file of a database that is one."""
    kind, _, path = url.partition("://")
    return Path(path.removeprefix("/")) if kind.startswith("sqlite") and path.strip("/") else None
