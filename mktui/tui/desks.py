"""What the screens of customers and billing need of the services: desks, or recordings of them. Nothing here waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mktui.billing.model import Subscriber
    from mktui.services.customers import Search


class Customers(Protocol):
    """Where one customer is looked for, and helped."""

    @property
    def search(self) -> Search | None:
        """What is known of the name that was asked for last."""

    def look_for(self, name: str) -> None:
        """Begin to look for a name; it goes on when the screen is left."""

    async def set_active(self, subscriber: Subscriber, *, is_active: bool) -> Subscriber:
        """Let him connect, or suspend him."""

    async def extend(self, subscriber: Subscriber, days: int) -> Subscriber:
        """Let him be paid for longer."""

    async def kick(self, name: str, router: str) -> int:
        """End his sessions on a router; return how many."""
