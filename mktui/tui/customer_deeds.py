"""What is done for a customer, from his screen and from billing's: asked first, then done, then said."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from mktui.errors import MktuiError
from mktui.tui.screens.modals import Confirm, box_css

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from textual.app import ComposeResult

    from mktui.billing.model import Subscriber
    from mktui.tui.room import Room

DAYS: Final = {"1": 1, "7": 7, "3": 30}
"""Key -> days more."""


class Extend(ModalScreen[int | None]):
    """Asks by how many days somebody is paid for longer; None: by none."""

    DEFAULT_CSS = box_css("Extend")
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"take({days})", str(days), show=False) for key, days in DAYS.items()),
        Binding("n,escape,q", "leave", "no", show=False),
    ]

    def __init__(self, subscriber: Subscriber, now: datetime) -> None:
        super().__init__()
        self._subscriber, self._now = subscriber, now

    def compose(self) -> ComposeResult:
        """Lay out the choice, with what each would lead to."""
        until = self._subscriber.valid_until
        assert until is not None
        is_over = until <= self._now
        begin = self._now if is_over else until
        text = Text()
        text.append(f"Extend {self._subscriber.username}?\n\n", style="bold")
        since = "It is over: days count from now." if is_over else "Days count from then."
        text.append(f"Paid until {until:%Y-%m-%d %H:%M} UTC. {since}\n\n")
        for key, days in DAYS.items():
            text.append(f"  {key}", style="bold")
            text.append(
                f"  {days:>2} day{' ' if days == 1 else 's'}   → {begin + timedelta(days=days):%Y-%m-%d %H:%M}\n"
            )
        text.append("\nesc leaves it as it is")
        with Vertical(id="box"):
            yield Static(text)

    def action_take(self, days: int) -> None:
        """Take so many days."""
        self.dismiss(days)

    def action_leave(self) -> None:
        """Leave it as it is."""
        self.dismiss(None)


def ask_standing(room: Room, subscriber: Subscriber, after: Callable[[], None], warning: str = "") -> None:
    """Ask, then suspend a customer or let him connect."""
    is_active = subscriber.status.value != "active"
    name = subscriber.username
    if is_active:
        was = f"Billing has him as {subscriber.status.value}. He may connect again, as far as he is paid."
        doing = "Enable"
    else:
        was = "He may no longer connect; a sync that takes his row away may end his session too."
        doing = "Suspend"

    async def change() -> None:
        await room.services.customers.set_active(subscriber, is_active=is_active)

    consequence = f"{was} It is written into billing now; {_next(room)}.{_after_blank(warning)}"
    _ask(room, subscriber, doing, consequence, lambda: _tell(room, f"{doing} {name}", change, after))


def ask_extend(room: Room, subscriber: Subscriber, after: Callable[[], None], warning: str = "") -> None:
    """Ask for how long, then let a customer be paid for longer."""
    name = subscriber.username
    if subscriber.valid_until is None:
        room.notify(f"{name} is paid without an end: there is nothing to extend", severity="warning")
        return

    def chosen(days: int | None) -> None:
        if days is None:
            room.notify(f"{name} was left alone")
            return

        async def change() -> None:
            await room.services.customers.extend(subscriber, days)

        title = f"Extend {name} by {days} day{'' if days == 1 else 's'}"
        if subscriber.protect or warning:
            _ask(
                room,
                subscriber,
                f"Extend by {days} days",
                f"{_next(room)}.{_after_blank(warning)}",
                lambda: _tell(room, title, change, after),
            )
        else:
            _tell(room, title, change, after)

    room.push_screen(Extend(subscriber, room.services.snapshot().at), chosen)


def ask_kick(room: Room, name: str, routers: Sequence[str], after: Callable[[], None]) -> None:
    """Ask once, then end a customer's sessions on all of these routers; one that fails does not stop the others."""
    snapshot = room.services.snapshot()
    known = {router.name: router for router in snapshot.routers}
    title = f"End the sessions of {name}"

    async def kick() -> None:
        ended = 0
        for router in routers:
            try:
                ended += await room.services.customers.kick(name, router)
            except MktuiError as error:
                room.notify(str(error), title=f"{title} on {router}", severity="error", timeout=15)
        room.notify(f"{ended} session{'' if ended == 1 else 's'} ended", title=title)
        after()

    def answered(yes: bool | None) -> None:
        if yes:
            room.run_worker(kick(), name=title)
        else:
            room.notify(f"{name} was left alone")

    must_type = any(router in known and known[router].is_protected for router in routers)
    why = "He is cut off now, and his device logs in again by itself if he may connect."
    room.push_screen(Confirm(", ".join(routers), f"{title} on", why, must_type=must_type), answered)


def _next(room: Room) -> str:
    return f"the next sync brings it to the routers; {room.keymap.key('sync')} plans it now"


def _after_blank(text: str) -> str:
    return f"\n\n{text}" if text else ""


def _ask(room: Room, subscriber: Subscriber, doing: str, consequence: str, then: Callable[[], None]) -> None:
    def answered(yes: bool | None) -> None:
        if yes:
            then()
        else:
            room.notify(f"{subscriber.username} was left alone")

    room.push_screen(Confirm(subscriber.username, doing, consequence, must_type=subscriber.protect), answered)


def _tell(room: Room, title: str, change: Callable[[], Awaitable[None]], after: Callable[[], None]) -> None:
    async def work() -> None:
        try:
            await change()
        except MktuiError as error:
            room.notify(str(error), title=title, severity="error", timeout=15)
        else:
            room.notify(_next(room), title=title)
        after()

    room.run_worker(work(), name=title)
