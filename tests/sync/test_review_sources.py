"""Who vanishes from somebody else's database: absent, shown, pruned when that was asked for, and back in time."""

from __future__ import annotations

import datetime as dt
import sqlite3
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from mktui import clock
from mktui.billing import ledger, origins
from mktui.billing.options import BillingOptions, SourceKind, SourceOptions
from mktui.billing.sources.importing import preview_in, write
from mktui.billing.sources.rows import SourceRows
from mktui.services.sources import Sources
from mktui.sync.options import Limits, SyncOptions
from mktui.sync.order import Order
from mktui.sync.run import Sync
from tests.sync.offices import NEWEST, PROFILES, Calendar, customers, desk, kinds

if TYPE_CHECKING:
    from pathlib import Path

    from mktui.services.sources import Pulled
    from tests.sync.offices import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
PRUNE = Order(prune=True)
QUERY = "SELECT id AS external_id, login AS username, 'pw' AS password, 'basic' AS profile FROM clients"


class Crm:
    """Somebody else's customers in a file, read into billing as ``[[billing.sources]]`` would be."""

    def __init__(self, path: Path, count: int) -> None:
        self._path = path
        url = SecretStr(f"sqlite:///{path}")
        crm = SourceOptions(name="crm", kind=SourceKind.SQL, url=url, subscribers_query=QUERY, complete=True)
        self._sources = Sources(BillingOptions(sources=(crm,)))
        self.run("CREATE TABLE clients (id TEXT, login TEXT)")
        for number in range(count):
            self.add(f"s{number}", f"login-{number:03}")

    def run(self, *statements: str) -> None:
        with sqlite3.connect(self._path) as connection:
            for statement in statements:
                connection.execute(statement)

    def add(self, external_id: str, login: str) -> None:
        with sqlite3.connect(self._path) as connection:
            connection.execute("INSERT INTO clients VALUES (?, ?)", (external_id, login))

    async def pull(self, at: Desk) -> Pulled:
        [pulled] = await self._sources.pull(at.office.store, is_forced=True)
        return pulled


async def test_who_vanishes_from_a_complete_source_is_absent_and_taken_away_only_by_pruning(tmp_path: Path) -> None:
    async with desk(0, NEWEST, options=SyncOptions(kicks_per_second=1000)) as at:
        crm = Crm(tmp_path / "crm.db", 50)
        assert (await crm.pull(at)).added == 50
        await at.sync()
        crm.run("DELETE FROM clients WHERE id = 's7'")
        assert (await crm.pull(at)).lost == 1
        left = await at.sync()
        assert kinds(left) == {("absent", "login-007")}
        assert at.live()["login-007"]["disabled"] == "false", "pruning is opt-in"
        assert at.router.traffic.ppp.dial("login-007", clock.now())
        assert at.router.traffic.ppp.dial("login-008", clock.now())
        pruned = await at.sync(PRUNE)
        assert [row.change.name for row in pruned.rows] == ["login-007"]
        assert at.live()["login-007"]["disabled"] == "true"
        assert [row.values["name"] for row in at.router.tables["/ppp/active"]] == ["login-008"]


async def test_who_comes_back_to_his_source_is_served_again(tmp_path: Path) -> None:
    async with desk(0, NEWEST) as at:
        crm = Crm(tmp_path / "crm.db", 50)
        await crm.pull(at)
        await at.sync()
        crm.run("DELETE FROM clients WHERE id = 's7'")
        await crm.pull(at)
        before = at.office.store.do(ledger.edits_mark)
        await at.sync(PRUNE)
        crm.add("s7", "login-007")
        await crm.pull(at)
        assert at.office.store.do(ledger.edits_mark) != before, "an automatic sync hears of it"
        await at.sync(PRUNE)
        assert at.live()["login-007"]["disabled"] == "false"
        assert not at.office.store.do(origins.missing)


