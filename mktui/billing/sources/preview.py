"""What a source would change in billing. Pure: the books and the source's rows in, differences out.

Nothing is ever taken away: a row that is missing from a source is shown, not removed. A field that the source does not
give stays as billing has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mktui.billing.model import Kind, Profile, Subscriber, SubscriberStatus
from mktui.billing.sources.csv_export import cell
from mktui.billing.sources.rows import CHANGED, SECRET_FIELDS, SET, RowError, SourceRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mktui.billing.sources.rows import What


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after, as texts; a password is ``(set)`` or ``(changed)``, and "" when it is taken away."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that would be added or changed."""

    what: What
    external_id: str
    name: str
    where: str
    fields: tuple[FieldChange, ...]
    after: Profile | Subscriber = field(repr=False)
    before: Profile | Subscriber | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Missing:
    """A row of billing that a source does not have."""

    what: What
    external_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What writing a source would do."""

    rows: SourceRows
    added: tuple[RowChange, ...] = ()
    changed: tuple[RowChange, ...] = ()
    unchanged: int = 0
    rejected: tuple[RowError, ...] = ()
    missing: tuple[Missing, ...] = ()
    seen: frozenset[tuple[What, str]] = frozenset()
    """What and external id, as billing has it, of every row that could be read."""

    @property
    def complete(self) -> bool:
        """Say whether what is missing is really absent, and not just unread."""
        return self.rows.complete and not self.rejected


class _Books:
    """Billing as it would be after all rows were written: by external id, and by name."""

    def __init__(self, profiles: Iterable[Profile], subscribers: Iterable[Subscriber]) -> None:
        self.before: dict[tuple[What, str], Profile | Subscriber] = {}
        self.before |= {("profile", row.external_id): row for row in profiles}
        self.before |= {("subscriber", row.external_id): row for row in subscribers}
        self.by_name = {_name_key(row): key for key, row in self.before.items()}
        self.after = dict(self.before)

    def successor_key(self, row: Profile | Subscriber, gone: frozenset[tuple[What, str]]) -> tuple[What, str] | None:
        """Return whose place a row takes that has a new id, and the name of one that its source has no longer."""
        holder = self.by_name.get(_name_key(row))
        is_new = (_what(row), row.external_id) not in self.before
        return holder if is_new and holder in gone else None

    def place(
        self, row: Profile | Subscriber, *, derived: bool, gone: frozenset[tuple[What, str]] = frozenset()
    ) -> Profile | Subscriber:
        """Return a source's row as it would be written, its own fields over those that billing has."""
        what = _what(row)
        key = (what, row.external_id)
        if derived and key not in self.before:
            key = self.by_name.get(_name_key(row), key)
        key = self.successor_key(row, gone) or key
        known = self.before.get(key)
        if known is not None:
            given = {name: getattr(row, name) for name in row.model_fields_set - {"external_id"}}
            kept = {name: getattr(known, name) for name in type(row).model_fields}
            row = type(row).model_validate({**kept, **given})  # again: two halves that are right may not fit
        self.after[key] = row
        return row


def _what(row: Profile | Subscriber) -> What:
    return "profile" if isinstance(row, Profile) else "subscriber"


def _name_key(row: Profile | Subscriber) -> tuple[str, ...]:
    if isinstance(row, Profile):
        return ("profile", row.kind, row.name)
    server = row.hotspot_server if row.kind is Kind.HOTSPOT else ""
    return ("subscriber", row.kind, row.username, server)


