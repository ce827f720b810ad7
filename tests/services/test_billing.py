"""Billing at a desk: a picture that says of each row how it stands, changes that are shown, kept and taken back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import anyio
import pytest

from mktui import clock
from mktui.billing import ledger, origins
from mktui.billing.model import SubscriberStatus
from mktui.billing.sources.preview import ImportPreview
from mktui.billing.sources.rows import SourceRows
from mktui.errors import DatabaseUnavailable, NotAccepted, WrongUse
from mktui.services.billing import BillingDesk, Reading
from mktui.services.books import Books, Step, routers_of
from mktui.services.office import LazyOffice
from tests.sync.offices import PROFILES, customers, desk, office, put

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mktui.billing.model import Subscriber
    from mktui.services.chronicle import Chronicle
    from mktui.sync.run import Office

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
ACTIVE, SUSPENDED, DELETED = SubscriberStatus.ACTIVE, SubscriberStatus.SUSPENDED, SubscriberStatus.DELETED


class Heard:
    """What was audited."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str]] = []

    def audited(self, what: str, router: str) -> _Kept:
        assert router == ""
        return _Kept(self, what)


class _Kept:
    def __init__(self, heard: Heard, what: str) -> None:
        self._heard, self._what = heard, what

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        self._heard.kept.append((self._what, "done" if error is None else "failed"))


@dataclass
class AFleet:
    """Billing, and routers by name only."""

    office: LazyOffice
    names: tuple[str, ...] = ("edge-1", "edge-2")
    heard: Heard = field(default_factory=Heard)

    def plan_of(self, _name: str) -> None:
        return None


@dataclass
class At:
    """A desk, and what is behind it."""

    desk: BillingDesk
    held: Office
    heard: Heard

    def of(self, name: str) -> Subscriber:
        assert self.desk.books is not None
        return next(each for each in self.desk.books.subscribers if each.username == name)

    @property
    def books(self) -> Books:
        assert self.desk.books is not None
        return self.desk.books

    def step(self, name: str, *offline: str) -> Step:
        return self.books.badge(self.of(name), offline, clock.utc_now()).step


def desk_of(held: Office, tasks: anyio.abc.TaskGroup, names: tuple[str, ...] = ("edge-1", "edge-2")) -> At:
    async def opened() -> Office:
        return held

    fleet = AFleet(LazyOffice(opened), names)
    return At(BillingDesk(fleet, tasks, cast("Chronicle", fleet.heard), None), held, fleet.heard)


@pytest.fixture
async def at() -> AsyncIterator[At]:
    """Five customers, and nothing on any router."""
    held = office()
    with held.store.begin() as connection:
        for profile in PROFILES:
            ledger.save_profile(connection, profile, now=clock.utc_now())
        for subscriber in customers(5, valid_until=clock.utc_now() + timedelta(days=3)):
            ledger.save_subscriber(connection, subscriber, now=clock.utc_now())
    async with anyio.create_task_group() as tasks:
        found = desk_of(held, tasks)
        await found.desk.refresh()
        yield found
    held.store.close()


async def test_what_was_never_synced_is_not_known_and_what_is_synced_is_in_step_until_it_changes() -> None:
    async with desk(3) as router, anyio.create_task_group() as tasks:
        at = desk_of(router.office, tasks, ("edge-1",))
        await at.desk.refresh()
        assert at.step("user-0001") is Step.PENDING  # it is new in billing
        await router.sync()
        await at.desk.refresh()
        assert [at.step(f"user-{number:04}") for number in range(3)] == [Step.IN_STEP] * 3
        assert at.books.troubles == {}
        router.change("c1", comment="moved")
        await at.desk.refresh()
        assert [at.step(f"user-{number:04}") for number in range(3)] == [Step.IN_STEP, Step.PENDING, Step.IN_STEP]
        assert at.step("user-0001", "edge-1") is Step.OFFLINE
        assert at.step("user-0000", "edge-1") is Step.OFFLINE  # the only router he has


