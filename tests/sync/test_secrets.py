"""No password of a customer's or a router's is anywhere but in billing's own column and on the router."""

from __future__ import annotations

import json
import sqlite3
import traceback
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from mktui import clock
from mktui.billing import ledger
from mktui.errors import MktuiError
from mktui.simulator.faults import CutMoment, ReplyFault
from mktui.sync.bookkeeping import read_books
from mktui.sync.mapping import desired
from mktui.sync.order import Order
from tests.sync.offices import HOUR, NEWEST, ONE, PROFILES, come_back, customers, desk, guests, lose, put
from tests.sync.test_killed import ended, shared_desk, started

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sync.offices import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.realtime]
MARK = "hush"
"""Every password of these tests has it; nothing else does."""


def without_the_passwords_own_column(path: Path) -> bytes:
    """Return a billing database's bytes without the one column where passwords live."""
    copy = path.with_name("copy.db")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy, isolation_level=None)) as kept:
        source.backup(kept)
        held = kept.execute("SELECT count(*) FROM subscribers WHERE password LIKE '%hush%'").fetchone()
        assert held[0] > 0, "the search finds what is there"
        for statement in ("PRAGMA journal_mode = DELETE", "UPDATE subscribers SET password = ''", "VACUUM"):
            kept.execute(statement)
    return copy.read_bytes()


async def work(at: Desk) -> list[str]:
    """Sync in every way there is and return all that was said."""
    said: list[str] = []

    async def sync(order: Order | None = None) -> None:
        plan = await at.plan(order)
        report = await at.sync(order)
        shown = [change.shown() for change in plan.changes]
        values = [(dict(each.values), dict(each.before)) for each in plan.changes]
        learnt = [dict(row.applied) for row in plan.learnt]
        said.extend([repr(plan), repr(report), json.dumps(report.to_json()), str(shown), str(values), str(learnt)])

    at.save(guests(5), [HOUR])
    put(at, name="user-0009", password="their-own-hush")
    await sync()
    at.change("c1", password=SecretStr("second-hush"), username="renamed")
    at.change("c2", status="deleted")
    at.change("g1", status="suspended", password=SecretStr("third-hush"))
    await sync(Order(heal=True, prune=True, adopt=frozenset({"user-0009"})))
    await sync(Order(rollback=at.reports[-1].run))
    at.save([each.model_copy(update={"profile": "family"}) for each in customers(70)[60:]])
    at.router.faults.replies["/ppp/secret/add"] = ReplyFault.TRAPS
    await sync()
    at.router.faults.clear()
    lose(at, "/ppp/secret/add", CutMoment.BEFORE)
    await sync()
    said.append(repr(await come_back(at)))
    said.append(repr(await at.office.store.run(read_books, at.name)))
    books = at.office.store.do(ledger.read_subscribers)
    said.append(repr(desired(at.name, (), books, now=clock.utc_now())))
    return said


async def test_no_password_is_in_anything_that_a_sync_leaves_behind(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    place, prints = tmp_path / "billing.db", tmp_path / "prints"
    async with desk(60, NEWEST, url=f"sqlite:///{place}", folder=prints, pool=ONE) as at:
        said = "\n".join(await work(at))
        assert said.count("hmac:") > 60, "digests stand for them"
        with pytest.raises(MktuiError) as raised:
            await at.sync(Order(rollback=10_000))
        said += "".join(traceback.format_exception(raised.value))
    assert MARK not in said
    assert MARK not in caplog.text
    out, err = capfd.readouterr()
    assert MARK not in out + err
    files = sorted(prints.iterdir())
    assert len(files) >= 4
    assert not [path for path in files if MARK.encode() in path.read_bytes()]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)
    assert place.stat().st_mode & 0o777 == 0o600
    assert MARK.encode() not in without_the_passwords_own_column(place)


@pytest.mark.parametrize("table", ["journal", "registry", "leases"])
async def test_a_run_that_dies_in_its_database_says_no_password(tmp_path: Path, table: str) -> None:
    async with shared_desk(tmp_path) as (at, words):
        at.save(customers(20, profile="basic"), PROFILES)
        with sqlite3.connect(tmp_path / "billing.db") as connection:
            connection.execute(f"DROP TABLE {table}")
        code, out, err = await ended(started(words))
        assert code != 0
        assert err
        assert MARK not in out + err
