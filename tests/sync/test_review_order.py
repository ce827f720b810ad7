"""Runs that were asked for in part, and what a run leaves on our own disk."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mktui import clock
from mktui.billing import journal, ledger, registry
from mktui.billing.model import Kind
from mktui.billing.records import JournalRow, RegistryRow, RowState
from mktui.billing.standing import standing
from mktui.errors import DatabaseUnavailable, NotAccepted
from mktui.sync import prints
from mktui.sync.digests import Digests
from mktui.sync.mirror import Live
from mktui.sync.order import Order
from mktui.sync.renames import in_order
from tests.sync.offices import NEWEST, VERSIONS, Calendar, desk, keep_time, kinds, on, put

if TYPE_CHECKING:
    from pathlib import Path

    import sqlalchemy as sa

    from tests.sync.offices import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]


def swap(at: Desk) -> None:
    """Let two customers have each other's names in billing."""
    at.change("c0", username="in between")
    at.change("c1", username="user-0000")
    at.change("c0", username="user-0001")


@VERSIONS
@pytest.mark.parametrize("name", ["user-0000", "user-0001"])
async def test_half_of_a_swap_leaves_nobody_without_his_name(version: str, name: str) -> None:
    async with desk(9, on(version)) as at:
        await at.sync()
        swap(at)
        before = {row.row_id: row.values["name"] for row in at.router.tables["/ppp/secret"]}
        half = await at.sync(Order(names=frozenset({name})))
        assert not half.planned
        assert kinds(half) == {("conflict", name)}
        assert {row.row_id: row.values["name"] for row in at.router.tables["/ppp/secret"]} == before
        assert (await at.sync(Order(names=frozenset({"user-0000", "user-0001"})))).is_done
        assert (await at.plan()).is_empty


async def test_the_renames_of_twenty_thousand_are_planned_in_a_moment() -> None:
    count = 20_000
    begun_at = time.monotonic()
    steps, blocked = in_order(
        [(f"*{number:X}", f"new-{number}", "") for number in range(count)],
        {(f"old-{number}", ""): f"*{number:X}" for number in range(count)},
    )
    assert len(steps) == count
    assert not blocked
    assert time.monotonic() - begun_at < 2


async def test_a_run_whose_prints_cannot_be_kept_writes_nothing_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "prints").write_text("a file is in the way")
    async with desk(5, NEWEST, folder=tmp_path / "prints") as at:
        with pytest.raises(DatabaseUnavailable, match="the prints of edge-1 cannot be kept"):
            await at.sync()
        assert not at.live()
        (tmp_path / "prints").unlink()
        assert (await at.sync()).is_done


def test_the_prints_of_a_router_are_its_own(tmp_path: Path) -> None:
    now = clock.utc_now()
    live, digests = Live({"/ppp/secret": ()}), Digests(b"k" * 32)
    other = [prints.keep(tmp_path, "edge-1", live, digests, now=now + timedelta(days=each)) for each in range(20)]
    for each in range(30):
        newest = prints.keep(tmp_path, "edge", live, digests, now=now + timedelta(days=each))
    assert all(path.exists() for path in other), "edge has its own twenty"
    assert len(list(tmp_path.iterdir())) == 40
    assert json.loads(newest.read_text())["router"] == "edge"
    assert oct(newest.stat().st_mode)[-3:] == "600"


async def test_what_was_not_asked_for_is_still_pending_and_what_was_is_not() -> None:
    async with desk(9, NEWEST) as at:
        await at.sync()
        at.change("c0", mac="02:00:00:00:00:01")
        at.change("c1", mac="02:00:00:00:00:02")
        await at.sync(Order(names=frozenset({"user-0000"})))
        await at.sync(Order(kinds=frozenset({Kind.HOTSPOT})))
        assert [each.external_id for each in at.office.store.do(ledger.edits, at.name)] == ["c1"]
        assert at.office.store.do(standing, at.name, now=clock.utc_now()).pending == 1
        await at.sync()
        assert at.office.store.do(standing, at.name, now=clock.utc_now()).pending == 0


async def test_open_rows_are_settled_in_a_moment_on_a_big_router() -> None:
    async with desk(0, NEWEST) as at:
        names = [f"u{number}" for number in range(3000)]
        for name in names:
            put(at, name=name)
        owned = [RegistryRow(at.name, "/ppp/secret", name, "", name, {}, clock.utc_now()) for name in names]
        rows = [JournalRow(number, "/ppp/secret", name, "", name, "set", {}, {"profile": "x"}, RowState.SENT)
                for number, name in enumerate(names[:200])]  # fmt: skip

        def left_open(connection: sa.Connection) -> None:
            registry.write(connection, owned)
            run = journal.begin_run(connection, at.name, cause="killed", owned=len(owned), now=clock.utc_now())
            journal.plan_rows(connection, run, rows, now=clock.utc_now())

        at.office.store.do(left_open)
        begun_at = time.monotonic()
        await at.sync(Order(names=frozenset({"nobody"})))
        assert time.monotonic() - begun_at < 3
        assert not at.office.store.do(journal.open_rows, at.name)


async def test_a_journal_does_not_grow_for_ever_and_a_wrong_clock_forgets_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calendar = Calendar(monkeypatch)
    async with desk(3, NEWEST) as at:
        first = await at.sync()
        calendar.advance(days=100)
        await at.sync()
        assert at.office.store.do(journal.find_run, first.run) is not None, "a clock is wrong: who knows what is old"
        keep_time(at, calendar)
        last = await at.sync()
        assert at.office.store.do(journal.find_run, first.run) is None
        assert at.office.store.do(journal.find_run, last.run) is not None
        assert not at.office.store.do(journal.rows_of, first.run)


async def test_a_row_that_somebody_else_wrote_into_the_database_is_told_in_a_line() -> None:
    async with desk(3, NEWEST) as at:
        await at.sync()
        with at.office.store.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE subscribers SET static_ip = 'ten', password = 'hush' WHERE username = 'user-0001'"
            )
        with pytest.raises(NotAccepted, match="subscriber user-0001: static_ip: ") as told:
            await at.sync()
        assert "hush" not in str(told.value)
        assert len(at.live()) == 3
