"""``mktui billing``: rows in and out, files as people have them, and a database that is not as it should be."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mktui.billing import database
from mktui.services.office import state_folder
from tests.headless.programs import PROGRAM
from tests.headless.shops import PLANS, closed_shop, customers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.headless.shops import Shop

pytestmark = pytest.mark.realtime
PROFILE = (
    "external_id name kind rate_down_bps rate_up_bps burst_down_bps burst_up_bps burst_threshold_down_bps "
    "burst_threshold_up_bps burst_time_s priority session_timeout_s idle_timeout_s shared_sessions pool local_address "
    "address_list parent_queue price_minor validity_s rate_limit_raw enabled"
)
SUBSCRIBER = (
    "external_id username kind profile routers status on_inactive valid_until static_ip mac ppp_service "
    "hotspot_server quota_bytes quota_uptime_s comment protect missing_from_source"
)
SOURCE = """[[billing.sources]]
name = 'crm'
url = 'sqlite:///{}'
subscribers_query = "select username, password, profile from customers"
"""
IMPORT = "schema ts encoding delimiter mapped written complete notes added changed unchanged missing rejected"
CSV = b"username,password,profile\nana,pw-ana-hush,plan-10\nluis,pw-luis-hush,plan-10\n"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    opened = closed_shop(tmp_path)
    opened.save(customers(3), PLANS)
    return opened


def names(shop: Shop) -> list[str]:
    return [str(name) for (name,) in shop.query("select username from subscribers order by username")]


def test_profiles_and_subscribers_are_added_changed_and_listed(shop: Shop) -> None:
    added = shop.run("billing", "add", "profile", "gold", "rate_down_bps=40M", "rate_up_bps=10M")
    assert (added.code, added.err) == (0, "")
    added = shop.run("billing", "add", "subscriber", "ana", "profile=gold", "--password-stdin", typed="pw-ana-hush\n")
    assert (added.code, added.err) == (0, "")
    changed = shop.run("billing", "set", "subscriber", "ana", "valid_until=2031-12-31", "mac=02-00-00-00-00-01")
    assert changed.out.startswith("subscriber ana (ppp:ana): changed\n")
    profiles = shop.run("billing", "list", "profiles", "--json")
    assert profiles.document["schema"] == "mktui.billing.profiles/1"
    gold = next(each for each in profiles.document["profiles"] if each["name"] == "gold")
    assert sorted(gold) == sorted(PROFILE.split())
    assert (gold["rate_down_bps"], gold["rate_up_bps"]) == (40_000_000, 10_000_000)
    listed = shop.run("billing", "list", "--json", "--profile", "gold")
    assert listed.document["schema"] == "mktui.billing.subscribers/1"
    (ana,) = listed.document["subscribers"]
    assert sorted(ana) == sorted(SUBSCRIBER.split())
    assert (ana["mac"], ana["valid_until"]) == ("02:00:00:00:00:01", "2032-01-01T00:00:00Z")
    assert len(shop.run("billing", "list").out.splitlines()) == 5


def test_who_is_suspended_enabled_or_deleted_stays_in_billing_with_that_word(shop: Shop) -> None:
    for command, status in (("suspend", "suspended"), ("enable", "active"), ("delete", "deleted")):
        done = shop.run("billing", command, "user-001", "user-002")
        assert (done.code, done.out) == (0, f"user-001: {status}\nuser-002: {status}\n")
        listed = shop.run("billing", "list", "--status", status, "--name", "user-002", "--json").document
        assert [each["username"] for each in listed["subscribers"]] == ["user-002"]
    assert len(names(shop)) == 3


def changes(shop: Shop) -> list[tuple[str, str]]:
    """Return what the audit holds, the oldest first: what was done, and how it ended."""
    kept = shop.run("errors", "audit", "--json").document["changes"]
    assert all(each["who"] and each["from"] and each["router"] == "" for each in kept)
    assert "hush" not in json.dumps(kept)
    return [(each["what"], each["outcome"]) for each in reversed(kept)]


def test_every_change_by_a_command_is_in_the_audit_by_names_and_not_by_values(shop: Shop) -> None:
    file, crm = shop.folder / "more.csv", shop.folder / "crm.db"
    file.write_bytes(CSV.replace(b"ana", b"eva"))
    with closing(sqlite3.connect(crm)) as connection:
        connection.execute("create table customers as select 'rosa' username, 'pw-r-hush' password, 'plan-10' profile")
    shop.config.write_text(shop.config.read_text("utf-8") + SOURCE.format(crm), "utf-8")
    looked: tuple[tuple[str | Path, ...], ...] = (
        ("list",), ("export",), ("import", "subscribers", file), ("set", "subscriber", "user-001", "mac="),
    )  # fmt: skip
    for words in looked:
        shop.run("billing", *words)
    assert changes(shop) == [], "who only looks has changed nothing"
    shop.run("billing", "add", "subscriber", "ana", "profile=plan-10", "--password-stdin", typed="pw-ana-hush\n")
    done: tuple[tuple[str | Path, ...], ...] = (
        ("set", "subscriber", "ana", "comment=pw-like-hush"), ("set", "profile", "plan-10", "rate_up_bps=3M"),
        ("suspend", "ana", "nobody"), ("enable", "ana"), ("delete", "user-001", "user-002"),
        ("import", "subscribers", file, "--yes"), ("pull",), ("pull",),
    )  # fmt: skip
    for words in done:
        shop.run("billing", *words)
    crm.unlink()
    shop.run("billing", "pull")
    told = changes(shop)
    assert [each for each in told if each[1] == "done"] == [(what, "done") for what in (
        "add subscriber ana", "change subscriber ana: comment", "change profile plan-10: rate_up_bps", "suspend ana",
        "enable ana", "delete user-001", "delete user-002", "import more.csv: 2 added, 0 changed",
    )]  # fmt: skip
    refused, pulled, unread = [each for each in told if each[1] != "done"]
    assert (refused[0], "nobody" in refused[1]) == ("suspend nobody", True)
    assert (pulled[0], "1 added, 0 changed" in pulled[1]) == ("pull crm", True)
    assert (unread[0], unread[1].startswith("failed: ")) == ("pull crm", True)


def test_a_change_waits_for_who_holds_the_history_and_is_in_the_audit_behind_his(shop: Shop) -> None:
    assert shop.run("billing", "suspend", "user-001").code == 0
    with closing(sqlite3.connect(state_folder() / "monitor.db", isolation_level=None)) as serve:
        serve.execute("begin immediate")
        values = "select at, who, origin, 'his', '', '' from audit"
        serve.execute(f"insert into audit (at, who, origin, what, router, outcome) {values}")
        command = [*PROGRAM, "--config", str(shop.config), "billing", "suspend", "user-002"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as suspending:
            is_done = "select username from subscribers where username = 'user-002' and status = 'suspended'"
            while not shop.query(is_done):
                assert suspending.poll() is None
            serve.execute("commit")
            assert suspending.communicate(timeout=30) == ("user-002: suspended\n", "")
    assert [what for what, _outcome in changes(shop)] == ["suspend user-001", "his", "suspend user-002"]


def test_a_history_that_cannot_be_kept_is_said_and_the_change_is_made(shop: Shop) -> None:
    (state_folder() / "monitor.db").mkdir(parents=True)
    ended = shop.run("billing", "suspend", "user-001")
    assert (ended.code, ended.out) == (0, "user-001: suspended\n")
    assert "monitor.db: it cannot be opened" in ended.complaint


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("set", "subscriber", "nobody", "mac="), "no subscriber is called nobody"),
        (("set", "subscriber", "user-001"), "give at least one FIELD=VALUE"),
        (("set", "subscriber", "user-001", "colour=red"), "has no field 'colour'"),
        (("set", "profile", "plan-10", "rate_down_bps=40 parsecs"), "rate_down_bps"),
        (("add", "subscriber", "x", "profile=nowhere"), "nowhere"),
        (("add", "subscriber", "x", "static_ip=1.2.3", "profile=plan-10"), "static_ip"),
        (("suspend", "nobody"), "nobody"),
        (("pull",), "there is no [[billing.sources]]"),
        (("import", "subscribers", "no-such.csv"), "no-such.csv: no such file or directory"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line_and_changes_nothing(
    command: tuple[str, ...], says: str, shop: Shop
) -> None:
    before = shop.query("select * from subscribers") + shop.query("select * from profiles")
    ended = shop.run("billing", *command)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.complaint
    assert shop.query("select * from subscribers") + shop.query("select * from profiles") == before


def test_an_import_is_shown_first_written_with_yes_and_read_back_as_it_was_exported(shop: Shop) -> None:
    file = shop.folder / "more.csv"
    file.write_bytes(CSV)
    shown = shop.run("billing", "import", "subscribers", file, "--json")
    assert shown.code == 0
    assert sorted(shown.document) == sorted(IMPORT.split())
    assert shown.document["schema"] == "mktui.billing.import/1"
    assert [each["name"] for each in shown.document["added"]] == ["ana", "luis"]
    assert not shown.document["written"]
    assert len(names(shop)) == 3
    written = shop.run("billing", "import", "subscribers", file, "--yes")
    assert written.code == 0
    assert written.out.endswith("2 added, 0 changed, 0 as they were, 0 rejected\n")
    exported = shop.run("billing", "export", "subscribers", "--passwords")
    assert "pw-ana-hush" in exported.out
    assert "hush" not in shop.run("billing", "export", "subscribers").out
    file.write_text(exported.out, encoding="utf-8")
    again = shop.run("billing", "import", "subscribers", file, "--yes", "--json").document
    assert (again["added"], again["changed"], again["unchanged"]) == ([], [], 5)


BAD_FILES = {
    "binary": (b"username,profile\nana\0,plan-10\n", 2, "this is a binary file", "save it as CSV"),
    "cut": (b'username,password,profile\nana,x,plan-10\nluis,"y', 2, "line 3", "get the whole file again"),
    "short": (CSV + b"# rows: 3\n", 2, "its footer says 3 rows, it has 2", "get the whole file again"),
    "workbook": (b"PK\x03\x04....xl/workbook.xml", 2, "this is an Excel workbook", "save it as CSV"),
    "header": (b"user,plan\nana,plan-10\n", 2, "line 1", "column"),
    "empty": (b"", 2, "the file is empty", ""),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_file_that_is_no_list_of_customers_is_named_with_the_line_and_what_to_do(kind: str, shop: Shop) -> None:
    content, code, problem, remedy = BAD_FILES[kind]
    file = shop.folder / "customers.csv"
    file.write_bytes(content)
    ended = shop.run("billing", "import", "subscribers", file, "--yes")
    assert (ended.code, ended.out) == (code, "")
    assert ended.complaint.startswith(f"mktui: {file}")
    assert problem in ended.complaint
    assert remedy in ended.complaint
    assert len(names(shop)) == 3


BAD_ROWS = {
    "twice": ("ana,pw-a-hush,plan-10\nana,pw-b-hush,plan-10", ["line 2", "line 3"], "ana"),
    "unit": ("ana,pw-a-hush,plan-10,soon", ["line 2"], "valid_until"),
    "profile": ("ana,pw-a-hush,plan-99", ["line 2"], "plan-99"),
    "cells": ("ana,pw-a-hush", ["line 2"], "2 of"),
}


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_a_row_that_is_wrong_is_named_by_file_and_line_and_the_others_go_in(kind: str, shop: Shop) -> None:
    rows, lines, word = BAD_ROWS[kind]
    header = "username,password,profile" + (",valid_until" if kind == "unit" else "")
    good = "luis,pw-luis-hush,plan-10" + (",2031-01-01" if kind == "unit" else "")
    file = shop.folder / "customers.csv"
    file.write_text(f"{header}\n{rows}\n{good}\n", encoding="utf-8")
    ended = shop.run("billing", "import", "subscribers", file, "--yes")
    assert ended.code == 5
    rejected = [line for line in ended.err.splitlines() if line.startswith("rejected: ")]
    assert len(rejected) == len(lines)
    for line, where in zip(rejected, lines, strict=True):
        assert f"{file}, {where}" in line
        assert word in line
        assert "hush" not in line
    assert names(shop)[0] == "luis"
    assert "ana" not in names(shop)


def test_a_spreadsheets_csv_with_semicolons_and_a_mark_is_read_as_it_is_meant(shop: Shop) -> None:
    file = shop.folder / "customers.csv"
    file.write_bytes("\ufeffUsername;Password;Profile\r\nJosé;pw-j-hush;plan-10\r\n".encode())
    assert shop.run("billing", "import", "subscribers", file, "--yes").code == 0
    assert "José" in names(shop)


# -- databases --------------------------------------------------------------------------------------------------------


def spoil(place: Path, how: bytes, at: int = 0) -> None:
    with place.open("r+b") as file:
        file.seek(at)
        file.write(how)


def to_directory(place: Path) -> None:
    place.unlink()
    place.mkdir()


def to_text(place: Path) -> None:
    place.write_text("hello\n" * 500)


def newer(place: Path) -> None:
    connection = sqlite3.connect(place)
    connection.execute("update alembic_version set version_num = '9999'")
    connection.commit()
    connection.close()


def nameless(place: Path) -> None:
    connection = sqlite3.connect(place)
    connection.execute("delete from alembic_version")
    connection.commit()
    connection.close()


TROUBLES: dict[str, tuple[Callable[[Path], None], int, str, str]] = {
    "a directory": (to_directory, 3, "it cannot be opened", "see whether the directory is there"),
    "a text": (to_text, 3, "the file is no database", "another file"),
    "damaged": (lambda place: spoil(place, b"\xff" * 30_000, 3000), 3, "the file is damaged", "restore a backup"),
    "newer": (newer, 2, "it was made by a newer mktui (schema 9999", "update mktui"),
    "without its version": (nameless, 2, "it has tables", "nothing was touched"),
}


@pytest.mark.parametrize("kind", TROUBLES)
@pytest.mark.parametrize("command", [("billing", "list"), ("sync", "status"), ("sync", "plan"), ("sync", "pause", "x")])
def test_a_database_that_cannot_be_used_is_named_with_what_to_do_and_left_as_it_is(
    kind: str, command: tuple[str, ...], shop: Shop
) -> None:
    act, code, problem, remedy = TROUBLES[kind]
    place = shop.folder / "billing.db"
    act(place)
    before = place.read_bytes() if place.is_file() else b""
    ended = shop.run(*command)
    assert (ended.code, ended.out) == (code, "")
    assert str(place) in ended.complaint
    assert problem in ended.complaint
    assert remedy in ended.complaint
    assert (place.read_bytes() if place.is_file() else b"") == before


def test_a_database_that_another_one_is_writing_to(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_BUSY", 0.2)
    other = sqlite3.connect(shop.folder / "billing.db")
    other.execute("BEGIN IMMEDIATE")
    try:
        ended = shop.run("billing", "suspend", "user-001")
    finally:
        other.close()
    assert ended.code == 3
    assert "another program is writing to it (try again when it is done)" in ended.complaint
    assert shop.run("billing", "suspend", "user-001").code == 0


@contextmanager
def nobody() -> Iterator[None]:
    """Be somebody whom file modes bind, for the block."""
    was = os.geteuid()
    os.seteuid(was or 65534)
    try:
        yield
    finally:
        os.seteuid(was)


def test_a_database_that_may_only_be_read() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shop = closed_shop(folder)
        shop.save(customers(3), PLANS)
        assert shop.run("billing", "enable", "user-001").code == 0
        for path, mode in ((folder / "billing.db", 0o444), (shop.config, 0o444), (folder, 0o555)):
            path.chmod(mode)
        with nobody():
            ended = shop.run("billing", "suspend", "user-001")
        folder.chmod(0o755)
        assert (ended.code, ended.out) == (3, "")
        assert "it is read-only (see who owns the file and its directory)" in ended.complaint
        assert shop.query("select status from subscribers where username = 'user-001'") == [("active",)]


@pytest.mark.parametrize("scheme", ["postgresql", "mariadb"])
def test_a_server_that_is_not_there_is_named_without_its_password(scheme: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    shop = closed_shop(tmp_path, database=f"{scheme}://mktui:s3cret-url@127.0.0.1:{port}/mktui")
    for command in (("billing", "list"), ("sync", "plan"), ("sync", "status", "--json")):
        ended = shop.run(*command)
        assert (ended.code, ended.out) == (3, "")
        assert f"127.0.0.1:{port}" in ended.complaint
        assert "nothing answers there (is the database running" in ended.complaint
        assert "s3cret" not in ended.complaint


@pytest.mark.parametrize(("scheme", "driver", "extra"), [("postgresql", "psycopg", "postgres"),
                                                         ("mariadb", "pymysql", "mariadb")])  # fmt: skip
def test_a_driver_that_is_not_installed_is_named_with_what_installs_it(
    scheme: str, driver: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{driver}.py").write_text("raise ModuleNotFoundError(__name__)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    ended = closed_shop(tmp_path, database=f"{scheme}://mktui:s3cret-url@127.0.0.1/mktui").start("billing", "list")
    assert (ended.code, ended.out) == (3, "")
    assert f"its driver is not installed (pip install 'mktui[{extra}]')" in ended.complaint
    assert "s3cret" not in ended.complaint


@pytest.mark.parametrize("url", ["oracle://u:s3cret-url@h/x", "s3cret-url", "postgresql//u:s3cret-url@h/x"])
def test_a_url_that_is_none_is_not_shown(url: str, tmp_path: Path) -> None:
    ended = closed_shop(tmp_path, database=url).run("billing", "list")
    assert ended.code in {2, 3}
    assert "s3cret" not in ended.complaint
    assert "sqlite:///FILE, postgresql://" in ended.complaint


def test_billing_that_cannot_be_opened_syncs_no_router_and_says_so_for_each(tmp_path: Path) -> None:
    shop = closed_shop(tmp_path)
    (tmp_path / "billing.db").mkdir()
    ended = shop.run("sync", "apply", "--yes")
    assert (ended.code, ended.out) == (3, "")
    assert "it cannot be opened" in ended.complaint