async def test_drift_and_a_row_of_somebody_else_are_seen_on_the_row_itself() -> None:
    async with desk(3) as router, anyio.create_task_group() as tasks:
        at = desk_of(router.office, tasks, ("edge-1",))
        put(router, name="user-0002")
        await router.sync()
        live = {each.values["name"]: each for each in router.router.tables["/ppp/secret"]}
        live["user-0001"].change({"profile": "default"})
        await router.sync()
        await at.desk.refresh()
        assert [at.step(f"user-{number:04}") for number in range(3)] == [Step.IN_STEP, Step.DRIFT, Step.CLASH]
        badge = at.books.badge(at.of("user-0002"), (), clock.utc_now())
        assert badge.routers == ("edge-1",)
        assert "not ours" in badge.why or "adopt" in badge.why


async def test_who_expires_without_an_edit_is_pending_until_a_sync_has_told_the_router() -> None:
    async with desk(0) as router, anyio.create_task_group() as tasks:
        router.save(customers(1, valid_until=clock.utc_now() + timedelta(seconds=60)))
        at = desk_of(router.office, tasks, ("edge-1",))
        await router.sync()
        await at.desk.refresh()
        assert at.step("user-0000") is Step.IN_STEP
        later = clock.utc_now() + timedelta(hours=1)
        assert at.books.badge(at.of("user-0000"), (), later).step is Step.PENDING


async def test_billing_is_read_again_only_when_it_has_changed(at: At) -> None:
    before = at.books.subscribers
    await at.desk.reader._read()
    assert at.books.subscribers is before
    at.held.store.do(ledger.set_status_of, "c1", SUSPENDED, now=clock.utc_now())
    await at.desk.reader._read()
    assert at.of("user-0001").status is SUSPENDED


async def test_watching_reads_in_the_background_and_not_twice_at_once(at: At) -> None:
    at.desk.reader._due_at, at.desk.reader._seen = 0.0, None
    before = at.books
    at.desk.watch()
    at.desk.watch()
    with anyio.fail_after(10):
        while at.books is before:  # noqa: ASYNC110 - read by another task
            await anyio.sleep(0.01)
    assert not at.desk.reader._is_reading


async def test_several_are_suspended_in_one_audited_once_and_taken_back(at: At) -> None:
    chosen = [at.of("user-0001"), at.of("user-0003")]
    changed = await at.desk.set_status(chosen, SUSPENDED)
    assert [each.name for each in changed.changes] == ["user-0001", "user-0003"]
    assert [each.status for each in at.books.subscribers] == [ACTIVE, SUSPENDED, ACTIVE, SUSPENDED, ACTIVE]
    assert at.heard.kept == [("suspend user-0001, user-0003", "done")]
    assert at.desk.last_done == "suspend user-0001, user-0003"
    assert await at.desk.undo() == "2 of 2 put back"
    assert {each.status for each in at.books.subscribers} == {ACTIVE}
    assert at.heard.kept[-1] == ("take back: suspend user-0001, user-0003", "done")
    with pytest.raises(WrongUse, match="nothing was changed here"):
        await at.desk.undo()


async def test_who_has_no_end_is_refused_by_name_and_the_others_are_extended(at: At) -> None:
    end = at.of("user-0001").valid_until
    assert end is not None
    at.held.store.do(_without_end)
    await at.desk.refresh()
    changed = await at.desk.extend([at.of("user-0000"), at.of("user-0001")], 7)
    assert at.of("user-0001").valid_until == end + timedelta(days=7)
    assert list(changed.refused) == ["user-0000"]
    assert "without an end" in changed.refused["user-0000"]


def _without_end(connection: object) -> None:
    one = ledger.find_subscriber(connection, "c0")  # type: ignore[arg-type]  # the store's own connection
    assert one is not None
    changed = one.model_copy(update={"valid_until": None})
    ledger.save_subscriber(connection, changed, now=clock.utc_now())  # type: ignore[arg-type]  # the same


