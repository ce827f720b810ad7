"""No password is anywhere it need not be: a whole journey, and then every trace that it left is searched."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mktui.billing import ledger
from mktui.services.log import default_path, write_crash
from tests.headless.shops import customers, open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.headless.programs import Ended
    from tests.headless.shops import Shop

pytestmark = pytest.mark.realtime
SECRETS = re.compile(r"pw-[\w-]+-hush|s3cret-url|rt-hush-key")
"""The customers' passwords, the one in a database's URL, and the routers' own."""
SOURCE = """
[[billing.sources]]
name = "crm"
url = "postgresql://reader:s3cret-url@127.0.0.1:1/crm"
subscribers_query = "select username, profile from customers"
"""
CSV = "external_id,username,password,profile\n"
GIVEN = {"billing.db", "billing.db-wal", "billing.db-shm", "digests.key", "shop.toml", "good.csv", "bad.csv"}
"""Where passwords live, and what was given to the program."""


def secret(name: str) -> str:
    """Return a password that does not stand in these lines: a traceback shows them."""
    return f"pw-{name}-{'hush'}"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    with open_shop(tmp_path, more=SOURCE, simulate="--password rt-hush-key") as opened:
        text = opened.config.read_text(encoding="utf-8").replace("'secret'", "'rt-hush-key'")
        opened.config.write_text(text, encoding="utf-8")
        yield opened


def imports(shop: Shop) -> Iterator[Ended]:
    good, bad = shop.folder / "good.csv", shop.folder / "bad.csv"
    rows = "".join(f"c{index},user-{index:03},pw-{index}-hush,plan-10\n" for index in range(50))
    good.write_text(f"{CSV}{rows}", encoding="utf-8")
    bad.write_text(f"{CSV}x,,pw-x-hush,plan-10\ny,user-y,pw-y-hush\nz,user-z,pw-z-hush,plan-10,more\n"
                   "v,user-v,pw-v-hush,plan-99\nw,user-000,pw-w-hush,plan-10\n", encoding="utf-8")  # fmt: skip
    yield shop.run("billing", "add", "profile", "plan-10", "rate_down_bps=10M", "rate_up_bps=2M")
    yield shop.run("billing", "add", "profile", "plan-x", "pool=no-such-pool")
    for file in (good, bad):
        for options in ((), ("--json",), ("--yes",), ("--yes", "--json")):
            yield shop.run("billing", "import", "subscribers", file, *options)
    yield shop.run("billing", "add", "subscriber", "ana", "profile=plan-x", "--password-stdin", typed="pw-ana-hush\n")
    yield shop.run("billing", "set", "subscriber", "ana", "password=pw-anew-hush")
    yield shop.run("billing", "set", "subscriber", "ana", "pw-slip-hush", "colour=pw-slop-hush")
    yield shop.run("billing", "pull", "--json")
    yield from (shop.run("billing", *words) for words in (("list",), ("list", "--json"), ("export",)))


def syncs(shop: Shop) -> Iterator[Ended]:
    plan = shop.folder / "plan.json"
    yield shop.run("sync", "plan", "-o", plan, "--rehearse")
    yield shop.run("sync", "plan", "--json", "--rehearse")
    yield shop.run("sync", "apply", plan, "--yes")
    shop.save(customers(5, password="pw-fresh-hush"))
    yield shop.run("sync", "apply", plan, "--yes")
    shop.order("cut after /ppp/secret/set times 1")
    yield shop.run("sync", "apply", "--yes", "--json")
    yield shop.run("sync", "apply", "--yes")
    shop.save(customers(2, status="deleted"))
    yield shop.run("sync", "apply", "--yes", "--max-delete", "2")
    (run,) = shop.query("select max(id) from runs")
    yield shop.run("sync", "rollback", "edge-1", str(run[0]), "--yes", "--json", "--rebuild")
    for number in range(1, run[0] + 1):
        yield shop.run("sync", "report", "edge-1", str(number), "--json")
    yield from (shop.run("sync", *words) for words in (("status", "--json"), ("adopt", "edge-1", "--yes", "--json"),
                                                       ("backup", "edge-1"), ("report", "edge-1")))  # fmt: skip
    yield from (shop.run("who", "user-003", *words) for words in ((), ("--json",)))
    yield shop.run("status", "--json")
    yield shop.run("test")


def dumped(shop: Shop) -> Iterator[tuple[str, str]]:
    """Give every table of billing's database as text; of the subscribers all but the password itself."""
    connection = sqlite3.connect(shop.folder / "billing.db")
    tables = [str(name) for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
    assert {"subscribers", "journal", "registry", "runs", "outbox"} <= set(tables)
    for table in tables:
        columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
        kept = ", ".join(each for each in columns if (table, each) != ("subscribers", "password"))
        yield f"table {table}", str(connection.execute(f"select {kept} from {table}").fetchall())  # noqa: S608 - its own
    connection.close()


def files(shop: Shop) -> Iterator[tuple[str, str]]:
    for path in shop.folder.rglob("*"):
        if path.is_file() and path.name not in GIVEN:
            yield str(path), path.read_text(encoding="utf-8", errors="replace")


def test_a_whole_journey_leaves_no_password_in_any_output_file_or_table(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = [*imports(shop), *syncs(shop)]
    monkeypatch.setattr(ledger, "read_subscribers", lambda _connection: dict[str, str]()[secret("bug")])
    crashed = shop.run("billing", "list")
    assert crashed.code == 70
    assert (
        crashed.complaint == f"mktui: a bug in mktui: KeyError; please report {default_path().with_name('crash.txt')}"
    )

    found = [*((f"output {number}", each.out + each.err) for number, each in enumerate([*ended, crashed])),
             *files(shop), *dumped(shop)]  # fmt: skip
    names = " ".join(name for name, _ in found)
    for artefact in ("plan.json", "mktui.log", "crash.txt", "prints/edge-1-", "table journal", "table registry"):
        assert artefact in names
    assert {each.code for each in ended} >= {0, 2, 5, 6}, "the journey had its failures"
    assert "failed" in dict(found)["table journal"]
    leaks = [(name, SECRETS.findall(text)[0]) for name, text in found if SECRETS.search(text)]
    assert not leaks


def test_the_passwords_of_an_export_are_written_only_when_they_are_asked_for(shop: Shop) -> None:
    shop.run("billing", "add", "profile", "plan-10")
    shop.run("billing", "add", "subscriber", "ana", "profile=plan-10", "--password-stdin", typed="pw-ana-hush\n")
    assert not SECRETS.search(shop.run("billing", "export").out)
    assert SECRETS.findall(shop.run("billing", "export", "--passwords").out) == ["pw-ana-hush"]


def test_a_bugs_traceback_says_where_and_not_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    def inner() -> None:
        raise ValueError(secret("inner"))

    try:
        try:
            inner()
        except ValueError as error:
            raise ExceptionGroup(secret("group"), [KeyError(secret("key")), RuntimeError(secret("run"))]) from error
    except ExceptionGroup as error:
        kept = write_crash(error)
    text = Path(kept).read_text(encoding="utf-8")
    assert not SECRETS.search(text)
    assert "inner()" in text
    assert [line for line in text.splitlines() if line.startswith("builtins.")] == [
        "builtins.ValueError", "builtins.KeyError", "builtins.RuntimeError", "builtins.ExceptionGroup"
    ]  # fmt: skip
