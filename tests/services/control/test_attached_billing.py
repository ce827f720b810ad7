"""Billing on an attached screen: seen and changed where it is, in the name of whoever asks, by the same rules."""

from __future__ import annotations

import gc
import weakref
from datetime import timedelta
from typing import TYPE_CHECKING

import anyio
import pytest
from pydantic import SecretStr

from mktui import clock
from mktui.billing import ledger
from mktui.billing.model import SubscriberStatus
from mktui.errors import ControlRefused, MktuiError, NobodyServes, NotAccepted
from mktui.services.control import attached as attaching
from mktui.services.control import billing as attached_billing
from mktui.services.control import book_feed, files, till, wire
from mktui.services.control import server as serving
from mktui.services.control.attached import AttachedFleet
from mktui.services.control.dialling import Target
from tests.services.control.houses import House, house
from tests.sync.offices import customers
from tests.wiring import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from mktui.billing.model import Subscriber
    from mktui.services.books import Books
    from mktui.sync.run import Office
    from mktui.tui.desks import Billing

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
ACTIVE, SUSPENDED, DELETED = SubscriberStatus.ACTIVE, SubscriberStatus.SUSPENDED, SubscriberStatus.DELETED


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attaching, "EVERY", 0.2)
    monkeypatch.setattr(attaching, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(attaching, "LONGEST_WAIT", 0.1)
    monkeypatch.setattr(attached_billing, "EVERY", 0.05)
    monkeypatch.setattr(files, "LOOK", 0.02)
    monkeypatch.setattr(book_feed, "PAGE", 2)
    monkeypatch.setattr(till, "PAGE", 2)
    monkeypatch.setattr(files, "PIECE", 64)


async def books_of(billing: Billing) -> Books:
    billing.watch()
    await until(lambda: billing.books is not None)
    assert billing.books is not None
    return billing.books


def of(billing: Billing, name: str) -> Subscriber:
    assert billing.books is not None
    return next(each for each in billing.books.subscribers if each.username == name)


async def kept(at: House, external_id: str) -> Subscriber:
    found = await (await at.fleet.office.get()).store.run(ledger.find_subscriber, external_id)
    assert found is not None
    return found


async def test_all_of_billing_is_seen_page_by_page_and_no_password_comes(tmp_path: Path) -> None:
    async with house(tmp_path, count=7) as at, at.attached() as fleet:
        books = await books_of(fleet.billing)
        await at.fleet.billing.refresh()
        there = at.fleet.billing.books
        assert there is not None
        assert [each.username for each in books.subscribers] == [each.username for each in there.subscribers]
        assert books.profiles == there.profiles
        assert books.troubles == there.troubles
        assert {each.password.get_secret_value() for each in books.subscribers} == {""}
        assert fleet.billing.so_far == ""
        await (await at.fleet.office.get()).store.run(ledger.set_status_of, "c1", SUSPENDED, now=clock.utc_now())
        await fleet.billing.refresh()
        assert of(fleet.billing, "user-0001").status is SUSPENDED


async def test_one_or_all_that_are_marked_are_suspended_extended_deleted_and_taken_back(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached(origin="pts/7") as fleet:
        billing: Billing = fleet.billing
        await books_of(billing)
        chosen = [of(billing, "user-0001"), of(billing, "user-0003")]
        changed = await billing.set_status(chosen, SUSPENDED)
        assert [(each.name, each.before, each.after) for each in changed.changes] == [
            (each.username, each, each.model_copy(update={"status": SUSPENDED})) for each in chosen
        ]
        assert billing.last_done == "suspend user-0001, user-0003"
        assert of(billing, "user-0003").status is SUSPENDED
        assert (await kept(at, "c1")).password.get_secret_value() == "pw-1-hush"
        assert await billing.undo() == "2 of 2 put back"
        assert of(billing, "user-0003").status is ACTIVE
        assert billing.last_done == ""
        with pytest.raises(ControlRefused, match="nothing was changed here that could be taken back"):
            await billing.undo()
        refused = await billing.extend([of(billing, "user-0002")], 7)
        assert (refused.changes, list(refused.refused)) == ((), ["user-0002"])
    who = at.audit()
    assert {origin for _, origin, *_ in who} == {"attached, pts/7"}
    assert [what for *_, what, _ in who] == [
        "suspend user-0001, user-0003", "take back: suspend user-0001, user-0003", "extend user-0002 by 7 days",
    ]  # fmt: skip


async def test_somebody_is_added_and_edited_with_what_was_typed_and_it_is_in_no_log(tmp_path: Path) -> None:
    asked: list[str] = []
    async with house(tmp_path) as at, at.attached() as fleet:
        at.server.on_request = lambda who, what: asked.append(f"{who} {what}")
        billing = fleet.billing
        await books_of(billing)
        shown = await billing.preview("subscriber", {"username": "eva", "password": "typed-hush", "profile": "basic"})
        assert [each.name for each in shown.added] == ["eva"]
        assert "hush" not in repr(shown)
        assert (await billing.write(shown)).added == 1
        eva = of(billing, "eva")
        assert (await kept(at, eva.external_id)).password.get_secret_value() == "typed-hush"
        cells = {"external_id": eva.external_id, "username": "eva", "profile": "basic", "comment": "by the well"}
        shown = await billing.preview("subscriber", cells)
        assert [(each.field, each.after) for each in shown.changed[0].fields] == [("comment", "by the well")]
        await billing.write(shown)
        assert (await kept(at, eva.external_id)).password.get_secret_value() == "typed-hush"
        assert of(billing, "eva").comment == "by the well"
        bad = await billing.preview("subscriber", {"username": "pedro", "profile": "no such"})
        assert [each.field for each in bad.rejected] == ["profile"]
    assert "hush" not in " ".join((*asked, *at.said))
    assert [what for *_, what, _ in at.audit()] == ["add subscriber eva", "change subscriber eva: comment"]


async def test_what_somebody_else_has_changed_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached() as ana, at.attached() as luis:
        await books_of(ana.billing)
        cells = {"external_id": "c1", "username": "user-0001", "profile": "basic"}
        first = await ana.billing.preview("subscriber", cells | {"comment": "ana's"})
        second = await luis.billing.preview("subscriber", cells | {"comment": "luis'"})
        await luis.billing.write(second)
        with pytest.raises(ControlRefused, match="was changed by somebody else meanwhile"):
            await ana.billing.write(first)
        assert (await kept(at, "c1")).comment == "luis'"
        assert ana.billing.last_done == ""
        assert await luis.billing.undo() == "1 of 1 put back"
        with pytest.raises(NotAccepted, match="what was shown is not known any more"):
            await ana.billing.write(second)


async def test_each_takes_back_his_own(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached() as ana, at.attached() as luis:
        await books_of(ana.billing)
        await books_of(luis.billing)
        await ana.billing.set_status([of(ana.billing, "user-0001")], SUSPENDED)
        await luis.billing.set_status([of(luis.billing, "user-0002")], SUSPENDED)
        await luis.billing.undo()
        assert ana.billing.last_done == "suspend user-0001"
        assert [(await kept(at, each)).status for each in ("c1", "c2")] == [SUSPENDED, ACTIVE]
        assert at.fleet.billing.last_done == ""


async def test_who_is_gone_keeps_all_of_them_as_they_were(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached() as fleet:
        await books_of(fleet.billing)
        ghost = of(fleet.billing, "user-0001").model_copy(update={"external_id": "c99"})
        with pytest.raises(ControlRefused, match="1 of 2 are not in billing any more: nobody was changed"):
            await fleet.billing.set_status([ghost, of(fleet.billing, "user-0002")], SUSPENDED)
        assert (await kept(at, "c2")).status is ACTIVE


def csv_of(folder: Path, *lines: str) -> Path:
    file = folder / "new customers.csv"
    file.write_text("\n".join(("username,password,profile", *lines)) + "\n", encoding="utf-8")
    return file


async def test_a_file_that_is_here_is_shown_line_by_line_and_written_there(tmp_path: Path) -> None:
    file = csv_of(tmp_path, *(f"new-{number},pw-{number}-hush,basic" for number in range(6)), "bad,x,no such")
    async with house(tmp_path) as at, at.attached() as fleet:
        billing = fleet.billing
        billing.read_file(file, "subscriber")
        await until(lambda: bool(billing.reading and billing.reading.shown))
        assert billing.reading is not None
        shown = billing.reading.shown
        assert shown is not None
        assert [each.name for each in shown.added] == [f"new-{number}" for number in range(6)]
        assert [(each.where, each.field) for each in shown.rejected] == [("line 8", "profile")]
        assert billing.reading.file == file
        assert "hush" not in repr(billing.reading)
        billing.import_file()
        assert billing.reading.is_writing
        await until(lambda: billing.reading is not None and billing.reading.outcome is not None)
        outcome = billing.reading.outcome
        assert outcome is not None
        assert (outcome.added, [each.where for each in outcome.rejected]) == (6, ["line 8"])
        await until(lambda: billing.books is not None and len(billing.books.subscribers) == 11)
        assert billing.last_done == "import new customers.csv: 6 added, 0 changed"
        new = of(billing, "new-3")
        assert (await kept(at, new.external_id)).password.get_secret_value() == "pw-3-hush"
        assert await billing.undo() == "6 of 6 put back"
    assert next(what for *_, what, _ in at.audit()) == "import new customers.csv: 6 added, 0 changed"


async def test_a_file_that_cannot_be_read_or_is_too_large_is_refused_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as at, at.attached() as fleet:
        billing = fleet.billing

        async def problem(file: Path) -> str:
            billing.read_file(file, "subscriber")
            await until(lambda: bool(billing.reading and billing.reading.problem))
            return billing.reading.problem if billing.reading else ""

        assert "no such file" in await problem(tmp_path / "nowhere.csv")
        (tmp_path / "empty.csv").write_bytes(b"")
        assert "empty.csv" not in await problem(tmp_path / "empty.csv")
        monkeypatch.setattr(till, "MOST_BYTES", 100)
        assert "the file has more than" in await problem(csv_of(tmp_path, *["ana,x,basic"] * 20))
        fleet.billing.import_file()
        assert at.fleet.billing.reading is None


async def test_more_than_a_request_holds_is_refused_and_the_connection_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as at, at.attached() as fleet:
        await books_of(fleet.billing)
        monkeypatch.setattr(wire, "LONGEST_REQUEST", 500)
        one = of(fleet.billing, "user-0001")
        many = [one.model_copy(update={"external_id": f"c{number:08}"}) for number in range(100)]
        with pytest.raises(ControlRefused, match=r"set status: .* kB are more than one request holds"):
            await fleet.billing.set_status(many, SUSPENDED)
        await fleet.billing.set_status([one], SUSPENDED)
        assert at.server.clients == 1
        monkeypatch.setattr(wire, "LONGEST_ANSWER", 100)
        with pytest.raises(ControlRefused, match="snapshot: the answer is longer than a line may be"):
            await fleet.ask("snapshot")


async def test_who_only_looks_is_refused_by_the_other_side_each_change_and_sees_all(tmp_path: Path) -> None:
    async with house(tmp_path) as at, at.attached(may_write=False) as fleet:
        await books_of(fleet.billing)
        one = [of(fleet.billing, "user-0001")]
        deeds: dict[str, Callable[[], Awaitable[object]]] = {
            "preview": lambda: fleet.billing.preview("subscriber", {"username": "eva"}),
            "set status": lambda: fleet.billing.set_status(one, SUSPENDED),
            "extend all": lambda: fleet.billing.extend(one, 7),
            "undo": fleet.billing.undo,
            "write": lambda: fleet.ask("write", preview=1),
            "upload": lambda: fleet.ask("upload", at=0, piece=""),
            "read file": lambda: fleet.ask("read file", name="x", what="subscriber", size=0),
            "import": lambda: fleet.ask("import"),
        }
        for do, deed in deeds.items():
            with pytest.raises(ControlRefused, match=f"{do}: refused, this is read-only"):
                await deed()
        fleet.billing.read_file(csv_of(tmp_path, "ana,x,basic"), "subscriber")
        await until(lambda: bool(fleet.billing.reading and fleet.billing.reading.problem))
        assert (await kept(at, "c1")).status is ACTIVE
    assert {outcome for *_, outcome in at.audit()} == {"refused: read-only"}


async def test_a_deed_whose_visitor_has_vanished_is_carried_to_its_end_and_its_screen_can_take_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as at, at.attached() as fleet:
        await books_of(fleet.billing)
        one = of(fleet.billing, "user-0001")
        begun, may_go_on = anyio.Event(), anyio.Event()
        get = at.fleet.office.get

        async def slowly() -> Office:
            begun.set()
            await may_go_on.wait()
            return await get()

        monkeypatch.setattr(serving, "STALL", 0.05)
        monkeypatch.setattr(at.fleet.office, "get", slowly)
        async with anyio.create_task_group() as tasks:

            async def suspend() -> None:
                with pytest.raises(NobodyServes, match="nobody knows what became of what was asked last"):
                    await fleet.billing.set_status([one], SUSPENDED)

            tasks.start_soon(suspend)
            await begun.wait()
            assert fleet._link is not None
            await fleet._link._stream.aclose()
        await until(lambda: fleet.snapshot().lost_for is None and fleet._link is not None)
        await anyio.sleep(0.2)  # by then who does not wait for it has given it up
        may_go_on.set()

        def is_known() -> bool:
            fleet.billing.watch()
            return fleet.billing.last_done == "suspend user-0001"

        await until(is_known)
        assert await fleet.billing.undo() == "1 of 1 put back"
    assert [(what, outcome) for *_, what, outcome in at.audit()] == [
        ("suspend user-0001", "done"), ("take back: suspend user-0001", "done"),
    ]  # fmt: skip


async def test_an_import_whose_connection_is_lost_goes_on_and_its_end_is_told_when_there_is_one_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as at, at.attached() as fleet:
        billing = fleet.billing
        billing.read_file(csv_of(tmp_path, "new,x,basic"), "subscriber")
        await until(lambda: bool(billing.reading and billing.reading.shown))
        may_go_on = anyio.Event()
        refresh = at.fleet.billing.reader.refresh

        async def slowly() -> None:
            await may_go_on.wait()
            await refresh()

        monkeypatch.setattr(at.fleet.billing.reader, "refresh", slowly)
        billing.import_file()
        await until(lambda: bool(billing.reading and billing.reading.begun_at))
        assert fleet._link is not None
        await fleet._link._stream.aclose()
        await until(lambda: fleet._link is None)
        may_go_on.set()
        await until(lambda: bool(billing.reading and billing.reading.outcome))
        assert billing.reading is not None
        assert not billing.reading.is_unsure


async def test_a_server_that_dies_while_it_writes_leaves_it_unknown_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with anyio.create_task_group() as tasks:
        fleet = AttachedFleet(Target(tmp_path / "control.sock"), tasks)
        async with house(tmp_path) as at:
            await tasks.start(fleet.run)
            fleet.billing.read_file(csv_of(tmp_path, "new,x,basic"), "subscriber")
            await until(lambda: bool(fleet.billing.reading and fleet.billing.reading.shown))
            monkeypatch.setattr(at.fleet.billing.reader, "refresh", anyio.sleep_forever)
            fleet.billing.import_file()
            await until(lambda: bool(fleet.billing.reading and fleet.billing.reading.begun_at))
        await until(lambda: fleet._link is None)
        with pytest.raises(NobodyServes, match="not connected"):
            await fleet.billing.undo()
        fleet.billing._due_at = 0.0
        fleet.billing.watch()
        await until(lambda: "not connected" in fleet.billing.problem)
        (tmp_path / "billing.db").unlink()
        async with house(tmp_path):
            await until(lambda: bool(fleet.billing.reading and fleet.billing.reading.is_unsure))
            reading = fleet.billing.reading
            assert reading is not None
            assert (reading.is_writing, reading.outcome) == (False, None)
            fleet.billing._due_at = 0.0

            def is_well() -> bool:
                fleet.billing.watch()
                return not fleet.billing.problem

            await until(is_well)
            assert len((await books_of(fleet.billing)).subscribers) == 5
        tasks.cancel_scope.cancel()


async def test_books_are_not_held_for_who_has_left(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        async with at.attached() as fleet:
            await books_of(fleet.billing)
        await until(lambda: at.server.clients == 0)
        before = weakref.ref(at.fleet.billing.books)
        await at.fleet.billing.refresh()

        def is_let_go() -> bool:
            gc.collect()
            return before() is None

        await until(is_let_go)


async def test_a_row_of_a_customer_without_an_end_and_with_one_is_extended_as_on_the_screen_there(
    tmp_path: Path,
) -> None:
    until_then = clock.utc_now() + timedelta(days=3)
    async with house(tmp_path) as at, at.attached() as fleet:
        store = (await at.fleet.office.get()).store
        ends = customers(1, valid_until=until_then)[0].model_copy(update={"password": SecretStr("x")})
        await store.run(ledger.save_subscriber, ends, now=clock.utc_now())
        await fleet.billing.refresh()
        changed = await fleet.billing.extend([of(fleet.billing, "user-0000")], 30)
        assert [each.field for each in changed.changes[0].fields] == ["valid_until"]
        assert of(fleet.billing, "user-0000").valid_until == until_then + timedelta(days=30)
        with pytest.raises(MktuiError):
            await fleet.ask("extend all", ids=["c0"], days=0)
