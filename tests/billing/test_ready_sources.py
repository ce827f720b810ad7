"""PHPNuxBill's and FreeRADIUS' tables, of the shapes they have, are read as those programs mean them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from mktui.billing.model import Kind, SubscriberStatus
from mktui.billing.sources.freeradius import expiration
from mktui.billing.sources.rates import rate_fields
from mktui.billing.sources.units import Unreadable
from mktui.errors import SourceUnreadable
from tests.billing.other_databases import PRAGUE, read, run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.realtime

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
    run(url, "CREATE TABLE clients (id INTEGER)")
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
