"""Where nobody can be asked about a customer: in a recording of routers that once were."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from mktui import clock
from mktui.errors import WrongUse
from mktui.services.customer import Customer
from mktui.services.customers import Search

if TYPE_CHECKING:
    from mktui.billing.model import Subscriber

_WHY = "this is a recording"


class NoCustomers:
    """Answers each search with why there is no answer."""

    def __init__(self) -> None:
        self.search: Search | None = None

    def look_for(self, name: str) -> None:
        """Nobody can be asked, and that is said."""
        nobody = Customer(name, (), (), (), (), (), {}, _WHY)
        self.search = Search(name, clock.utc_now(), 0, nobody, clock.utc_now())

    async def set_active(self, subscriber: Subscriber, *, is_active: bool) -> Subscriber:
        """Nothing can be done."""
        del is_active
        self._refuse(subscriber.username)

    async def extend(self, subscriber: Subscriber, days: int) -> Subscriber:
        """Nothing can be done."""
        del days
        self._refuse(subscriber.username)

    async def kick(self, name: str, router: str) -> int:
        """Nothing can be done."""
        del router
        self._refuse(name)

    def _refuse(self, name: str) -> NoReturn:
        raise WrongUse(f"{name}: {_WHY}")