@pytest.mark.parametrize("left", ["1=0", "id = 's1'", "id < 's3'"])
async def test_a_source_that_shrinks_too_far_loses_nobody(tmp_path: Path, left: str) -> None:
    async with desk(0, NEWEST) as at:
        crm = Crm(tmp_path / "crm.db", 50)
        await crm.pull(at)
        await at.sync()
        crm.run(f"DELETE FROM clients WHERE NOT ({left})")  # noqa: S608 - ours
        assert (await crm.pull(at)).lost == 0
        assert (await at.sync(PRUNE)).planned == 0


async def test_one_row_that_cannot_be_read_makes_nobody_absent(tmp_path: Path) -> None:
    async with desk(0, NEWEST) as at:
        crm = Crm(tmp_path / "crm.db", 50)
        await crm.pull(at)
        await at.sync()
        crm.run("UPDATE clients SET login = '' WHERE id = 's3'", "DELETE FROM clients WHERE id = 's7'")
        pulled = await crm.pull(at)
        assert pulled.rejected
        assert pulled.lost == 0
        assert (await at.sync(PRUNE)).planned == 0


async def test_who_was_typed_in_by_hand_is_never_absent(tmp_path: Path) -> None:
    async with desk(3, NEWEST) as at:
        at.save((), PROFILES)
        crm = Crm(tmp_path / "crm.db", 50)
        await crm.pull(at)
        crm.run("DELETE FROM clients WHERE id = 's7'")
        assert (await crm.pull(at)).lost == 1
        assert at.office.store.do(origins.missing) == {("subscriber", "s7")}


async def test_who_is_deleted_in_his_source_and_made_again_is_served_by_his_new_id(tmp_path: Path) -> None:
    async with desk(0, NEWEST) as at:
        crm = Crm(tmp_path / "crm.db", 50)
        await crm.pull(at)
        await at.sync()
        crm.run("DELETE FROM clients WHERE id = 's7'", "DELETE FROM clients WHERE id = 's8'")
        crm.add("s99", "login-007")
        for _ in range(3):
            pulled = await crm.pull(at)
            assert not pulled.rejected
            await at.sync(PRUNE)
        assert at.office.store.do(origins.missing) == {("subscriber", "s8")}
        assert at.live()["login-007"]["disabled"] == "false"
        assert at.live()["login-008"]["disabled"] == "true"
        assert len(at.live()) == 50


async def test_a_name_that_was_typed_in_by_hand_is_not_taken_by_a_source(tmp_path: Path) -> None:
    async with desk(0, NEWEST) as at:
        by_hand = customers(1)[0].model_copy(update={"username": "login-007"})
        at.save([by_hand], PROFILES)
        pulled = await Crm(tmp_path / "crm.db", 50).pull(at)
        assert len(pulled.rejected) == 1
        assert "billing has it already, as c0" in pulled.rejected[0]


async def test_nobody_expires_while_his_source_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    calendar = Calendar(monkeypatch)
    options = SyncOptions(limits=Limits(clock_tolerance=10**9, expiry_percent=100))
    async with desk(options=options) as at:
        paid = tuple(customers(50, valid_until=clock.utc_now() + dt.timedelta(days=3)))
        at.save(profiles=PROFILES)
        rows = SourceRows(complete=True, subscribers=paid[:40], covers=frozenset({"subscriber"}), claims=True)
        with at.office.store.begin() as connection:
            write(connection, preview_in(connection, rows), now=clock.utc_now(), source="crm")
        at.save(paid[40:])
        assert (await at.sync()).is_done
        calendar.advance(days=4)
        plan = await Sync(at.office, at.client, at.name, unread=frozenset({"crm"})).plan(Order())
        assert len(plan.held) == 40
        assert "crm cannot be read" in plan.held[0].reason
        assert sorted(each.name for each in plan.changes) == [each.username for each in paid[40:]], "others expire"
        assert len((await at.plan()).changes) == 50, "when it can be read again"
