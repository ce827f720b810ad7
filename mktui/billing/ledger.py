"""Profiles and subscribers in the database. Each change writes an outbox row in the same transaction.

Functions over a connection: whoever begins the transaction decides what belongs together.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from pydantic import SecretStr, ValidationError

from mktui.billing import tables
from mktui.billing.model import Profile, Subscriber, SubscriberStatus
from mktui.billing.records import Edit
from mktui.errors import NotAccepted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

_REVISION: Final = "revision"
_FORGOTTEN_AFTER: Final = timedelta(days=30)
"""A router that was not synced for so long reads everything anyway: an edit only says that something is pending."""
_COMMITTED_AFTER: Final = timedelta(minutes=10)
"""An edit may be committed after one that began later and stands behind it: so long nothing is passed over."""


def read_profiles(connection: sa.Connection) -> tuple[Profile, ...]:
    """Return all profiles, by name."""
    found = connection.execute(sa.select(tables.profiles).order_by(tables.profiles.c.name)).mappings()
    return tuple(_profile(row) for row in found)


def read_subscribers(connection: sa.Connection) -> tuple[Subscriber, ...]:
    """Return all subscribers, by name, those who are deleted too."""
    routers: dict[str, list[str]] = {}
    for external_id, router in connection.execute(
        sa.select(tables.subscriber_routers).order_by(tables.subscriber_routers.c.router)
    ):
        routers.setdefault(external_id, []).append(router)
    found = connection.execute(sa.select(tables.subscribers).order_by(tables.subscribers.c.username)).mappings()
    return tuple(_subscriber(row, routers.get(row["external_id"], ())) for row in found)


def find_subscriber(connection: sa.Connection, external_id: str) -> Subscriber | None:
    """Return one subscriber as he is now."""
    one = sa.select(tables.subscribers).where(tables.subscribers.c.external_id == external_id)
    row = connection.execute(one).mappings().first()
    if row is None:
        return None
    named = tables.subscriber_routers
    routers = connection.execute(sa.select(named.c.router).where(named.c.external_id == external_id)).scalars()
    return _subscriber(row, sorted(routers))


def save_profile(connection: sa.Connection, profile: Profile, *, now: datetime) -> bool:
    """Add or change a profile; False: it was so already. Its subscribers follow a new name.

    Raises:
        NotAccepted: Another one has its name.
    """
    table = tables.profiles
    values = profile.model_dump()
    before = connection.execute(sa.select(table).where(table.c.external_id == profile.external_id)).mappings().first()
    if before is None:
        connection.execute(table.insert().values(**values, revision=1))
        note_edit(connection, Edit(profile.external_id, "profile", 1, ""), now=now)
        return True
    if _profile(before) == profile:
        return False
    revision = before[_REVISION] + 1
    connection.execute(
        table.update().where(table.c.external_id == profile.external_id).values(**values, revision=revision)
    )
    note_edit(connection, Edit(profile.external_id, "profile", revision, before["name"]), now=now)
    return True


def save_subscriber(connection: sa.Connection, subscriber: Subscriber, *, now: datetime) -> bool:
    """Add or change a subscriber; False: he was so already.

    Raises:
        NotAccepted: Another one has his name, or his profile is not there.
    """
    table = tables.subscribers
    values: dict[str, Any] = subscriber.model_dump(exclude={"routers", "password"})
    values["password"] = subscriber.password.get_secret_value()
    before = find_subscriber(connection, subscriber.external_id)
    if before == subscriber:
        return False
    key = table.c.external_id == subscriber.external_id
    if before is None:
        revision = 1
        connection.execute(table.insert().values(**values, revision=revision))
    else:
        revision = 1 + (connection.execute(sa.select(table.c.revision).where(key)).scalar() or 0)
        connection.execute(table.update().where(key).values(**values, revision=revision))
    named = tables.subscriber_routers
    connection.execute(named.delete().where(named.c.external_id == subscriber.external_id))
    if subscriber.routers:
        routers = [{"external_id": subscriber.external_id, "router": router} for router in subscriber.routers]
        connection.execute(named.insert(), routers)
    old_name = before.username if before else ""
    note_edit(connection, Edit(subscriber.external_id, "subscriber", revision, old_name), now=now)
    return True


def set_status(connection: sa.Connection, username: str, status: SubscriberStatus, *, now: datetime) -> Subscriber:
    """Suspend, resume, expire or delete a subscriber by his name.

    Raises:
        NotAccepted: There is none of that name, or there are several (one a hotspot server).
    """
    table = tables.subscribers
    ids = connection.execute(sa.select(table.c.external_id).where(table.c.username == username)).scalars().all()
    if len(ids) != 1:
        problem = f"no subscriber is called {username}" if not ids else f"{len(ids)} subscribers are called {username}"
        raise NotAccepted(problem, remedy="mktui billing list shows them")
    return set_status_of(connection, ids[0], status, now=now)


def set_status_of(
    connection: sa.Connection, external_id: str, status: SubscriberStatus, *, now: datetime
) -> Subscriber:
    """Do the same to the one who has this id.

    Raises:
        NotAccepted: There is none.
    """
    changed = _present(connection, external_id).model_copy(update={"status": status})
    save_subscriber(connection, changed, now=now)
    return changed


def extend(connection: sa.Connection, external_id: str, by: timedelta, *, now: datetime) -> Subscriber:
    """Let a subscriber be paid for longer: from the end that he has, or from now where that is over.

    Who has expired is active again; who is suspended stays so.

    Raises:
        NotAccepted: There is none of that id, or he has no end.
    """
    subscriber = _present(connection, external_id)
    if subscriber.valid_until is None:
        raise NotAccepted(f"{subscriber.username} is paid without an end: there is nothing to extend")
    is_expired = subscriber.status is SubscriberStatus.EXPIRED
    update = {
        "valid_until": max(now, subscriber.valid_until) + by,
        "status": SubscriberStatus.ACTIVE if is_expired else subscriber.status,
    }
    changed = subscriber.model_copy(update=update)
    save_subscriber(connection, changed, now=now)
    return changed


def _present(connection: sa.Connection, external_id: str) -> Subscriber:
    subscriber = find_subscriber(connection, external_id)
    if subscriber is None:
        raise NotAccepted(f"no subscriber has the id {external_id}", remedy="mktui billing list shows them")
    return subscriber


def edits(connection: sa.Connection, router: str) -> tuple[Edit, ...]:
    """Return what has changed and a router has not: ten edits of one subscriber are one, with his oldest name."""
    table = tables.outbox
    found: dict[tuple[str, str], Edit] = {}
    for row in connection.execute(_pending(connection, router, *table.c).order_by(table.c.id)).mappings():
        key = row["what"], row["external_id"]
        old_name = found[key].old_name if key in found else row["old_name"]
        found[key] = Edit(row["external_id"], row["what"], row["revision"], old_name, row["id"])
    return tuple(found.values())


def settle_edits(connection: sa.Connection, router: str, settled: Iterable[Edit]) -> None:
    """Note that a router has these, each up to where it stands; the others, and what came after them, stay."""
    values = [
        {"of_router": router, "of_what": edit.what, "of_id": edit.external_id, "at": edit.position} for edit in settled
    ]
    if not values:
        return
    table = tables.settled_edits
    connection.execute(
        table.delete().where(
            table.c.router == sa.bindparam("of_router"), table.c.what == sa.bindparam("of_what"),
            table.c.external_id == sa.bindparam("of_id"),
        ),
        values,
    )  # fmt: skip
    connection.execute(
        table.insert().values(
            router=sa.bindparam("of_router"), what=sa.bindparam("of_what"), external_id=sa.bindparam("of_id"),
            position=sa.bindparam("at"),
        ),
        values,
    )  # fmt: skip


def forget_settled(connection: sa.Connection, router: str, *, now: datetime) -> None:
    """Let one number stand for all edits before the first that a router has not; very old edits are forgotten.

    Nothing becomes pending by it, or ceases to be.
    """
    table, outbox = tables.settled_edits, tables.outbox.c
    first = connection.execute(_pending(connection, router, sa.func.min(outbox.id))).scalar()
    fresh = connection.execute(sa.select(sa.func.min(outbox.id)).where(outbox.at > now - _COMMITTED_AFTER)).scalar()
    ends = [int(end) for end in (first, fresh) if end is not None]
    is_his = table.c.router == router
    is_before = is_his & (table.c.position < min(ends)) if ends else is_his
    position = connection.execute(sa.select(sa.func.max(table.c.position)).where(is_before)).scalar()
    if position is not None:
        position = max(int(position), _position(connection, router))
        places = tables.outbox_positions
        connection.execute(places.delete().where(places.c.router == router))
        connection.execute(places.insert().values(router=router, position=position))
        connection.execute(table.delete().where(is_his, table.c.position <= position))
    connection.execute(tables.outbox.delete().where(outbox.at < now - _FORGOTTEN_AFTER))


def edits_mark(connection: sa.Connection) -> tuple[int, int]:
    """Return what changes with every edit: how many there are, for one may be committed late, and the last one."""
    table = tables.outbox
    count, last = connection.execute(sa.select(sa.func.count(), sa.func.max(table.c.id)).select_from(table)).one()
    return int(count), int(last or 0)


def _pending(connection: sa.Connection, router: str, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Return a query over the outbox's rows that a router has not."""
    table, done = tables.outbox, tables.settled_edits
    is_done = (
        (done.c.router == router) & (done.c.what == table.c.what) & (done.c.external_id == table.c.external_id)
        & (done.c.position >= table.c.id)
    )  # fmt: skip
    return (
        sa.select(*columns).select_from(table.outerjoin(done, is_done))
        .where(table.c.id > _position(connection, router), done.c.router.is_(None))
    )  # fmt: skip


