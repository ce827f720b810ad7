"""A provider's books at the recorded moment: rows of every state, a source that is pulled, a file, one who is gone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta, tzinfo
from typing import TYPE_CHECKING, Final

import anyio
from pydantic import SecretStr

from mktui.billing.model import Kind, Profile, Subscriber, SubscriberStatus
from mktui.billing.several import Changed
from mktui.billing.sources.csv_file import read_csv
from mktui.billing.sources.duplicates import gather
from mktui.billing.sources.fields import read_row
from mktui.billing.sources.importing import ImportOutcome
from mktui.billing.sources.preview import ImportPreview, change_of, preview
from mktui.errors import BillingError, WrongUse
from mktui.services.billing import Reading
from mktui.services.books import Books, Step, Trouble
from mktui.services.editing import content_of, see_columns
from tests.terminal.recorded_customers import AT, GOLD, ROUTERS, SILVER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mktui.billing.sources.rows import What

HOUR: Final = Profile(external_id="plan-h", name="hour", kind=Kind.HOTSPOT, rate_down_bps=4_000_000,
                      rate_up_bps=1_000_000, session_timeout_s=3600, price_minor=250)  # fmt: skip
BRONZE: Final = Profile(external_id="plan-1", name="bronze", rate_down_bps=5_000_000, enabled=False)
PROFILES: Final = (GOLD, SILVER, HOUR, BRONZE)


def person(number: int, name: str, profile: str = "gold", days: float | None = 30, **facts: object) -> Subscriber:
    """A customer, paid for so many days; None: without an end."""
    until = None if days is None else AT.replace(hour=22, minute=59, second=59) + timedelta(days=days)
    return Subscriber.model_validate(
        {"external_id": f"c-{number:04}", "username": name, "profile": profile, "valid_until": until,
         "password": SecretStr(f"pw-{number}-hush"), **facts}
    )  # fmt: skip


PEOPLE: Final = (
    person(412, "ana", days=38, routers=("edge-2",)),
    person(77, "luis-03", "silver", -3, routers=("edge-1",)),
    person(3, "maria.lopez", "silver", 2, routers=("edge-1",), static_ip="10.64.9.3"),
    person(19, "plaza-cafe", "hour", None, kind="hotspot", routers=("hotspot-plaza",)),
    person(20, "pedro", status="suspended", routers=("edge-1",)),
    person(21, "school-north", days=200, protect=True, comment="the mayor's children are here"),
    person(22, "tower-family", "silver", 12, routers=("tower-west",)),
    person(23, "old-customer", status="deleted", days=-90),
    person(24, "carmen", "silver", 9, routers=("edge-1",)),
    person(25, "jose.garcia", "gold", 20, routers=("edge-1", "edge-2")),
    person(26, "vanished", "gold", 20, routers=("edge-1",)),
)
TROUBLES: Final = {
    ("subscriber", "c-0412"): (Trouble("edge-2", Step.PENDING, "billing has changed it"),),
    ("subscriber", "c-0003"): (Trouble("edge-1", Step.FAILED, "input does not match any value of profile"),),
    ("subscriber", "c-0022"): (Trouble("tower-west", Step.PENDING, "billing has changed it"),),
    ("subscriber", "c-0024"): (Trouble("edge-1", Step.DRIFT, "profile was changed on the router"),),
    ("subscriber", "c-0025"): (Trouble("edge-1", Step.CLASH, "a row of this name is there and not ours"),),
    ("profile", "plan-2"): (Trouble("edge-1", Step.PENDING, "billing has changed it"),
                            Trouble("edge-2", Step.PENDING, "billing has changed it")),
}  # fmt: skip
BOOKS: Final = Books(
    AT - timedelta(seconds=1), PROFILES, PEOPLE, ROUTERS,
    {("subscriber", "c-0024"): "crm", ("subscriber", "c-0025"): "csv:subscriber", ("subscriber", "c-0026"): "crm"},
    frozenset({("subscriber", "c-0026")}), frozenset({"crm"}), TROUBLES,
    {name: AT - timedelta(days=1) for name in ROUTERS},
)  # fmt: skip
EMPTY: Final = Books(AT, routers=ROUTERS)


def crowd(count: int) -> Books:
    """A large provider's."""
    people = tuple(person(number, f"user-{number:05}", ("gold", "silver")[number % 2], number % 60) for number in
                   range(count))  # fmt: skip
    return Books(AT, PROFILES, people, ROUTERS)


