"""What is done in billing to one row or to all that are marked: asked first, then done, then said."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mktui.billing.model import Profile, SubscriberStatus
from mktui.errors import MktuiError
from mktui.services.books import name_of, routers_of, source_warning
from mktui.tui import words
from mktui.tui.billing_questions import ConfirmMany, ExtendMany, SaveRow
from mktui.tui.billing_rows import follows
from mktui.tui.customer_deeds import Extend
from mktui.tui.screens.modals import Confirm

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from mktui.billing.model import Subscriber
    from mktui.billing.several import Changed
    from mktui.billing.sources.preview import ImportPreview
    from mktui.services.books import Row
    from mktui.tui.room import Room

ACTIVE, SUSPENDED, DELETED = SubscriberStatus.ACTIVE, SubscriberStatus.SUSPENDED, SubscriberStatus.DELETED
_WORDS = {
    ACTIVE: ("Enable", "He may connect again, as far as he is paid."),
    SUSPENDED: ("Suspend", "He may no longer connect; a sync may end his session too."),
    DELETED: ("Delete", "He is no customer any more: a sync takes his row away. Billing keeps his entry and his name."),
}


def may_edit(room: Room, action_id: str) -> bool:
    """Say whether billing may be changed here; when not, the operator is told why."""
    if not room.is_allowed(action_id):
        return False
    if not room.services.billing.can_edit:
        room.notify(f"nothing can be changed: {room.services.billing.problem}", severity="warning")
        return False
    return True


def ask_status(room: Room, chosen: Sequence[Subscriber], status: SubscriberStatus) -> None:
    """Ask, then give one subscriber or several a status."""
    doing, consequence = _WORDS[status]
    several = len(chosen) > 1
    chosen, left_out = _unprotected(chosen) if several else (chosen, "")
    chosen = [each for each in chosen if each.status is not status]
    if not chosen:
        room.notify(f"nobody to {doing.lower()} here. {left_out}".strip(), severity="warning")
        return

    def do() -> Awaitable[Changed]:
        return room.services.billing.set_status(chosen, status)

    told = f"{consequence} {left_out}{_warnings(room, chosen)}\n\n{_reach(room, chosen)}"
    _ask(room, chosen, doing, told, partial(_change, room, doing, do))


def ask_extend(room: Room, chosen: Sequence[Subscriber]) -> None:
    """Ask for how long, then let one subscriber or several be paid for longer."""
    several = len(chosen) > 1
    chosen, left_out = _unprotected(chosen) if several else (chosen, "")
    endless = [each for each in chosen if each.valid_until is None]
    chosen = [each for each in chosen if each.valid_until is not None]
    if not chosen:
        name = endless[0].username if len(endless) == 1 else "they"
        room.notify(f"{name} paid without an end: there is nothing to extend. {left_out}".strip(), severity="warning")
        return
    left_out += f"{words.count(len(endless), 'more')} without an end: left as they are. " if endless else ""

    def picked(days: int | None) -> None:
        if days is None:
            room.notify("nobody was extended")
            return

        def do() -> Awaitable[Changed]:
            return room.services.billing.extend(chosen, days)

        doing = f"Extend by {words.count(days, 'day')}:"
        begin = partial(_change, room, doing, do)
        if len(chosen) > 1 or chosen[0].protect:
            _ask(room, chosen, doing, f"{left_out}{_warnings(room, chosen)}{_reach(room, chosen)}", begin)
        else:
            begin()

    now = room.services.snapshot().at
    question = ExtendMany(chosen, left_out, now) if several else Extend(chosen[0], now)
    room.push_screen(question, picked)


def ask_sale(room: Room, profile: Profile) -> None:
    """Ask, then let a profile be brought to routers, or not any more."""
    wanted = "no" if profile.enabled else "yes"
    cells = {"external_id": profile.external_id, "name": profile.name, "kind": profile.kind.value, "enabled": wanted}

    async def begin() -> None:
        try:
            shown = await room.services.billing.preview("profile", cells)
        except MktuiError as error:
            room.notify(str(error), title=profile.name, severity="error", timeout=15)
        else:
            ask_save(room, shown, lambda: None)

    room.run_worker(begin(), name=f"look at {profile.name}")


def ask_save(room: Room, shown: ImportPreview, after: Callable[[], None]) -> None:
    """Show what one row's change is and what follows, then write it; ``after`` runs once it is written."""
    change = (*shown.added, *shown.changed)[0]
    books, row = room.services.billing.books, change.after
    warning = ""
    if books is not None:
        source = books.sources.get((change.what, change.external_id), "")
        warning = source_warning(source, books.live)
    is_protected = isinstance(change.before, type(row)) and getattr(change.before, "protect", False)

    async def write() -> None:
        title = f"{'added' if change.before is None else 'saved'} {change.name}"
        try:
            await room.services.billing.write(shown)
        except MktuiError as error:
            room.notify(str(error), title=f"not {title}", severity="error", timeout=15)
        else:
            room.notify(_reach(room, [row]), title=title)
            after()
        room.look()

    def answered(yes: bool | None) -> None:
        if yes:
            room.run_worker(write(), name=f"save {change.name}")
        else:
            room.notify("nothing was saved")

    room.push_screen(SaveRow(change, warning, _consequence(room, row), must_type=bool(is_protected)), answered)


