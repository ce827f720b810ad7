"""Customer: one answer to the call at 3 a.m., and what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Static

from mktui.sync.order import Order
from mktui.tui.actions import Place
from mktui.tui.customer_deeds import ask_extend, ask_kick, ask_standing
from mktui.tui.customer_text import facts, progress
from mktui.tui.screens.billing_form import FormScreen
from mktui.tui.screens.view import StillStatic, View
from mktui.tui.widgets.page import Page
from mktui.tui.widgets.top_lines import TopLines, fleet_line, second_line

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from mktui.billing.model import Subscriber
    from mktui.monitor.snapshot import Snapshot
    from mktui.services.customer import Customer
    from mktui.services.customers import Search
    from mktui.tui.palette import Palette


class CustomerScreen(View):
    """The customer called ``name``: what billing says, where he is online, what routers and syncs have of him."""

    place = Place.CUSTOMER

    def __init__(self, name: str) -> None:
        super().__init__()
        self.customer_name = name

    def compose(self) -> ComposeResult:
        """Lay out lines, facts and keys."""
        yield TopLines()
        with Page(id="page"):
            yield StillStatic(id="facts")
        yield Static(id="keys")

    @property
    def search(self) -> Search | None:
        """What is known of him, or so far."""
        search = self.room.services.customers.search
        return search if search is not None and search.name == self.customer_name else None

    @property
    def customer(self) -> Customer | None:
        """The same, without how far it is."""
        return self.search.customer if self.search is not None else None

    def on_mount(self) -> None:
        """Begin to ask."""
        self.query_one(Page).focus()
        self.action_again()

    def target(self) -> str | None:
        """The router where he is online; else one that has a row of his; else one that billing names."""
        customer = self.customer
        if customer is None:
            return None
        named = [session.router for session in sorted(customer.sessions, key=lambda session: session.is_radius)]
        named += [row.router for row in customer.rows]
        named += [router for each in customer.subscribers for router in each.routers]
        return next(iter(named), None)

    def order(self) -> Order:
        """Ask a plan for him alone."""
        return Order(names=frozenset({self.customer_name}))

    def show(self, snapshot: Snapshot, palette: Palette, mode: str) -> None:
        """Show what is known; when somebody else was looked for meanwhile, look for him again."""
        search = self.search
        if search is None:
            self.action_again()
            search = self.search
        assert search is not None
        width = self.width_of_lines()
        first, _ = fleet_line(snapshot, mode, palette, width)
        left, right = f"Customer › {self.customer_name}", progress(search, snapshot.at)
        self.query_one(TopLines).show(first, second_line(palette, width, left, right))
        self.query_one("#facts", StillStatic).show(facts(search, palette, snapshot.at, width, self.room.keymap))

    # --- keys

    def action_again(self) -> None:
        """Ask everybody afresh."""
        self.room.services.customers.look_for(self.customer_name)

    def action_standing(self) -> None:
        """Suspend him, or let him connect."""
        if (subscriber := self._subscriber("standing")) is not None:
            ask_standing(self.room, subscriber, self.action_again, self._warning(subscriber))

    def action_extend(self) -> None:
        """Let him be paid for longer."""
        if (subscriber := self._subscriber("extend")) is not None:
            ask_extend(self.room, subscriber, self.action_again, self._warning(subscriber))

    def action_kick(self) -> None:
        """End his sessions on every router where he is online."""
        if not self.room.is_allowed("kick"):
            return
        sessions = self.customer.sessions if self.customer is not None else ()
        own = [session for session in sessions if not session.is_radius]
        name = self.customer_name
        if not own:
            why = "his session is RADIUS's, not ours to end" if sessions else "he is not online, as far as is known"
            self.notify(f"{name}: {why}", severity="warning")
            return

        ask_kick(self.room, name, tuple(dict.fromkeys(session.router for session in own)), self.action_again)

    def form(self) -> FormScreen | None:
        """What billing has of him."""
        known = self.customer.subscribers if self.customer is not None else ()
        return FormScreen("subscriber", known[0]) if len(known) == 1 else None

    def _warning(self, subscriber: Subscriber) -> str:
        return self.customer.source_warning(subscriber) if self.customer is not None else ""

    def _subscriber(self, action_id: str) -> Subscriber | None:
        """Return whom billing knows by this name, when it may be changed, or say why not."""
        if not self.room.is_allowed(action_id):
            return None
        known = self.customer.subscribers if self.customer is not None else ()
        if len(known) == 1:
            return known[0]
        billing = self.room.keymap.key("billing")
        several = f"{len(known)} subscribers are called {self.customer_name}: {billing} shows them one by one"
        nobody = f"billing knows nobody called {self.customer_name}, as far as is known"
        self.notify(several if known else nobody, severity="warning")
        return None
