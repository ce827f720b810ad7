"""Other systems' databases are read as they are, never written, and told apart from billing's own."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from mktui.billing.options import BillingOptions, SourceKind, SourceOptions
from mktui.billing.sources.fields import text_of
from mktui.billing.sources.queries import check_query
from mktui.billing.sources.units import Unreadable
from mktui.errors import SourceUnavailable, SourceUnreadable
from tests.billing.other_databases import read, run

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.realtime
CRM = """
CREATE TABLE clients (id INTEGER, login VARCHAR(40), pw VARCHAR(40), plan VARCHAR(40), paid TIMESTAMP NULL,
                      days DATE NULL, quota NUMERIC(20,0) NULL, vip SMALLINT, ip VARCHAR(40) NULL);
INSERT INTO clients VALUES (7, 'ana', 's3cret%s', 'gold', '2026-11-24 18:00:00', NULL, 5000000000, 1, '10.0.0.7');
INSERT INTO clients VALUES (8, '1234', 's3cret', 'gold', NULL, NULL, NULL, 0, NULL);
INSERT INTO clients VALUES (9, 'eva', 's3cret', 'gold', NULL, NULL, NULL, 0, 'ten');
"""
QUERY = """SELECT id AS external_id, login AS username, pw AS password, plan AS profile, paid AS valid_until,
                  quota AS quota_bytes, vip AS protect, ip AS static_ip FROM clients ORDER BY id;"""


# -- queries of one's own ---------------------------------------------------------------------------------------------


def test_a_query_yields_rows_with_the_databases_own_types(url: str) -> None:
    run(url, CRM)
    rows = read(url, subscribers_query=QUERY, complete=True)
    ana, number = rows.subscribers
    assert (ana.external_id, ana.quota_bytes, ana.protect, ana.static_ip) == ("7", 5 * 10**9, True, "10.0.0.7")
    assert ana.password.get_secret_value() == "s3cret%s"
    assert ana.valid_until == dt.datetime(2026, 11, 24, 17, tzinfo=dt.UTC)
    assert (number.username, number.quota_bytes, number.valid_until) == ("1234", 0, None)
    [error] = rows.errors
    assert str(error) == "subscribers_query row 3: static_ip 'ten': not an IPv4 address; write 10.0.0.7"
    assert not rows.complete
    assert rows.covers == frozenset(["subscriber"])
    assert "s3cret" not in repr(rows)


def test_a_percent_sign_and_a_colon_are_the_querys_own(url: str) -> None:
    run(url, CRM)
    query = "SELECT login AS username, ':plan %s' AS profile FROM clients WHERE login LIKE 'a%'"
    [ana] = read(url, subscribers_query=query).subscribers
    assert (ana.username, ana.profile) == ("ana", ":plan %s")


NATIVE: dict[str, tuple[object, str]] = {
    "nothing": (None, ""), "a flag": (True, "yes"), "a number": (7, "7"), "a round float": (10.0, "10"),
    "a decimal": (Decimal("5E9"), "5000000000"), "a price": (Decimal("12.50"), "12.50"), "bytes": (b"ana", "ana"),
    "a date": (dt.date(2026, 11, 24), "2026-11-24"), "a time": (dt.datetime(2026, 11, 24, 18), "2026-11-24 18:00:00"),  # noqa: DTZ001
    "an interval": (dt.timedelta(hours=1), "3600"), "an address": (ipaddress.IPv4Address("10.0.0.7"), "10.0.0.7"),
    "a list": (["b", "a"], "b|a"), "a list of one with a space": (["Router 1"], "Router 1|"),
}  # fmt: skip


@pytest.mark.parametrize("name", NATIVE)
def test_a_databases_own_types_are_texts_that_read_the_same(name: str) -> None:
    value, text = NATIVE[name]
    assert text_of(value) == text


@pytest.mark.parametrize("value", [b"\xff", float("nan"), {"a": 1}, Decimal("Infinity")])
def test_what_says_nothing_is_told(value: object) -> None:
    with pytest.raises(Unreadable):
        text_of(value)


def test_postgresql_lists_and_addresses_are_read(postgresql_url: str) -> None:
    query = "SELECT 'ana' AS username, 'g' AS profile, inet '10.0.0.7' AS static_ip, ARRAY['b', 'a'] AS routers"
    [ana] = read(postgresql_url, subscribers_query=query).subscribers
    assert (ana.static_ip, ana.routers) == ("10.0.0.7", ("a", "b"))


@pytest.mark.parametrize(("accepted", "complete"), [(None, True), (2, True), (3, False)])
def test_a_source_is_complete_when_it_is_said_to_be_and_has_not_shrunk(
    tmp_path: Path, accepted: int | None, complete: bool
) -> None:
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    run(url, CRM)
    query = "SELECT login AS username, plan AS profile FROM clients WHERE id < 9"
    assert read(url, subscribers_query=query, complete=True, accepted=accepted).complete is complete
    assert not read(url, subscribers_query=query, accepted=accepted).complete


BROKEN = {
    "SELECT login AS username, plan AS profile FROM nobody": "nobody",
    "SELECT nothing AS username, plan AS profile FROM clients": "nothing",
    "SELECT login AS username, plan AS profile, paid FROM clients": "unknown column 'paid'",
    "SELECT login AS username FROM clients": "column profile is missing",
    "SELECT FROM WHERE": "(?i)syntax",
}


@pytest.mark.parametrize("query", BROKEN)
def test_a_wrong_query_is_told_with_the_sources_name(url: str, query: str) -> None:
    run(url, CRM)
    with pytest.raises(SourceUnreadable, match=BROKEN[query]) as refused:
        read(url, subscribers_query=query)
    assert str(refused.value).startswith("crm: ")
    assert "s3cret" not in str(refused.value)


def test_the_database_itself_refuses_to_be_written(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run(url, CRM)
    for module in ("options", "sources.sql"):
        monkeypatch.setattr(f"mktui.billing.{module}.check_query", lambda _query: None)
    with pytest.raises(SourceUnreadable):
        read(url, subscribers_query="DELETE FROM clients")
    query = "SELECT login AS username, plan AS profile FROM clients"
    assert len(read(url, subscribers_query=query).subscribers) == 3


SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS username FROM n",
    "postgresql": "SELECT pg_sleep(20) AS username",
    "mariadb": "SELECT sleep(20) AS username, t.table_name FROM information_schema.tables t",
}


def test_a_slow_query_is_given_up(url: str) -> None:
    run(url, CRM)
    with pytest.raises(SourceUnavailable, match=r"a query took longer than 0\.3 s"):
        read(url, subscribers_query=SLOW[url.partition(":")[0]], timeout=0.3)


@pytest.mark.parametrize("wrong", ["postgresql://u:s3cret@127.0.0.1:1/x", "sqlite:////nowhere/crm.db", "oracle://x"])
def test_a_database_that_is_not_there_is_told_without_its_password(wrong: str) -> None:
    with pytest.raises(SourceUnavailable, match="crm") as refused:
        read(wrong, subscribers_query="SELECT 1")
    assert refused.value.transient
    assert "s3cret" not in str(refused.value)


def test_a_file_is_neither_made_nor_changed(tmp_path: Path) -> None:
    path = tmp_path / "crm.db"
    with pytest.raises(SourceUnavailable):
        read(f"sqlite:///{path}", subscribers_query="SELECT 1")
    assert list(tmp_path.iterdir()) == []
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE c (u BLOB)")
        connection.exec_driver_sql("INSERT INTO c VALUES (x'ff'), ('ana')")
    engine.dispose()
    before = path.read_bytes()
    rows = read(f"sqlite:///{path}", subscribers_query="SELECT CAST(u AS TEXT) AS username, 'g' AS profile FROM c")
    assert [one.username for one in rows.subscribers] == ["ana"]
    assert "no database keeps" in str(rows.errors[0])
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (before, [path])


READS = [
    "SELECT 1", "  select * from t;", "WITH a AS (SELECT 1) SELECT * FROM a", "SELECT update_time, 'DELETE; x' FROM t",
    "-- INSERT\nSELECT 1 /* into */", 'SELECT "update" FROM t', "SELECT `lock` FROM t", "SELECT $$;delete$$",
]  # fmt: skip
WRITES = {
    "": "not begin with SELECT", "DELETE FROM t": "not begin with SELECT", "SELECT 1; DROP TABLE t": "more than",
    "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x": "DELETE is", "SELECT 1 INTO OUTFILE '/x'": "INTO is",
    "SELECT * FROM t FOR UPDATE": "UPDATE is", "SELECT 1 /*!50000 INTO OUTFILE '/x' */": "MySQL executes",
    "SELECT 5--1 INTO OUTFILE '/x'": "INTO is", "SELECT '\\' INTO OUTFILE ' '": "backslash", "PRAGMA x": "begin with",
    "(SELECT 1)": "begin with",
}  # fmt: skip


@pytest.mark.parametrize("query", READS)
def test_one_reading_statement_passes(query: str) -> None:
    check_query(query)


@pytest.mark.parametrize("query", WRITES)
def test_anything_else_is_refused_when_the_configuration_is_read(query: str) -> None:
    with pytest.raises(ValueError, match=WRITES[query]):
        check_query(query)
    with pytest.raises(ValidationError):
        SourceOptions(name="crm", url=SecretStr("sqlite:///x"), subscribers_query=query)


@given(st.text(max_size=60))
def test_any_text_is_judged(query: str) -> None:
    try:
        check_query(query)
    except ValueError:
        return
    assert re.match(r"(?i)\W*(--|/\*|select|with)", query)


def test_options_say_what_does_not_fit() -> None:
    url = SecretStr("sqlite:///x")
    with pytest.raises(ValidationError, match="has queries of its own"):
        SourceOptions(name="x", kind=SourceKind.FREERADIUS, url=url, profiles_query="SELECT 1")
    with pytest.raises(ValidationError, match="two sources have one name"):
        BillingOptions(sources=(SourceOptions(name="x", kind=SourceKind.FREERADIUS, url=url),) * 2)