def _position(connection: sa.Connection, router: str) -> int:
    table = tables.outbox_positions
    return int(connection.execute(sa.select(table.c.position).where(table.c.router == router)).scalar() or 0)


def note_edit(connection: sa.Connection, edit: Edit, *, now: datetime) -> None:
    """Write an outbox row: routers have something to catch up with."""
    connection.execute(
        tables.outbox.insert().values(
            external_id=edit.external_id, what=edit.what, revision=edit.revision, old_name=edit.old_name, at=now
        )
    )


def _profile(row: sa.RowMapping) -> Profile:
    with _legible("profile", row["name"]):
        return Profile.model_validate({name: value for name, value in row.items() if name != _REVISION})


@contextmanager
def _legible(what: str, name: str) -> Iterator[None]:
    """Turn the model's words into ours; its own would show the row."""
    try:
        yield
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        problem = f"{what} {name}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise NotAccepted(problem, remedy="somebody else has written it into the database: correct it there") from None


def _subscriber(row: sa.RowMapping, routers: Iterable[str]) -> Subscriber:
    values = {name: value for name, value in row.items() if name not in {_REVISION, "password"}}
    with _legible("subscriber", row["username"]):
        return Subscriber.model_validate({**values, "password": SecretStr(row["password"]), "routers": tuple(routers)})
