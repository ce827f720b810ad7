"""Other systems' databases are read as they are, never written, and told apart from billing's own."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from mktui.billing.database import _engine, shown
from mktui.billing.model import Kind, SubscriberStatus
from mktui.billing.options import BillingOptions, SourceKind, SourceOptions
from mktui.billing.sources.fields import text_of
from mktui.billing.sources.freeradius import expiration
from mktui.billing.sources.queries import check_query
from mktui.billing.sources.rates import rate_fields
from mktui.billing.sources.sql import read_source
from mktui.billing.sources.units import Unreadable
from mktui.billing.sources.zones import zone
from mktui.errors import SourceUnavailable, SourceUnreadable

if TYPE_CHECKING:
    from pathlib import Path

    from mktui.billing.sources.rows import SourceRows

pytestmark = pytest.mark.realtime
PRAGUE = zone("Europe/Prague")
CRM = """
CREATE TABLE clients (id INTEGER, login VARCHAR(40), pw VARCHAR(40), plan VARCHAR(40), paid TIMESTAMP NULL,
                      days DATE NULL, quota NUMERIC(20,0) NULL, vip SMALLINT, ip VARCHAR(40) NULL);
INSERT INTO clients VALUES (7, 'ana', 's3cret%s', 'gold', '2026-11-24 18:00:00', NULL, 5000000000, 1, '10.0.0.7');
INSERT INTO clients VALUES (8, '1234', 's3cret', 'gold', NULL, NULL, NULL, 0, NULL);
INSERT INTO clients VALUES (9, 'eva', 's3cret', 'gold', NULL, NULL, NULL, 0, 'ten');
"""
QUERY = """SELECT id AS external_id, login AS username, pw AS password, plan AS profile, paid AS valid_until,
                  quota AS quota_bytes, vip AS protect, ip AS static_ip FROM clients ORDER BY id;"""


def run(url: str, script: str) -> None:
    engine = _engine(url, shown(url))
    with engine.begin() as connection:
        for statement in filter(str.strip, script.split(";\n")):
            connection.execution_options(no_parameters=True).exec_driver_sql(statement)
    engine.dispose()


def read(url: str, kind: str = "sql", *, accepted: int | None = None, **more: Any) -> SourceRows:
    options = SourceOptions(name="crm", kind=SourceKind(kind), url=SecretStr(url), **more)
    return read_source(options, local=PRAGUE, accepted=accepted)


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


# -- PHPNuxBill -------------------------------------------------------------------------------------------------------

NUX = """
CREATE TABLE tbl_plans (id INTEGER, name_plan VARCHAR(40), id_bw INTEGER, price VARCHAR(40), type VARCHAR(10),
  typebp VARCHAR(10), limit_type VARCHAR(10), time_limit INTEGER, time_unit VARCHAR(4), data_limit INTEGER,
  data_unit VARCHAR(2), validity INTEGER, validity_unit VARCHAR(6), shared_users INTEGER, routers VARCHAR(32),
  pool VARCHAR(40), enabled SMALLINT, is_radius SMALLINT);
INSERT INTO tbl_plans VALUES (1,'Home 10',1,'15000','PPPOE','Unlimited',NULL,NULL,NULL,NULL,NULL,1,'Months',NULL,
  'edge-1','home',1,0);
INSERT INTO tbl_plans VALUES (2,'Hour',2,'2.50','Hotspot','Limited','Both_Limit',2,'Hrs',500,'MB',3,'Days',2,
  'edge-1',NULL,1,0);
INSERT INTO tbl_plans VALUES (3,'Balance',1,'1','Balance',NULL,NULL,NULL,NULL,NULL,NULL,1,'Days',NULL,'',NULL,1,0);
INSERT INTO tbl_plans VALUES (4,'Radius',1,'1','PPPOE','Unlimited',NULL,NULL,NULL,NULL,NULL,1,'Days',NULL,'radius','',
  1,1);
CREATE TABLE tbl_bandwidth (id INTEGER, name_bw VARCHAR(20), rate_down INTEGER, rate_down_unit VARCHAR(4),
  rate_up INTEGER, rate_up_unit VARCHAR(4), burst VARCHAR(128));