@dataclass
class RecordedBilling:
    """Shows what was recorded and changes only that. ``note`` hears what it is asked to do."""

    note: Callable[[str, str], None]
    books: Books | None = BOOKS
    problem: str = ""
    reading: Reading | None = None
    can_edit: bool = True
    local: tzinfo = UTC
    last_done: str = ""
    so_far: str = ""
    read: int = 0
    written: list[ImportPreview] = field(default_factory=list)
    holds: bool = False
    """A file that is being written stays so."""

    def watch(self) -> None: ...

    async def refresh(self) -> None:
        await anyio.lowlevel.checkpoint()
        self.read += 1

    async def preview(self, what: What, cells: Mapping[str, str]) -> ImportPreview:
        await anyio.lowlevel.checkpoint()
        read = read_row(what, dict(cells), where=cells.get("username") or cells.get("name", ""), local=self.local)
        assert self.books is not None
        return preview(self.books.profiles, self.books.subscribers, gather([read], covers=(what,)))

    async def write(self, shown: ImportPreview) -> ImportOutcome:
        change = (*shown.added, *shown.changed)[0]
        await self._do("add" if change.before is None else "change", change.name)
        self.written.append(shown)
        self.last_done = f"change {change.what} {change.name}"
        return ImportOutcome(len(shown.added), len(shown.changed), 0, ())

    async def set_status(self, subscribers: Sequence[Subscriber], status: SubscriberStatus) -> Changed:
        names = ", ".join(each.username for each in subscribers)
        await self._do(status.value, names)
        self.last_done = f"{status.value} {names}"
        after = [each.model_copy(update={"status": status}) for each in subscribers]
        self._put(after)
        changes = tuple(change_of(old, new, new.username) for old, new in zip(subscribers, after, strict=True))
        return Changed(changes, {})

    async def extend(self, subscribers: Sequence[Subscriber], days: int) -> Changed:
        await self._do(f"extend by {days}", ", ".join(each.username for each in subscribers))
        return Changed(tuple(change_of(each, each, each.username) for each in subscribers), {})

    async def undo(self) -> str:
        if not self.last_done:
            raise WrongUse("nothing was changed here that could be taken back")
        await self._do("undo", self.last_done)
        self.last_done = ""
        return "1 of 1 put back"

    def read_file(self, file: Path, what: What, mapped: Mapping[str, str] | None = None) -> None:
        assert self.books is not None
        try:
            seen = see_columns(content_of(file), what, mapped)
            self.reading = Reading(file, what, layout=seen.layout, mapped=seen.mapped)
            if not seen.is_asking:
                rows = read_csv(content_of(file), what, local=self.local, mapped=seen.mapped)
                shown = preview(self.books.profiles, self.books.subscribers, rows)
                self.reading = replace(self.reading, shown=shown)
        except BillingError as error:
            self.reading = Reading(file, what, problem=str(error))

    def import_file(self) -> None:
        reading = self.reading
        assert reading is not None
        assert reading.shown is not None
        self.note("import", reading.file.name)
        if self.holds:
            self.reading = replace(reading, is_writing=True, written=reading.total // 2,
                                   begun_at=AT - timedelta(seconds=4))  # fmt: skip
            return
        shown = reading.shown
        outcome = ImportOutcome(len(shown.added), len(shown.changed), shown.unchanged, shown.rejected)
        self.reading = replace(reading, outcome=outcome, written=reading.total)

    async def _do(self, what: str, name: str) -> None:
        await anyio.lowlevel.checkpoint()
        self.note(what, name)

    def _put(self, changed: Sequence[Subscriber]) -> None:
        assert self.books is not None
        new = {each.external_id: each for each in changed}
        people = tuple(new.get(each.external_id, each) for each in self.books.subscribers)
        self.books = replace(self.books, subscribers=people)
