"""Billing's store, the same on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr

from mktui.billing import journal, leases, ledger, registry, tables
from mktui.billing.model import Kind, Profile, Subscriber, SubscriberStatus
from mktui.billing.records import JournalRow, RegistryRow, RowState
from mktui.billing.store import Store
from mktui.errors import DatabaseSchema, DatabaseUnavailable, NotAccepted

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.realtime
NOW = dt.datetime(2026, 11, 24, 3, 40, 0, 123456, tzinfo=dt.UTC)
GOLD = Profile(external_id="p1", name="gold", rate_down_bps=10**12, rate_up_bps=5)
ANA = Subscriber(
    external_id="s1", username="ana", password=SecretStr("s3cret"), profile="gold", routers=("edge-1", "edge-2"),
    valid_until=NOW, quota_bytes=2**50, comment="žluťoučký 🐴",
)  # fmt: skip


def filled(store: Store) -> Store:
    with store.begin() as connection:
        ledger.save_profile(connection, GOLD, now=NOW)
        ledger.save_subscriber(connection, ANA, now=NOW)
    return store


def test_what_is_saved_is_read_back_to_the_microsecond(store: Store) -> None:
    filled(store)
    assert store.do(ledger.read_profiles) == (GOLD,)
    assert store.do(ledger.read_subscribers) == (ANA,)
    assert store.do(ledger.find_subscriber, "s1") == ANA
    assert store.do(ledger.find_subscriber, "s2") is None


def test_the_migrations_make_exactly_the_tables(store: Store) -> None:
    with store.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"external_id": "s2"}, "a subscriber of this name is there already"),
        ({"external_id": "s2", "username": "eve", "profile": "platinum"}, "it names something that is not there"),
    ],
)
def test_the_database_refuses_what_breaks_its_rules_and_keeps_the_rest(
    store: Store, wrong: dict[str, Any], words: str
) -> None:
    filled(store)
    with pytest.raises(NotAccepted, match=words):
        store.do(ledger.save_subscriber, ANA.model_copy(update=wrong), now=NOW)
    assert store.do(ledger.read_subscribers) == (ANA,)
    assert len(store.do(ledger.edits, "edge-1")) == 2, "no outbox row of what was undone"


def test_names_compare_byte_for_byte(store: Store) -> None:
    filled(store)
    for index, name in enumerate(("Ana", "ána", "ana ", "ANA")):
        other = ANA.model_copy(update={"external_id": f"x{index}", "username": name, "routers": ()})
        store.do(ledger.save_subscriber, other, now=NOW)
    assert len(store.do(ledger.read_subscribers)) == 5


def test_a_profiles_new_name_follows_to_its_subscribers(store: Store) -> None:
    filled(store)
    store.do(ledger.save_profile, GOLD.model_copy(update={"name": "platinum"}), now=NOW)
    assert store.do(ledger.read_subscribers)[0].profile == "platinum"


def test_checks_are_the_databases_own(store: Store) -> None:
    filled(store)
    for column, value in (("status", "sleeping"), ("quota_bytes", -1), ("kind", "isdn")):
        with pytest.raises((NotAccepted, DatabaseUnavailable)), store.begin() as connection:
            connection.execute(tables.subscribers.update().values({column: value}))


def test_ten_edits_are_one_and_what_came_after_stays(store: Store) -> None:
    filled(store)
    store.do(lambda connection: ledger.settle_edits(connection, "edge-1", ledger.edits(connection, "edge-1")))
    for index in range(10):
        name = {"username": f"ana-{index}"}
        store.do(ledger.save_subscriber, ANA.model_copy(update=name), now=NOW)
    [edit] = store.do(ledger.edits, "edge-1")
    assert (edit.external_id, edit.what, edit.old_name, edit.revision) == ("s1", "subscriber", "ana", 11)
    store.do(ledger.save_subscriber, ANA, now=NOW)
    store.do(ledger.settle_edits, "edge-1", [edit])
    [after] = store.do(ledger.edits, "edge-1")
    assert (after.old_name, after.revision) == ("ana-9", 12)
    assert len(store.do(ledger.edits, "edge-2")) == 2, "another router has its own place in the outbox"
    assert not store.do(ledger.save_subscriber, ANA, now=NOW), "nothing has changed"


def pending(store: Store, router: str = "edge-1") -> list[str]:
    return [edit.external_id for edit in store.do(ledger.edits, router)]


def marks(store: Store) -> int:
    with store.begin() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(tables.settled_edits)).scalar_one())


def test_a_router_may_have_a_later_edit_and_not_an_earlier_one_and_nothing_is_kept_of_it_for_ever(store: Store) -> None:
    filled(store)
    for name in ("b", "c"):
        store.do(ledger.save_subscriber, ANA.model_copy(update={"external_id": name, "username": name}), now=NOW)
    assert pending(store) == ["p1", "s1", "b", "c"]
    store.do(ledger.settle_edits, "edge-1", [each for each in store.do(ledger.edits, "edge-1") if each.position != 2])
    soon, late = NOW + dt.timedelta(minutes=1), NOW + dt.timedelta(hours=1)
    for now, kept in ((soon, 3), (late, 2)):
        store.do(ledger.forget_settled, "edge-1", now=now)
        assert (pending(store), marks(store)) == (["s1"], kept)
    store.do(ledger.save_subscriber, ANA.model_copy(update={"external_id": "b", "username": "bea"}), now=late)
    assert pending(store) == ["s1", "b"], "what came after stays"
    store.do(ledger.settle_edits, "edge-1", store.do(ledger.edits, "edge-1"))
    store.do(ledger.forget_settled, "edge-1", now=late + dt.timedelta(hours=1))
    assert (pending(store), marks(store)) == ([], 0)
    assert pending(store, "edge-2") == ["p1", "s1", "b", "c"]


def test_an_edit_that_is_committed_after_a_later_one_was_settled_is_pending(store: Store) -> None:
    """Two write at once: who took his place in the outbox first may commit last."""
    place = {"external_id": "late", "what": "subscriber", "revision": 1, "old_name": "", "at": NOW}
    with store.begin() as connection:
        connection.execute(tables.outbox.insert().values(**place | {"id": 8, "external_id": "early"}))
    store.do(ledger.settle_edits, "edge-1", store.do(ledger.edits, "edge-1"))
    store.do(ledger.forget_settled, "edge-1", now=NOW + dt.timedelta(minutes=1))
    with store.begin() as connection:
        connection.execute(tables.outbox.insert().values(**place | {"id": 7}))
    assert pending(store) == ["late"]


def test_a_status_is_set_by_name(store: Store) -> None:
    filled(store)
    assert store.do(ledger.set_status, "ana", SubscriberStatus.SUSPENDED, now=NOW).status == "suspended"
    with pytest.raises(NotAccepted, match="no subscriber is called eve"):
        store.do(ledger.set_status, "eve", SubscriberStatus.SUSPENDED, now=NOW)
    guest = {"kind": Kind.HOTSPOT, "profile": "hour"}
    store.do(ledger.save_profile, Profile(external_id="h", name="hour", kind=Kind.HOTSPOT), now=NOW)
    for index, server in enumerate(("hs1", "hs2")):
        one = Subscriber(external_id=f"g{index}", username="guest", hotspot_server=server, **guest)
        store.do(ledger.save_subscriber, one, now=NOW)
    with pytest.raises(NotAccepted, match="2 subscribers are called guest"):
        store.do(ledger.set_status, "guest", SubscriberStatus.SUSPENDED, now=NOW)


def test_who_is_extended_is_paid_from_the_end_that_he_has_or_from_now(store: Store) -> None:
    filled(store)
    week = dt.timedelta(days=7)
    early, late = NOW - 2 * week, NOW + 2 * week
    assert store.do(ledger.extend, "s1", week, now=early).valid_until == NOW + week
    assert store.do(ledger.extend, "s1", week, now=late).valid_until == late + week
    expired = ANA.model_copy(update={"status": SubscriberStatus.EXPIRED})
    store.do(ledger.save_subscriber, expired, now=NOW)
    assert store.do(ledger.extend, "s1", week, now=NOW).may_connect(NOW)
    store.do(ledger.set_status_of, "s1", SubscriberStatus.SUSPENDED, now=NOW)
    assert store.do(ledger.extend, "s1", week, now=NOW).status == "suspended"


def test_who_has_no_end_or_is_not_there_is_not_extended(store: Store) -> None:
    filled(store)
    store.do(ledger.save_subscriber, ANA.model_copy(update={"valid_until": None}), now=NOW)
    with pytest.raises(NotAccepted, match="paid without an end"):
        store.do(ledger.extend, "s1", dt.timedelta(days=1), now=NOW)
    with pytest.raises(NotAccepted, match="no subscriber has the id s9"):
        store.do(ledger.extend, "s9", dt.timedelta(days=1), now=NOW)


def entry(ordinal: int, action: str = "add") -> JournalRow:
    return JournalRow(ordinal, "/ppp/secret", f"u{ordinal}", "", f"s{ordinal}", action, {}, {"profile": "gold"})


def test_the_journal_knows_what_is_open_what_was_done_and_forgets_the_rest(store: Store) -> None:
    run = store.do(journal.begin_run, "edge-1", cause="test", owned=40, now=NOW)
    store.do(journal.plan_rows, run, [entry(0), entry(1, "disable"), entry(2, "disable"), entry(3, "delete")], now=NOW)
    store.do(journal.mark_sent, run, [0, 1, 2], now=NOW)
    done = JournalRow(**{**_values(entry(1, "disable")), "state": RowState.APPLIED, "took_ms": 1.5})
    store.do(journal.settle_rows, run, [done], now=NOW)
    assert [(number, row.ordinal) for number, row in store.do(journal.open_rows, "edge-1")] == [(run, 0), (run, 2)]
    day_ago = NOW - dt.timedelta(days=1)
    assert store.do(journal.done_since, "edge-1", day_ago) == {"add": 1, "disable": 2}
    assert store.do(journal.done_since, "edge-1", NOW) == {}
    assert store.do(journal.most_owned_since, "edge-1", day_ago) == 40
    assert store.do(journal.most_owned_since, "edge-2", day_ago) == 0
    assert [row.state for row in store.do(journal.rows_of, run)] == ["sent", "applied", "sent", "planned"]
    store.do(journal.finish_run, run, {"applied": 1}, now=NOW)
    [record] = store.do(journal.runs_of, "edge-1")
    assert (record.finished_at, record.summary, record.cause) == (NOW, {"applied": 1}, "test")
    store.do(journal.forget_before, ["edge-1"], NOW + dt.timedelta(days=1))
    assert store.do(journal.find_run, run) is not None, "its rows are open"


def _values(row: JournalRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


def test_the_registry_keeps_what_was_written_and_a_name_belongs_to_one(store: Store) -> None:
    ours = RegistryRow("edge-1", "/ppp/secret", "ana", "", "s1", {"profile": "gold"}, NOW, NOW, NOW)
    store.do(registry.write, [ours])
    store.do(registry.write, [RegistryRow("edge-1", "/ppp/secret", "luis", "", "s2", {}, NOW)])
    assert ours in store.do(registry.read, "edge-1")
    store.do(registry.write, [RegistryRow("edge-1", "/ppp/secret", "luis", "", "s1", {}, NOW)])
    assert [(row.name, row.external_id) for row in store.do(registry.read, "edge-1")] == [("luis", "s1")]
    both = [RegistryRow("edge-1", "/ppp/secret", "luis", "", who, {}, NOW) for who in ("s1", "s3")]
    store.do(registry.write, both)
    assert [row.external_id for row in store.do(registry.read, "edge-1")] == ["s3"], "at once, the last has the name"
    store.do(registry.remove, both)
    assert store.do(registry.read, "edge-1") == ()


def test_a_paused_router_says_why(store: Store) -> None:
    store.do(registry.pause, "edge-1", "rolled back", now=NOW)
    assert store.do(registry.paused_because, "edge-1") == "rolled back"
    assert store.do(registry.resume, "edge-1")
    assert not store.do(registry.resume, "edge-1")
    assert store.do(registry.paused_because, "edge-1") is None


def test_a_lease_has_one_holder_until_it_ends_and_its_number_rises(store: Store) -> None:
    first = store.do(leases.acquire, "edge-1", "a", "host", 1, now=NOW)
    assert first is not None
    assert store.do(leases.acquire, "edge-1", "b", "host", 2, now=NOW) is None
    assert store.do(leases.renew, first, now=NOW + dt.timedelta(seconds=50))
    assert store.do(leases.acquire, "edge-1", "b", "host", 2, now=NOW + dt.timedelta(seconds=100)) is None
    taken = store.do(leases.acquire, "edge-1", "b", "host", 2, now=NOW + dt.timedelta(seconds=111))
    assert taken is not None
    assert taken.fence > first.fence
    assert not store.do(leases.is_held, first)
    assert not store.do(leases.renew, first, now=NOW)
    store.do(leases.release, first, now=NOW)
    assert store.do(leases.is_held, taken), "who has lost it cannot release it"
    store.do(leases.release, taken, now=NOW + dt.timedelta(seconds=112))
    again = store.do(leases.acquire, "edge-1", "a", "host", 1, now=NOW + dt.timedelta(seconds=113))
    assert again is not None
    assert again.fence > taken.fence


def test_of_many_who_ask_at_once_one_gets_the_lease(url: str) -> None:
    stores = [Store.open(url) for _ in range(4)]
    won: list[str] = []

    def ask(number: int) -> None:
        if stores[number].do(leases.acquire, "edge-1", f"p{number}", "host", number, now=NOW) is not None:
            won.append(f"p{number}")

    for _ in range(5):
        won.clear()
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        held = stores[0].do(leases.find, "edge-1")
        assert held is not None
        assert held.owner == won[0]
        stores[0].do(leases.release, held, now=NOW)
    for store in stores:
        store.close()


def test_the_installation_has_one_name_for_ever(url: str) -> None:
    names = set()
    for _ in range(3):
        store = Store.open(url)
        names.add(store.installation())
        store.close()
    assert len(names) == 1


def test_a_newer_schema_is_left_alone(store: Store, url: str) -> None:
    store.do(lambda connection: connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(DatabaseSchema, match=r"made by a newer mktui \(schema 9999") as refused:
        Store.open(url)
    assert "s3cret-url" not in str(refused.value)


def test_clocks_can_be_compared(store: Store) -> None:
    ahead = store.clock_ahead(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    assert ahead == 0.0 or 3590 < ahead < 3610


WRONG_URLS = {
    "nonsense": "this is no URL of a database",
    "oracle://x/y": "this is no URL of a database",
    "postgresql://mktui:s3cret@127.0.0.1:1/x": "nothing answers there",
    "mariadb://mktui:s3cret@127.0.0.1:1/x": "nothing answers there",
    "sqlite:////proc/none/billing.db": "cannot be made",
}


@pytest.mark.parametrize("wrong", WRONG_URLS)
def test_what_is_wrong_with_a_url_is_said_without_its_password(wrong: str) -> None:
    with pytest.raises(DatabaseUnavailable, match=WRONG_URLS[wrong]) as refused:
        Store.open(wrong)
    assert "s3cret" not in str(refused.value)
    assert "s3cret" not in repr(refused.value)


def test_a_file_that_is_no_database_is_told_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "billing.db"
    path.write_bytes(b"this is a letter to my aunt" * 100)
    with pytest.raises(DatabaseUnavailable, match="the file is no database"):
        Store.open(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"this is a letter")


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'other.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE recipes (name TEXT)"))
    engine.dispose()
    with pytest.raises(DatabaseSchema, match="it has tables, and none of mktui's"):
        Store.open(f"sqlite:///{tmp_path / 'other.db'}")


def test_a_locked_file_is_said_to_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mktui.billing.database._BUSY", 0.1)
    url = f"sqlite:///{tmp_path / 'billing.db'}"
    one, other = Store.open(url), Store.open(url)
    with one.begin(), pytest.raises(DatabaseUnavailable, match="another program is writing to it"):
        other.do(registry.pause, "edge-1", "x", now=NOW)
    other.do(registry.pause, "edge-1", "x", now=NOW)
    one.close()
    other.close()


def test_the_file_of_passwords_is_its_owners_alone(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'state' / 'billing.db'}")
    assert (tmp_path / "state" / "billing.db").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    store.close()


def test_no_record_shows_a_password() -> None:
    assert "s3cret" not in repr(ANA)
    assert "gold" not in repr(entry(1)), "before and after stay out of sight"


def test_whoever_needs_no_database_loads_none() -> None:
    modules = "mktui.billing.model, mktui.billing.options, mktui.billing.records"
    code = f"import sys, {modules}; print('sqlalchemy' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=os.environ)
    assert ended.stdout.strip() == "False"