def ask_undo(room: Room) -> None:
    """Ask, then take back what was done last."""
    done = room.services.billing.last_done
    if not done:
        room.notify("nothing was changed here that could be taken back", severity="warning")
        return

    async def take_back() -> None:
        try:
            room.notify(await room.services.billing.undo(), title=f"take back: {done}")
        except MktuiError as error:
            room.notify(str(error), title=f"take back: {done}", severity="error", timeout=15)
        room.look()

    def answered(yes: bool | None) -> None:
        if yes:
            room.run_worker(take_back(), name="undo")

    why = "Billing gets back what it had before; what somebody has changed since stays as it is."
    room.push_screen(Confirm(f"“{done}”", "Take back", why, must_type=False), answered)


def _ask(room: Room, chosen: Sequence[Subscriber], doing: str, consequence: str, begin: Callable[[], None]) -> None:
    def answered(yes: bool | None) -> None:
        if yes:
            begin()
        else:
            room.notify(f"{chosen[0].username if len(chosen) == 1 else 'they all'} stayed as before")

    if len(chosen) > 1:
        names = [each.username for each in chosen]
        room.push_screen(ConfirmMany(doing, names, consequence.replace("He ", "Each ", 1)), answered)
    else:
        one = chosen[0]
        room.push_screen(Confirm(one.username, doing, consequence, must_type=one.protect), answered)


def _change(room: Room, doing: str, do: Callable[[], Awaitable[Changed]]) -> None:
    async def work() -> None:
        try:
            changed = await do()
        except MktuiError as error:
            room.notify(str(error), title=doing, severity="error", timeout=15)
        else:
            refused = "".join(f"\n{name}: {why}" for name, why in list(changed.refused.items())[:5])
            count = words.count(len(changed.changes), "subscriber")
            severity = "warning" if refused else "information"
            told = f"{count} changed; {room.keymap.key('undo')} takes it back{refused}"
            room.notify(told, title=doing.rstrip(":"), severity=severity)  # type: ignore[arg-type]  # one of Textual's words
        room.look()

    room.run_worker(work(), name=doing)


def _unprotected(chosen: Sequence[Subscriber]) -> tuple[list[Subscriber], str]:
    """Who is protected is changed by himself alone, after his name."""
    protected = [each.username for each in chosen if each.protect]
    free = [each for each in chosen if not each.protect]
    return free, f"Left out, as they are protected: {', '.join(protected[:5])}. " if protected else ""


def _warnings(room: Room, chosen: Sequence[Subscriber]) -> str:
    books = room.services.billing.books
    if books is None:
        return ""
    told = {source_warning(books.source_of(each), books.live) for each in chosen} - {""}
    return "".join(f"\n{warning}" for warning in sorted(told))


def _reach(room: Room, rows: Sequence[Row]) -> str:
    snapshot = room.services.snapshot()
    every = tuple(each.name for each in snapshot.routers)
    routers = dict.fromkeys(name for row in rows for name in routers_of(row, every))
    return follows(tuple(routers), snapshot, room.keymap)


def _consequence(room: Room, row: Row) -> str:
    books = room.services.billing.books
    users = books.users.get((row.kind, name_of(row)), 0) if books is not None and isinstance(row, Profile) else 0
    have = f"{words.count(users, 'subscriber')} {'has' if users == 1 else 'have'} it. " if users else ""
    return f"{have}{_reach(room, [row])}"
