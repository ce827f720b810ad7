"""What a receiver of alerts is to whoever tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mktui.monitor.alerts import Notice


class NotTold(Exception):
    """A receiver did not take a message; whether it heard it all the same, nobody knows. It is told again.

    It never leaves these rooms: it becomes a receiver's ``problem``, in words, and without a secret.
    """

    def __init__(self, receiver: str, problem: str) -> None:
        super().__init__(problem)
        self.receiver, self.problem = receiver, problem

    def __str__(self) -> str:
        return f"{self.receiver} was not told: {self.problem}"


class Receiver(Protocol):
    """Somebody who can be told."""

    name: str

    @property
    def kind(self) -> str:
        """What he is: webhook, hook."""

    async def tell(self, body: dict[str, Any], notices: Sequence[Notice]) -> None:  # Any: JSON
        """Send one message, within a time of its own.

        Raises:
            NotTold: It was not taken.
        """