async def test_what_somebody_changed_after_us_is_not_put_back_over_him(at: At) -> None:
    await at.desk.set_status([at.of("user-0001"), at.of("user-0002")], SUSPENDED)
    at.held.store.do(ledger.set_status_of, "c1", DELETED, now=clock.utc_now())
    assert await at.desk.undo() == "1 of 2 put back; 1 not: was changed by somebody else meanwhile"
    assert at.of("user-0001").status is DELETED
    assert at.of("user-0002").status is ACTIVE


async def test_one_row_is_shown_written_and_taken_back(at: At) -> None:
    cells = {"external_id": "c1", "username": "user-0001", "profile": "business", "password": "another-hush"}
    shown = await at.desk.preview("subscriber", cells)
    (change,) = shown.changed
    assert [(each.field, each.after) for each in change.fields] == [
        ("password", "(changed)"), ("profile", "business"),
    ]  # fmt: skip
    assert at.of("user-0001").profile == "family"  # nothing is written by looking
    await at.desk.write(shown)
    assert at.of("user-0001").password.get_secret_value() == "another-hush"
    assert at.heard.kept == [("change subscriber user-0001: password, profile", "done")]
    await at.desk.undo()
    assert at.of("user-0001").password.get_secret_value() == "pw-1-hush"
    assert at.of("user-0001").profile == "family"


async def test_who_was_added_is_deleted_by_taking_it_back_and_a_profile_stays(at: At) -> None:
    await at.desk.write(await at.desk.preview("subscriber", {"username": "eva", "profile": "basic"}))
    await at.desk.write(await at.desk.preview("profile", {"name": "gold", "rate_down_bps": "40M"}))
    assert await at.desk.undo() == "0 of 1 put back; 1 added stay as they are"
    assert await at.desk.undo() == "1 of 1 put back"
    assert at.of("eva").status is DELETED
    assert "gold" in {each.name for each in at.books.profiles}


async def test_a_row_that_was_changed_between_showing_and_writing_is_refused(at: At) -> None:
    shown = await at.desk.preview("subscriber", {"external_id": "c1", "username": "user-0001", "profile": "basic"})
    at.held.store.do(ledger.set_status_of, "c1", SUSPENDED, now=clock.utc_now())
    with pytest.raises(NotAccepted, match="changed by somebody else meanwhile"):
        await at.desk.write(shown)
    assert at.heard.kept[-1][1] == "failed"
    assert at.desk.last_done == ""


async def read(at: At, file: Path) -> None:
    at.desk.read_file(file, "subscriber")
    await _until(lambda: at.desk.reading is not None and bool(at.desk.reading.shown or at.desk.reading.problem))


async def _until(is_so: object) -> None:
    with anyio.fail_after(20):
        while not is_so():  # type: ignore[operator]  # noqa: ASYNC110 - done by another task
            await anyio.sleep(0.01)


