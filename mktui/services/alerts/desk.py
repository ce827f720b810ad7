"""Where alerts are silenced by hand, in a fleet that runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio

from mktui import clock
from mktui.errors import ConfigError
from mktui.monitor.audit import acting, present_actor
from mktui.services.alerts import silencing

if TYPE_CHECKING:
    import datetime as dt

    from mktui.monitor.silences import Silence
    from mktui.services.alerts.watching import Alerting
    from mktui.services.fleet import Fleet


class AlertDesk:
    """Silences, and ends silences; each is in the audit."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    async def silence(self, rule: str, router: str, length: dt.timedelta, why: str = "") -> Silence:
        """Let nothing be told of a rule of a router for so long; "" is any.

        Raises:
            ConfigError: There is none of that name, nobody looks for alerts here, or it cannot be kept.
        """
        alerting = self._alerting()
        silencing.check(rule, router, self._fleet.names, length)
        who = (acting() or present_actor()).who
        add = partial(silencing.add, alerting.file, clock.utc_now(), length, rule=rule, router=router, why=why, who=who)
        made = await anyio.to_thread.run_sync(add)
        self._fleet.chronicle.audit(f"silence {made.in_words()} until {made.ends_at:%Y-%m-%d %H:%M} UTC", router)
        await alerting.read_silences()
        return made

    async def unsilence(self, silence: str) -> Silence:
        """End a silence.

        Raises:
            ConfigError: There is none of that name, nobody looks for alerts here, or it cannot be kept.
        """
        alerting = self._alerting()
        (ended,) = await anyio.to_thread.run_sync(silencing.end, alerting.file, clock.utc_now(), [silence])
        self._fleet.chronicle.audit(f"end the silence of {ended.in_words()}", ended.router)
        await alerting.read_silences()
        return ended

    def _alerting(self) -> Alerting:
        if self._fleet.alerting is None:
            raise ConfigError("nobody looks for alerts here", key="alerts.enabled", remedy="set it to true")
        return self._fleet.alerting
