"""Silences, from an attached screen: they are kept where alerts are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui.services.control.forms import heard

if TYPE_CHECKING:
    from datetime import timedelta

    from mktui.monitor.silences import Silence
    from mktui.services.control.attached import AttachedFleet


class AttachedAlerts:
    """Asks the other side."""

    def __init__(self, fleet: AttachedFleet) -> None:
        self._fleet = fleet

    async def silence(self, rule: str, router: str, length: timedelta, why: str = "") -> Silence:
        """Let nothing be told of a rule of a router for so long; "" is any.

        Raises:
            ControlError: The other side cannot be asked, or has refused.
        """
        seconds = int(length.total_seconds())
        made: Silence = heard(await self._fleet.ask("silence", rule=rule, router=router, seconds=seconds, why=why))
        return made

    async def unsilence(self, silence: str) -> Silence:
        """End a silence.

        Raises:
            ControlError: The other side cannot be asked, or has refused.
        """
        ended: Silence = heard(await self._fleet.ask("unsilence", silence=silence))
        return ended