INSERT INTO tbl_bandwidth VALUES (1,'10/2',10,'Mbps',2,'Mbps','');
INSERT INTO tbl_bandwidth VALUES (2,'512',512,'Kbps',256,'Kbps','1M/1M 256k/512k 8/8 8 64k/64k');
CREATE TABLE tbl_pool (id INTEGER, pool_name VARCHAR(40), local_ip VARCHAR(40), range_ip VARCHAR(40),
  routers VARCHAR(40));
INSERT INTO tbl_pool VALUES (1,'home','10.64.0.1','10.64.0.2-10.64.0.99','edge-1');
CREATE TABLE tbl_customers (id INTEGER, username VARCHAR(45), password VARCHAR(45), fullname VARCHAR(45),
  phonenumber VARCHAR(20), status VARCHAR(10), pppoe_username VARCHAR(32), pppoe_password VARCHAR(45),
  pppoe_ip VARCHAR(32));
INSERT INTO tbl_customers VALUES (11,'ana','s3cret','Ana Name','+420 1','Active','ana-ppp','s3cret-ppp','10.64.0.7');
INSERT INTO tbl_customers VALUES (12,'Ana','s3cret2','Luis','2','Active','','','');
INSERT INTO tbl_customers VALUES (13,'eva','s3cret3','Eva','3','Banned','','','');
CREATE TABLE tbl_user_recharges (id INTEGER, customer_id INTEGER, username VARCHAR(32), plan_id INTEGER,
  namebp VARCHAR(40), recharged_on DATE, expiration DATE, time TIME, status VARCHAR(20), routers VARCHAR(32));
