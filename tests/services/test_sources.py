"""Sources: somebody else's database is read before a sync, seldom, and never makes billing poorer by being gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest
from pydantic import SecretStr

from mktui import clock
from mktui.billing import ledger, origins
from mktui.billing.options import BillingOptions, SourceOptions
from mktui.billing.store import Store
from mktui.services.office import LazyOffice
from mktui.services.sources import FRESH_FOR, Sources
from mktui.sync.order import Order
from tests.billing.other_databases import run
from tests.sync.offices import PROFILES, Desk, desk, office

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
COUNT = 50


class Clock:
    """The loop's seconds, moved by hand for whoever reads ``clock.now``."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 5000.0
        patch.setattr(clock, "now", lambda: self.now)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A shop's own database with fifty customers."""
    found = f"sqlite:///{tmp_path / 'crm.db'}"
    rows = ", ".join(f"('c{index}', 'user-{index:03}', 'pw-{index}-hush', 'basic')" for index in range(COUNT))
    run(found, "create table customers (external_id text, username text, password text, profile text);\n"
               f"insert into customers values {rows}")  # fmt: skip
    return found


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store.open("sqlite://")
    with opened.begin() as connection:
        for profile in PROFILES:
            ledger.save_profile(connection, profile, now=clock.utc_now())
    yield opened
    opened.close()


def sources(url: str, *, complete: bool = True) -> Sources:
    query = "select external_id, username, password, profile from customers"
    crm = SourceOptions(name="crm", url=SecretStr(url), subscribers_query=query, complete=complete, timeout=5)
    return Sources(BillingOptions(sources=(crm,)))


def names(store: Store) -> list[str]:
    return [each.username for each in store.do(ledger.read_subscribers)]


async def test_a_source_is_read_once_however_many_ask_and_again_when_it_is_old(
    url: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds, crm = Clock(monkeypatch), sources(url)
    read: list[int] = []

    async def ask() -> None:
        read.append(len(await crm.pull(store)))

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(ask)
    assert sorted(read) == [0] * 9 + [1]
    run(url, "insert into customers values ('n', 'new', 'pw-n-hush', 'basic')")
    seconds.now += FRESH_FOR - 1
    assert await crm.pull(store) == []
    seconds.now += 1
    (pulled,) = await crm.pull(store)
    assert (pulled.added, pulled.changed) == (1, 0)
    assert [each.added for each in await crm.pull(store, is_forced=True)] == [0], "a person need not wait"


@pytest.mark.parametrize("how", ["gone", "no table", "no database"])
async def test_a_source_that_cannot_be_read_leaves_billing_as_it_was_and_is_said(
    how: str, url: str, store: Store, tmp_path: Path
) -> None:
    await sources(url).pull(store)
    before = store.do(ledger.read_subscribers)
    if how == "gone":
        (tmp_path / "crm.db").unlink()
    elif how == "no table":
        run(url, "drop table customers")
    else:
        (tmp_path / "crm.db").write_text("hello\n" * 1000)
    (pulled,) = await sources(url).pull(store)
    assert pulled.problem
    assert pulled.in_words().startswith("source crm could not be read, billing stays as it was: ")
    assert store.do(ledger.read_subscribers) == before
    assert not store.do(origins.missing)
    assert not (tmp_path / "crm.db").exists() or how != "gone", "it was only looked at"


async def test_what_a_source_says_is_heard_by_whoever_syncs_and_only_news_are_told(url: str) -> None:
    held = office()
    with held.store.begin() as connection:
        for profile in PROFILES:
            ledger.save_profile(connection, profile, now=clock.utc_now())

    async def opened() -> object:
        await anyio.lowlevel.checkpoint()
        return held

    lazy = LazyOffice(opened, sources(url))  # type: ignore[arg-type]  # an office
    said: list[tuple[str, str]] = []
    await lazy.get_fresh(lambda kind, text: said.append((kind, text)))
    assert said == [("source", f"source crm: {COUNT} added, 0 changed")]
    await lazy.get_fresh(lambda kind, text: said.append((kind, text)))
    assert len(said) == 1
    await lazy.close()


async def test_rows_that_are_wrong_are_rejected_one_by_one(url: str, store: Store) -> None:
    run(url, "update customers set profile = 'nowhere' where external_id = 'c7'")
    (pulled,) = await sources(url).pull(store)
    assert (pulled.added, len(pulled.rejected)) == (COUNT - 1, 1)
    assert "nowhere" in pulled.rejected[0]
    assert "hush" not in pulled.in_words()


async def pulled_and_synced(at: Desk, url: str, order: Order | None = None) -> list[str]:
    """Read the source, sync, and return who is disabled on the router."""
    await sources(url).pull(at.office.store)
    await at.sync(order)
    return sorted(name for name, row in at.live().items() if row["disabled"] == "true")


async def test_who_is_lost_is_absent_and_disabled_only_by_pruning(url: str) -> None:
    async with desk() as at:
        await pulled_and_synced(at, url)
        run(url, "delete from customers where external_id in ('c1', 'c2')")
        (pulled,) = await sources(url).pull(at.office.store)
        assert pulled.lost == 2
        assert len(names(at.office.store)) == COUNT, "nobody leaves billing by himself"
        assert at.office.store.do(origins.missing) == {("subscriber", "c1"), ("subscriber", "c2")}
        assert await pulled_and_synced(at, url) == []
        assert await pulled_and_synced(at, url, Order(prune=True)) == ["user-001", "user-002"]
        run(url, "insert into customers values ('c1', 'user-001', 'pw-1-hush', 'basic')")
        assert await pulled_and_synced(at, url) == ["user-002"], "who is back is back"


async def test_a_source_that_is_not_said_to_be_complete_loses_nobody(url: str, store: Store) -> None:
    await sources(url, complete=False).pull(store)
    run(url, "delete from customers where external_id in ('c1', 'c2')")
    (pulled,) = await sources(url, complete=False).pull(store)
    assert pulled.lost == 0
    assert not store.do(origins.missing)


async def test_a_source_that_suddenly_has_few_rows_loses_nobody_and_says_so(url: str, store: Store) -> None:
    await sources(url).pull(store)
    run(url, "delete from customers where external_id > 'c2'")
    (pulled,) = await sources(url).pull(store)
    assert pulled.lost == 0
    assert not store.do(origins.missing)
    assert "not complete" in pulled.in_words()
