"""Scheduled jobs, from an attached screen: they are run where the schedule is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mktui.services.control.attached import AttachedFleet


class AttachedSchedule:
    """Asks the other side."""

    def __init__(self, fleet: AttachedFleet) -> None:
        self._fleet = fleet

    async def run(self, job: str) -> None:
        """Begin a job now; it goes on when this screen is left.

        Raises:
            ControlError: The other side cannot be asked, or has refused.
        """
        await self._fleet.ask("run job", job=job)