async def test_a_file_is_shown_with_its_bad_lines_and_the_good_ones_go_in(at: At, tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    file.write_text(
        "external_id,username,profile,valid_until\nc1,user-0001,business,2030-01-01\nx1,eva,basic,\n"
        "x2,tom,no-such,\nx3,ben,basic,yesterday\n"
    )
    await read(at, file)
    reading = at.desk.reading
    assert reading is not None
    assert reading.shown is not None
    assert reading.total == 2
    assert sorted({error.where for error in reading.shown.rejected}) == ["line 4", "line 5"]
    assert len(at.books.subscribers) == 5
    at.desk.import_file()
    at.desk.import_file()  # pressed twice
    await _until(lambda: at.desk.reading is not None and at.desk.reading.outcome is not None)
    assert at.of("eva").profile == "basic"
    assert at.of("user-0001").profile == "business"
    assert at.books.source_of(at.of("eva")) == "csv:subscriber"
    assert at.heard.kept == [("import new.csv: 1 added, 1 changed", "done")]
    assert await at.desk.undo() == "2 of 2 put back"
    assert at.of("eva").status is DELETED
    assert at.of("user-0001").profile == "family"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.csv", None, "no such file"), (".", None, "is a directory"), ("empty.csv", "", "the file is empty"),
        ("odd.csv", "username,profile\na,b\nc", "the file looks cut"),
    ],
)  # fmt: skip
async def test_a_file_that_cannot_be_used_is_said(
    at: At, tmp_path: Path, name: str, content: str | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    await read(at, tmp_path / name)
    assert at.desk.reading is not None
    assert said in at.desk.reading.problem
    at.desk.import_file()
    assert at.desk.reading.outcome is None


async def test_columns_that_nobody_knows_are_asked_about_and_remembered_once_the_file_was_written(
    at: At, tmp_path: Path
) -> None:
    file, header = tmp_path / "crm.csv", "Customer name;Paket;Telefon\n"
    file.write_text(f"{header}eva;basic;1\n")

    async def read_so(mapped: dict[str, str] | None = None) -> Reading:
        at.desk.read_file(file, "subscriber", mapped)
        await _until(lambda: at.desk.reading is not None and at.desk.reading.layout is not None)
        assert at.desk.reading is not None
        return at.desk.reading

    guess = {"Customer name": "username", "Paket": "profile"}
    asked = await read_so()
    assert (asked.is_asking, asked.shown, asked.mapped) == (True, None, guess)
    at.desk.import_file()
    assert (await read_so(guess)).is_asking, "half of an answer is none"
    said = await read_so(guess | {"Telefon": "-"})
    assert not said.is_asking
    assert (await read_so()).is_asking, "what was only looked at is not remembered"
    await read_so(guess | {"Telefon": "-"})
    at.desk.import_file()
    await _until(lambda: at.desk.reading is not None and at.desk.reading.outcome is not None)
    assert at.of("eva").profile == "basic"
    file.write_text(f"{header}tom;basic;2\n")
    again = await read_so()
    assert again.shown is not None
    assert [each.name for each in again.shown.added] == ["tom"]
    file.write_text("Customer name;Paket;Handy\ntom;basic;2\n")
    assert (await read_so()).is_asking, "another header was not spoken of"


async def test_a_database_that_cannot_be_opened_is_said_and_tried_again() -> None:
    held, fails = office(), True

    async def opened() -> Office:
        if fails:
            raise DatabaseUnavailable("another program is writing to it", database="billing.db")
        return held

    async with anyio.create_task_group() as tasks:
        fleet = AFleet(LazyOffice(opened))
        billing = BillingDesk(fleet, tasks, cast("Chronicle", fleet.heard), None)
        await billing.refresh()
        assert "another program is writing to it" in billing.problem
        assert billing.books is None
        fails = False
        await billing.refresh()
        assert billing.problem == ""
        assert billing.books is not None
    held.store.close()


async def test_where_a_row_came_from_is_known(at: At) -> None:
    rows = SourceRows(complete=False)
    shown = ImportPreview(rows, seen=frozenset({("subscriber", "c2")}))
    at.held.store.do(origins.note_read, "crm", shown, is_complete=False, now=clock.utc_now())
    await at.desk.refresh()
    assert at.books.source_of(at.of("user-0002")) == "crm"
    assert at.books.source_of(at.of("user-0001")) == ""


def test_a_profile_belongs_on_every_router_and_a_customer_where_billing_says() -> None:
    both = ("edge-1", "edge-2")
    one, everywhere = customers(1, routers=("edge-2",))[0], customers(1)[0]
    assert routers_of(PROFILES[0], both) == routers_of(everywhere, both) == both
    assert routers_of(one, both) == ("edge-2",)
