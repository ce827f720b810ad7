"""A command by hand, from an attached screen: it runs where the routers are held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui.services.control.forms import heard

if TYPE_CHECKING:
    from mktui.core.protocol.sentences import Command
    from mktui.services.console import Answer
    from mktui.services.control.attached import AttachedFleet


class AttachedConsole:
    """Asks the other side."""

    def __init__(self, fleet: AttachedFleet) -> None:
        self._fleet = fleet

    async def run(self, router: str, command: Command) -> Answer:
        """Run a command and return its rows.

        Raises:
            ControlError: The other side cannot be asked, or has refused.
        """
        answer: Answer = heard(await self._fleet.ask(
            "run", router=router, path=command.path, attributes=dict(command.attributes), query=list(command.query)
        ))  # fmt: skip
        return answer