def preview(
    profiles: Iterable[Profile],
    subscribers: Iterable[Subscriber],
    rows: SourceRows,
    *,
    own: frozenset[tuple[What, str]] = frozenset(),
) -> ImportPreview:
    """Say what writing a source into these books would do. Pure.

    ``own``: what came from this source before. Who was deleted there and made again, with another id, is who he was:
    or his name would be taken for ever by the one who is gone.
    """
    books = _Books(profiles, subscribers)
    read: set[tuple[What, str]] = {("profile", row.external_id) for row in rows.profiles}
    read |= {("subscriber", row.external_id) for row in rows.subscribers}
    placed, rejected = _placed(books, rows, own - read if rows.complete else frozenset())
    rejected += _clashes(books, placed)
    bad = {error.where for error in rejected}
    changes = [_change(books, row, where) for row, where in placed if where not in bad]
    real = [change for change in changes if change.fields]
    seen = frozenset((_what(row), row.external_id) for row, _ in placed)
    missing = tuple(
        Missing(key[0], key[1], _shown_name(row))
        for key, row in books.before.items()
        if key[0] in rows.covers and key not in seen and not _is_deleted(row)
    )
    return ImportPreview(
        rows=rows,
        added=tuple(change for change in real if change.before is None),
        changed=tuple(change for change in real if change.before is not None),
        unchanged=len(changes) - len(real), rejected=(*rows.errors, *rejected), missing=missing,
        seen=seen,
    )  # fmt: skip


def _placed(
    books: _Books, rows: SourceRows, gone: frozenset[tuple[What, str]]
) -> tuple[list[tuple[Profile | Subscriber, str]], list[RowError]]:
    placed: list[tuple[Profile | Subscriber, str]] = []
    rejected: list[RowError] = []
    everything: tuple[Profile | Subscriber, ...] = (*rows.profiles, *rows.subscribers)
    for row in everything:
        where = rows.place(_what(row), row.external_id)
        try:
            after = books.place(row, derived=(_what(row), row.external_id) in rows.derived, gone=gone)
        except ValueError:
            problem = "does not fit what billing has of this row"
            rejected.append(RowError(where, "", "", problem, "give the fields that belong together"))
        else:
            placed.append((after, where))
    return placed, rejected


def _clashes(books: _Books, placed: Sequence[tuple[Profile | Subscriber, str]]) -> list[RowError]:
    """Return what of the rows cannot stand beside the rest of billing."""
    owners: dict[tuple[str, ...], set[str]] = {}
    for key, row in books.after.items():
        for claim in (_name_key(row), *_address_key(row)):
            owners.setdefault(claim, set()).add(key[1])
    found = []
    for row, where in placed:
        for claim in (_name_key(row), *_address_key(row)):
            others = owners[claim] - {row.external_id}
            if others:
                named = ", ".join(sorted(others))
                name = "static_ip" if claim[0] == "static_ip" else _name_field(row)
                found.append(RowError(where, name, getattr(row, name), f"billing has it already, as {named}"))
        if isinstance(row, Subscriber) and ("profile", row.kind, row.profile) not in owners:
            problem = f"there is no {row.kind} profile of this name, neither in billing nor in the source"
            found.append(RowError(where, "profile", row.profile, problem, "import profiles first"))
    return found


def _address_key(row: Profile | Subscriber) -> Iterator[tuple[str, ...]]:
    if isinstance(row, Subscriber) and row.static_ip and not _is_deleted(row):
        yield ("static_ip", row.static_ip)


def _is_deleted(row: Profile | Subscriber) -> bool:
    return isinstance(row, Subscriber) and row.status is SubscriberStatus.DELETED


def _name_field(row: Profile | Subscriber) -> str:
    return "name" if isinstance(row, Profile) else "username"


def _shown_name(row: Profile | Subscriber) -> str:
    return str(getattr(row, _name_field(row)))


def _change(books: _Books, row: Profile | Subscriber, where: str) -> RowChange:
    return change_of(books.before.get((_what(row), row.external_id)), row, where)


def change_of(before: Profile | Subscriber | None, after: Profile | Subscriber, where: str = "") -> RowChange:
    """Return what makes one row of another; ``before`` None: the row is new."""
    fields = tuple(_differences(before, after))
    return RowChange(_what(after), after.external_id, _shown_name(after), where, fields, after=after, before=before)


def _differences(before: Profile | Subscriber | None, after: Profile | Subscriber) -> Iterator[FieldChange]:
    for name, described in type(after).model_fields.items():
        old: Any = described.default if before is None else getattr(before, name)  # Any: any field's value
        new = getattr(after, name)
        if before is None and described.is_required():
            yield FieldChange(name, "", cell(new))
        elif old != new:
            was, becomes = cell(old), cell(new)
            if name in SECRET_FIELDS:
                was, becomes = "", (CHANGED if was else SET) if becomes else ""
            yield FieldChange(name, was, becomes)