INSERT INTO tbl_user_recharges VALUES (21,11,'ana',1,'','2026-10-24','2026-11-24','18:00:00','on','edge-1');
INSERT INTO tbl_user_recharges VALUES (22,11,'ana',1,'','2026-09-24','2026-10-24','18:00:00','off','edge-9');
INSERT INTO tbl_user_recharges VALUES (23,11,'ana',2,'','2026-10-24','2026-11-24','09:05:00','off','edge-1');
INSERT INTO tbl_user_recharges VALUES (24,12,'Ana',2,'','2026-10-24','2026-11-24','23:59:59','on','edge-1');
INSERT INTO tbl_user_recharges VALUES (25,13,'eva',1,'','2026-10-24','2026-11-24','18:00:00','on','edge-1');
INSERT INTO tbl_user_recharges VALUES (26,13,'eva',4,'','2026-10-24','2026-11-24','18:00:00','on','radius');
INSERT INTO tbl_user_recharges VALUES (27,13,'eva',99,'','2020-10-24','2020-11-24','18:00:00','off','edge-1');
"""


def test_phpnuxbill_is_read_as_it_writes_to_routers(url: str) -> None:
    run(url, NUX)
    rows = read(url, "phpnuxbill", complete=True)
    assert rows.errors == ()
    assert rows.complete
    home, hour = rows.profiles
    assert (home.external_id, home.name, home.rate_down_bps, home.rate_up_bps, home.pool, home.local_address) == (
        "phpnuxbill:plan:1", "Home 10", 10**7, 2 * 10**6, "home", "10.64.0.1")  # fmt: skip
    assert (home.price_minor, home.validity_s, hour.price_minor) == (1_500_000, 2_592_000, 250)
    assert (hour.kind, hour.shared_sessions, hour.rate_limit_raw) == (
        Kind.HOTSPOT, 2, "256k/512k 1M/1M 256k/512k 8/8 8 64k/64k")  # fmt: skip
    ana, hot, upper, eva = sorted(rows.subscribers, key=lambda one: one.external_id)
    assert (ana.external_id, ana.username, ana.password.get_secret_value(), ana.static_ip, ana.routers) == (
        "phpnuxbill:11:hotspot", "ana", "s3cret", "", ("edge-1",))  # fmt: skip
    assert (ana.status, ana.quota_bytes, ana.quota_uptime_s) == (SubscriberStatus.EXPIRED, 5 * 10**8, 7200)
    assert (hot.external_id, hot.username, hot.password.get_secret_value(), hot.static_ip, hot.routers) == (
        "phpnuxbill:11:ppp", "ana-ppp", "s3cret-ppp", "10.64.0.7", ("edge-1",))  # fmt: skip
    assert (hot.status, hot.valid_until) == (SubscriberStatus.ACTIVE, dt.datetime(2026, 11, 24, 17, tzinfo=dt.UTC))
    assert (upper.username, upper.valid_until) == ("Ana", dt.datetime(2026, 11, 24, 22, 59, 59, tzinfo=dt.UTC))
    assert (eva.username, eva.status) == ("eva", SubscriberStatus.SUSPENDED)
    assert rows.notes == (
        "left out as RADIUS has them, not routers: 1 plans and who bought them",
        "left out as their plans are gone: 1 purchases that have ended",
    )


def test_an_older_phpnuxbill_without_newer_columns_is_read_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nux.db'}"
    run(url, NUX)
    newer = {"tbl_customers": ("pppoe_username", "pppoe_password", "pppoe_ip", "status"),
             "tbl_plans": ("enabled", "is_radius"), "tbl_pool": ("local_ip",), "tbl_bandwidth": ("burst",)}  # fmt: skip
    for table, columns in newer.items():
        for column in columns:
            run(url, f"ALTER TABLE {table} DROP COLUMN {column}")
    rows = read(url, "phpnuxbill")
    assert rows.errors == ()
    assert rows.profiles[0].local_address == "home"
    assert {one.username for one in rows.subscribers if one.kind is Kind.PPP} == {"ana", "eva"}


NUX_FAULTS = {
    "INSERT INTO tbl_user_recharges VALUES (30,11,'ana',1,'','2026-10-24','2026-12-24','18:00:00','on','edge-2')":
        "tbl_user_recharges 21: plan_id: is on together with tbl_user_recharges 30: billing has one profile for a name",
    "INSERT INTO tbl_user_recharges VALUES (30,99,'zoe',1,'','2026-10-24','2026-12-24','18:00:00','on','edge-2')":
        "tbl_user_recharges 30: customer_id '99': there is no such customer",
    "INSERT INTO tbl_user_recharges VALUES (30,12,'Ana',98,'','2026-10-24','2026-12-24','18:00:00','on','edge-2')":
        "tbl_user_recharges 30: plan_id '98': there is no such plan",
    "UPDATE tbl_plans SET id_bw = 77 WHERE id = 1": "tbl_plans 1: id_bw '77': there is no such bandwidth",
}  # fmt: skip


@pytest.mark.parametrize("change", NUX_FAULTS)
def test_what_phpnuxbill_holds_and_billing_cannot_say_is_an_error_of_its_row(tmp_path: Path, change: str) -> None:
    url = f"sqlite:///{tmp_path / 'nux.db'}"
    run(url, NUX)
    run(url, change)
    rows = read(url, "phpnuxbill", complete=True)
    assert NUX_FAULTS[change] in [str(error) for error in rows.errors]
    assert not rows.complete


def test_a_purchase_on_two_routers_is_one_subscriber_of_both(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nux.db'}"
    run(url, NUX)
    run(
        url,
        "INSERT INTO tbl_user_recharges VALUES (30,11,'ana',1,'','2026-10-24','2026-11-24','18:00:00','on','Router 2')",
    )
    rows = read(url, "phpnuxbill")
    assert ("Router 2", "edge-1") in {one.routers for one in rows.subscribers}


def test_another_database_is_not_taken_for_a_ready_one(url: str) -> None:
    run(url, CRM)
    with pytest.raises(SourceUnreadable, match="there is no table tbl_bandwidth"):
        read(url, "phpnuxbill")
    run(url, "CREATE TABLE radcheck (id INTEGER);\n" + "".join(
        f"CREATE TABLE {name} (username VARCHAR(9), groupname VARCHAR(9), attribute VARCHAR(9), value VARCHAR(9));\n"
        for name in ("radreply", "radgroupcheck", "radgroupreply", "radusergroup")))  # fmt: skip
    with pytest.raises(SourceUnreadable, match="radcheck has no column attribute, username, value"):
        read(url, "freeradius")


# -- FreeRADIUS -------------------------------------------------------------------------------------------------------

RADIUS = """
CREATE TABLE radcheck (id INTEGER, username VARCHAR(64), attribute VARCHAR(64), op CHAR(2), value VARCHAR(253));
CREATE TABLE radreply (id INTEGER, username VARCHAR(64), attribute VARCHAR(64), op CHAR(2), value VARCHAR(253));
CREATE TABLE radgroupcheck (id INTEGER, groupname VARCHAR(64), attribute VARCHAR(64), op CHAR(2), value VARCHAR(253));
CREATE TABLE radgroupreply (id INTEGER, groupname VARCHAR(64), attribute VARCHAR(64), op CHAR(2), value VARCHAR(253));
CREATE TABLE radusergroup (username VARCHAR(64), groupname VARCHAR(64), priority INTEGER);
INSERT INTO radgroupreply VALUES (1,'gold','Mikrotik-Rate-Limit',':=','2M/10M');
INSERT INTO radgroupreply VALUES (2,'gold','Session-Timeout',':=','86400');
INSERT INTO radgroupreply VALUES (3,'gold','Framed-Pool',':=','home');
INSERT INTO radgroupcheck VALUES (1,'gold','Simultaneous-Use',':=','2');
INSERT INTO radgroupcheck VALUES (2,'disabled','Auth-Type',':=','Reject');
INSERT INTO radcheck VALUES (1,'ana','Cleartext-Password',':=','s3cret');
INSERT INTO radcheck VALUES (2,'ana','Expiration',':=','24 Nov 2026');
INSERT INTO radcheck VALUES (3,'Ana','Cleartext-Password',':=','s3cret2');
INSERT INTO radcheck VALUES (4,'eva','User-Password','==','s3cret3');
INSERT INTO radcheck VALUES (5,'zoe','Crypt-Password',':=','s3crethash');
INSERT INTO radreply VALUES (1,'ana','Framed-IP-Address','=','10.0.0.7');
INSERT INTO radreply VALUES (2,'ana','Session-Timeout',':=','86400');
INSERT INTO radreply VALUES (3,'Ana','Framed-IP-Address','=','255.255.255.254');
INSERT INTO radusergroup VALUES ('ana','gold',1);
INSERT INTO radusergroup VALUES ('Ana','gold',5);
INSERT INTO radusergroup VALUES ('Ana','silver',2);
INSERT INTO radusergroup VALUES ('eva','disabled',0);
INSERT INTO radusergroup VALUES ('eva','gold',1);
INSERT INTO radusergroup VALUES ('zoe','gold',1);
"""


def test_freeradius_groups_are_profiles_and_users_subscribers(url: str) -> None:
    run(url, RADIUS)
    rows = read(url, "freeradius", service="hotspot", complete=True)
    gold, silver = rows.profiles
    assert (gold.name, gold.kind, gold.rate_up_bps, gold.rate_down_bps) == ("gold", Kind.HOTSPOT, 2 * 10**6, 10**7)
    assert (gold.session_timeout_s, gold.shared_sessions, gold.pool) == (86_400, 2, "home")
    assert (silver.name, silver.rate_down_bps) == ("silver", 0)
    upper, ana, eva = sorted(rows.subscribers, key=lambda one: one.username)
    assert (ana.password.get_secret_value(), ana.static_ip, ana.profile) == ("s3cret", "10.0.0.7", "gold")
    assert ana.valid_until == dt.datetime(2026, 11, 23, 23, tzinfo=dt.UTC), "midnight in Prague, when the day begins"
    assert (upper.username, upper.static_ip, upper.profile) == ("Ana", "", "silver")
    assert (eva.status, eva.profile) == (SubscriberStatus.SUSPENDED, "gold")
    [error] = rows.errors
    assert str(error) == "user zoe: password: there is none in clear; a router keeps no hashes"
    assert not rows.complete
    assert "s3cret" not in repr(rows)


RADIUS_FAULTS = {
    "INSERT INTO radreply VALUES (9,'ana','Mikrotik-Rate-Limit',':=','1M/1M')": "is this user's own",
    "INSERT INTO radcheck VALUES (9,'ana','Simultaneous-Use',':=','7')": "is this user's own",
    "INSERT INTO radcheck VALUES (9,'ana','Cleartext-Password',':=','s3cret9')": "is there with 2 values",
    "INSERT INTO radusergroup VALUES ('ana','silver',1)": "groups of the same priority",
    "DELETE FROM radusergroup WHERE username = 'ana'": "is in no group",
    "UPDATE radcheck SET value = 'soon' WHERE attribute = 'Expiration'": "not a date of FreeRADIUS",
}


@pytest.mark.parametrize("change", RADIUS_FAULTS)
def test_what_freeradius_holds_and_billing_cannot_say_is_an_error_of_its_row(tmp_path: Path, change: str) -> None:
    url = f"sqlite:///{tmp_path / 'radius.db'}"
    run(url, RADIUS)
    run(url, change)
    rows = read(url, "freeradius")
    assert "ana" not in [one.username for one in rows.subscribers]
    told = "\n".join(str(error) for error in rows.errors if error.where == "user ana")
    assert RADIUS_FAULTS[change] in told
    assert "s3cret" not in told


def test_who_is_in_no_group_gets_the_profile_that_was_set(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'radius.db'}"
    run(url, RADIUS)
    run(url, "DELETE FROM radusergroup WHERE username = 'Ana'")
    rows = read(url, "freeradius", default_profile="silver")
    assert {one.username: one.profile for one in rows.subscribers}["Ana"] == "silver"


EXPIRATIONS = {
    "24 Nov 2026": "2026-11-23T23:00", "24 Nov 2026 18:00": "2026-11-24T17:00", "2026-11-24": "2026-11-23T23:00",
    "Nov 24 2026 18:00:30": "2026-11-24T17:00:30", "November 24, 2026": "2026-11-23T23:00",
    "2026-11-24T18:00:00Z": "2026-11-24T18:00", "1795539600": "2026-11-24T17:00",
}  # fmt: skip


@pytest.mark.parametrize("text", EXPIRATIONS)
def test_expirations_mean_what_they_mean_to_freeradius(text: str) -> None:
    assert expiration(text, PRAGUE) == dt.datetime.fromisoformat(EXPIRATIONS[text]).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize("text", ["24/11/2026", "24.11.26", "31 Feb 2026", "24 Foo 2026", "never", "1"])
def test_a_doubtful_expiration_is_an_error(text: str) -> None:
    with pytest.raises(Unreadable, match="not a date of FreeRADIUS"):
        expiration(text, PRAGUE)


RATES = {
    "2M/10M": {"rate_up_bps": "2000000", "rate_down_bps": "10000000"},
    "512k": {"rate_up_bps": "512000", "rate_down_bps": "512000"},
    "1M/2M 2M/4M 1M/1M 16/16 8": {
        "rate_up_bps": "1000000", "rate_down_bps": "2000000", "burst_up_bps": "2000000", "burst_down_bps": "4000000",
        "burst_threshold_up_bps": "1000000", "burst_threshold_down_bps": "1000000", "burst_time_s": "16",
        "priority": "8",
    },
    "": {}, "0/0": {"rate_limit_raw": "0/0"}, "1M/2M 2M/4M": {"rate_limit_raw": "1M/2M 2M/4M"},
    "1M/2M 2M/4M 1M/1M 8/16 8": {"rate_limit_raw": "1M/2M 2M/4M 1M/1M 8/16 8"}, "fast": {"rate_limit_raw": "fast"},
}  # fmt: skip


@pytest.mark.parametrize("text", RATES)
def test_a_rate_limit_becomes_fields_exactly_or_stays_as_it_is(text: str) -> None:
    assert rate_fields(text) == RATES[text]
